import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import {
  checkTranscript,
  type Dialogue,
  type DialogueResult,
  parseDialogue,
  playBoth,
  runDialogue,
  selfPlay,
  serveDialogue,
  toDialogue,
} from "../../src/dialogue/mod.ts";
import { listen, SANDBOX_CA } from "../../src/sandbox/mod.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { EXAMPLES } from "./examples.ts";
import { turning } from "./played.ts";

const NAMES = [...EXAMPLES.keys()];

function example(name: string): Dialogue {
  return parseDialogue(EXAMPLES.get(name) ?? "", { file: `${name}.dialogue` });
}

/** The same dialogue whose ends write so many octets at once. */
function cut(dialogue: Dialogue, size: number): Dialogue {
  const at = { file: "", line: 1, column: 1 };
  const chunks = (["C", "S"] as const).map((end) => ({ kind: "chunk" as const, end, size, at }));
  return { ...dialogue, steps: [...chunks, ...dialogue.steps] };
}

function secretsOf(dialogue: Dialogue): Record<string, Secret> {
  return Object.fromEntries(
    dialogue.secrets.map(({ name, sample = "open sesame" }) => [name, new Secret(sample)]),
  );
}

/** Client and server over TCP, inside whatever TLS the dialogue has. */
async function overTcp(
  dialogue: Dialogue,
): Promise<readonly [client: DialogueResult, server: DialogueResult | undefined]> {
  await using listener = await listen();
  const serving = serveDialogue(dialogue, listener, {
    throwOnFailure: false,
    secrets: secretsOf(dialogue),
  });
  const client = await runDialogue(dialogue, {
    to: `127.0.0.1:${listener.endpoint.port}`,
    tls: { caCerts: [SANDBOX_CA] },
    secrets: secretsOf(dialogue),
    cleartextAuth: true,
    throwOnFailure: false,
  });
  const [server] = await serving;
  return [client, server];
}

Deno.test.each(NAMES.map((name) => [name] as const))(
  "selfPlay() plays the example $0",
  { permissions: "none" },
  async (name) => {
    const clock = new FakeClock();
    const { client, server } = await turning(clock, selfPlay(example(name), { clock }));
    equal(client.status, "passed");
    equal(server.status, "passed");
    deepEqual({ ...client.vars }, { ...server.vars });
    equal(client.delivery, server.delivery);
  },
);

Deno.test.each(NAMES.map((name) => [name] as const))(
  "runDialogue() and serveDialogue() play the example $0 over TCP, and again from both recordings",
  async (name) => {
    const dialogue = example(name);
    const [client, server] = await overTcp(dialogue);
    deepEqual(client.failures, []);
    deepEqual(server?.failures, []);
    for (const { transcript } of [client, server ?? client]) {
      const recorded = toDialogue(transcript);
      for (const again of await overTcp(recorded)) deepEqual(again?.failures, []);
    }
  },
);

Deno.test.each(NAMES.map((name) => [name] as const))(
  "selfPlay() plays the example $0 however its writes and reads are cut",
  { permissions: "none" },
  async (name) => {
    const dialogue = example(name);
    const longest = Math.max(...EXAMPLES.get(name)?.split("\n").map(({ length }) => length) ?? []);
    for (let size = 1; size <= longest + 2; size++) {
      const clock = new FakeClock();
      const work = selfPlay(cut(dialogue, size), { chunk: size, clock });
      const { client, server } = await turning(clock, work);
      equal(client.status, "passed", `${size} octets`);
      equal(server.status, "passed", `${size} octets`);
    }
  },
);

Deno.test.each(NAMES.map((name) => [name] as const))(
  "checkTranscript() finds both ends of the example $0 in what was said",
  { permissions: "none" },
  async (name) => {
    const dialogue = example(name);
    const clock = new FakeClock();
    const { client, server } = await turning(clock, selfPlay(dialogue, { clock }));
    for (const { transcript, delivery } of [client, server]) {
      const result = await checkTranscript(dialogue, transcript);
      equal(result.status, "passed");
      equal(result.delivery, delivery);
    }
  },
);

Deno.test("selfPlay() takes the arm that --outcome names, at both ends [E12]", async () => {
  const dialogue = example("auth_login");
  const { client, server } = await selfPlay(dialogue, { outcome: "badPassword" });
  equal(client.outcome, "badPassword");
  equal(server.outcome, "badPassword");
  equal((await selfPlay(dialogue)).client.outcome, "ok");
});

Deno.test("runDialogue() tells who got the mail of the first example", async () => {
  const { client } = await selfPlay(example("partial"));
  equal(client.delivery, "partial");
  deepEqual(client.recipients.map(({ address, reply }) => [address, reply.code]), [
    ["jones@beta.example", 250],
    ["brown@beta.example", 250],
    ["green@beta.example", 550],
  ]);
  equal(client.vars["qid"], "ABC123");
});

/** Each line with one thing changed: a code, a verb, an argument, a capability. */
function mutants(text: string): readonly { readonly line: string; readonly text: string }[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) =>
    changed(line).map((other) => ({ line: other, text: lines.with(at, other).join("\n") }))
  );
}

function parsed(text: string): Dialogue | undefined {
  try {
    return parseDialogue(text);
  } catch {
    return undefined;
  }
}

function changed(line: string): readonly string[] {
  const found: string[] = [];
  const reply = /^(S: )(\d)(\d\d)(.*)$/.exec(line);
  if (reply !== null) {
    found.push(`${reply[1]}${reply[2]}${reply[3] === "99" ? "98" : "99"}${reply[4]}`);
  }
  if (/^S: \+OK/.test(line)) found.push(line.replace("+OK", "-ERR"));
  if (/^S: -ERR/.test(line)) found.push(line.replace("-ERR", "+OK"));
  if (/^C: [A-Z]{4}/.test(line)) found.push(line.replace(/^C: [A-Z]{4}/, "C: XXXX"));
  if (/^C: [A-Z]+ .*[a-z0-9]/.test(line)) found.push(line.replace(/([a-z0-9]+)(>?)$/, "$1x$2"));
  return found.filter((other) => other !== line);
}

Deno.test.each(NAMES.map((name) => [name] as const))(
  "playBoth() finds every change of a code, a verb or an argument in the example $0",
  { permissions: "none" },
  async (name) => {
    const text = EXAMPLES.get(name) ?? "";
    const original = example(name);
    let tried = 0;
    for (const mutant of mutants(text)) {
      const other = parsed(mutant.text);
      if (other === undefined) continue; // the text side has found it
      tried++;
      for (const pair of [[original, other], [other, original]] as const) {
        const statuses: string[] = [];
        for (const outcome of ["ok", "badPassword"]) {
          const clock = new FakeClock();
          const work = playBoth(...pair, { throwOnFailure: false, clock, outcome });
          const { client, server } = await turning(clock, work);
          statuses.push(client.status, server.status);
        }
        ok(statuses.some((status) => status !== "passed"), mutant.line);
      }
    }
    notEqual(tried, 0);
  },
);

Deno.test("playBoth() finds a capability that is gone [E6]", async () => {
  const original = example("starttls");
  const without = parseDialogue((EXAMPLES.get("starttls") ?? "").replace("S: 250-STARTTLS\n", ""));
  const { client } = await playBoth(original, without, { throwOnFailure: false });
  equal(client.failures[0]?.id, "missing-capability");
});
