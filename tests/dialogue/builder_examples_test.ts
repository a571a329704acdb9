import {
  type Dialogue,
  type DialogueResult,
  dialogueToTypeScript,
  load,
  parseDialogue,
  playBoth,
  Secret,
  selfPlay,
  toDialogue,
} from "@mailwright/mailwright";
import { deepEqual, equal, ok } from "node:assert/strict";
import { listen, SANDBOX_CA } from "../../src/sandbox/mod.ts";
import { type Played, PROGRAMS } from "./builder_programs.ts";
import { EXAMPLES } from "./examples.ts";
import { roundTrip } from "./same.ts";

const NAMES = [...PROGRAMS.keys()].map((name) => [name] as const);
const PASSWORD = "open sesame";

function programOf(name: string): Played {
  const program = PROGRAMS.get(name);
  if (program === undefined) throw new Error(`no program ${name}`);
  return program;
}

function builtOf(name: string): Dialogue {
  return programOf(name).toDialogue();
}

function textOf(name: string): Dialogue {
  return parseDialogue(EXAMPLES.get(name) ?? "");
}

function secretsOf({ secrets }: Dialogue): Record<string, Secret> {
  return Object.fromEntries(secrets.map(({ name }) => [name, new Secret(PASSWORD)]));
}

/** What a result says of the session, and not of its wording. */
function gist(result: DialogueResult): unknown {
  const { status, delivery, outcome, recipients, replies } = result;
  return {
    status,
    delivery,
    outcome,
    recipients: recipients.map(({ address, reply }) => [address, reply.code]),
    codes: replies.map(({ code }) => code),
  };
}

/** A client and a server over TCP, inside whatever TLS they have. */
async function overTcp(
  client: Pick<Played, "run">,
  server: Pick<Played, "serve">,
): Promise<readonly [client: DialogueResult, server: DialogueResult | undefined]> {
  await using listener = await listen();
  const secrets = { pass: new Secret(PASSWORD) };
  const serving = server.serve(listener, { throwOnFailure: false, secrets });
  const result = await client.run({
    to: `127.0.0.1:${listener.endpoint.port}`,
    tls: { caCerts: [SANDBOX_CA] },
    secrets,
    cleartextAuth: true,
    throwOnFailure: false,
  });
  return [result, (await serving)[0]];
}

Deno.test("every example has a program", { permissions: "none" }, () => {
  deepEqual([...PROGRAMS.keys()], [...EXAMPLES.keys()]);
});

Deno.test.each(NAMES)(
  "toText() writes the example $0 so that it is read as it was built",
  { permissions: "none" },
  (name) => {
    equal(roundTrip(builtOf(name)), programOf(name).toText());
  },
);

Deno.test.each(NAMES)(
  "selfPlay() plays the program of the example $0",
  { permissions: "none" },
  async (name) => {
    const { client, server } = await selfPlay(builtOf(name));
    deepEqual([client.status, server.status], ["passed", "passed"]);
    deepEqual({ ...client.vars }, { ...server.vars });
  },
);

Deno.test.each(NAMES)(
  "the program of the example $0 says to its text what the text says to itself",
  { permissions: "none" },
  async (name) => {
    const [program, text] = [builtOf(name), textOf(name)];
    const secrets = secretsOf(program);
    const alone = await selfPlay(text, { secrets });
    const played = await playBoth(program, text, { secrets });
    deepEqual(gist(played.client), gist(alone.client));
    deepEqual(gist(played.server), gist(alone.server));
    for (const [variable, value] of Object.entries(played.client.vars)) {
      equal(alone.client.vars[variable], value);
    }
  },
);

Deno.test.each(NAMES)(
  "dialogueToTypeScript() makes a program of the example $0 that says the same",
  async (name) => {
    const text = textOf(name);
    const from = import.meta.resolve("../../mod.ts");
    const code = dialogueToTypeScript(text, { name: "program", from });
    ok(!code.includes("parseDialogue"), code);
    const file = new URL(`../.tmp/builder_example_${name}.ts`, import.meta.url);
    await Deno.mkdir(new URL(".", file), { recursive: true });
    await Deno.writeTextFile(file, code);
    const { program }: { readonly program: Played } = await import(file.href);
    await Deno.remove(file);
    const built = program.toDialogue();
    // Loops are unrolled while a program is built.
    if (!code.includes(".each(")) {
      equal(dialogueToTypeScript(built, { name: "program", from }), code);
    }
    const secrets = secretsOf(text);
    const alone = await selfPlay(text, { secrets });
    const played = await playBoth(built, text, { secrets });
    deepEqual(gist(played.client), gist(alone.client));
  },
);

Deno.test("both outcomes of the example auth_login come", { permissions: "none" }, async () => {
  const [program, text] = [builtOf("auth_login"), textOf("auth_login")];
  for (const outcome of ["ok", "badPassword"]) {
    const { client } = await playBoth(program, text, { outcome });
    equal(client.outcome, outcome);
    equal((await selfPlay(program, { outcome })).client.outcome, outcome);
  }
});

Deno.test.each(NAMES)(
  "run() and serve() play the program of the example $0 over TCP, and its recordings",
  async (name) => {
    const program = programOf(name);
    const [client, server] = await overTcp(program, program);
    deepEqual([client.failures, server?.failures], [[], []]);
    const [toText] = await overTcp(program, load(textOf(name)));
    deepEqual(toText.failures, []);
    for (const { transcript } of [client, server ?? client]) {
      const recorded = load(toDialogue(transcript));
      for (const again of await overTcp(recorded, recorded)) deepEqual(again?.failures, []);
    }
  },
);
