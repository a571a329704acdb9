import { deepEqual, equal, match } from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  type Connection,
  cramMd5,
  login,
  oauthBearer,
  plain,
  pop3CapabilityLists,
  Pop3RefusalError,
  type Pop3ServedSession,
  type SaslMechanism,
  scram,
  Secret,
  type TranscriptEvent,
  xoauth2,
} from "@mailwright/mailwright";
import { OPEN, servedMaildrop } from "./pop3_served.ts";
import { RawClient } from "./raw_client.ts";

const pure = { permissions: "none" } as const;
const YES = "+OK Logged in";
const NO = "-ERR [AUTH] Wrong user or password";

Deno.test.each<[string, readonly (readonly [command: string, reply: string])[]]>([
  ["USER and PASS", [["USER ann", "+OK Send PASS"], ["PASS pencil", YES]]],
  ["a wrong password", [["USER ann", "+OK Send PASS"], ["PASS pen", NO]]],
  ["an unknown user like a known one", [["USER bob", "+OK Send PASS"], ["PASS pencil", NO]]],
  ["PASS without USER", [["PASS pencil", "-ERR Send USER first"]]],
  ["PASS that is not right behind USER", [
    ["USER ann", "+OK Send PASS"],
    ["AUTH", "-ERR Send AUTH mechanism [initial-response]"],
    ["PASS pencil", "-ERR Send USER first"],
  ]],
  ["a second PASS", [
    ["USER ann", "+OK Send PASS"],
    ["PASS pen", NO],
    ["PASS pencil", "-ERR Send USER first"],
  ]],
  ["empty arguments", [
    ["USER", "-ERR Send USER name"],
    ["USER ann", "+OK Send PASS"],
    ["PASS", NO],
  ]],
  ["blanks around a password as part of it", [
    ["USER ann", "+OK Send PASS"],
    ["PASS  pencil", NO],
    ["USER ann", "+OK Send PASS"],
    ["PASS pencil ", NO],
  ]],
  ["AUTH PLAIN with an initial response", [[`AUTH PLAIN ${btoa("\0ann\0pencil")}`, YES]]],
  ["AUTH LOGIN in small letters", [
    ["auth login", "+ VXNlcm5hbWU6"],
    [btoa("ann"), "+ UGFzc3dvcmQ6"],
    [btoa("pencil"), YES],
  ]],
  ["an empty challenge", [["AUTH PLAIN", "+ "], [btoa("\0ann\0pencil"), YES]]],
  ["an empty initial response", [["AUTH PLAIN =", NO]]],
  ["a cancelled exchange", [
    ["AUTH PLAIN", "+ "],
    ["*", "-ERR Login cancelled"],
    ["USER ann", "+OK Send PASS"],
  ]],
  ["what is no base64", [
    ["AUTH PLAIN a", "-ERR Cannot decode the base64"],
    ["AUTH PLAIN YR==", "-ERR Cannot decode the base64"],
    ["AUTH LOGIN", "+ VXNlcm5hbWU6"],
    ["YW 5u", "-ERR Cannot decode the base64"],
  ]],
  ["mechanisms it does not have", [
    ["AUTH DIGEST-MD5", "-ERR Unrecognized mechanism"],
    ["AUTH constructor", "-ERR Unrecognized mechanism"],
    ["AUTH X-NEW", "-ERR Mechanism not available now"],
  ]],
  ["AUTH in a wrong form", [
    ["AUTH PLAIN a b", "-ERR Send AUTH mechanism [initial-response]"],
    ["AUTH", "-ERR Send AUTH mechanism [initial-response]"],
  ]],
  ["lines that are too long", [
    [`AUTH PLAIN ${"A".repeat(12_300)}`, "-ERR Line too long"],
    ["AUTH LOGIN", "+ VXNlcm5hbWU6"],
    ["A".repeat(12_292), "-ERR Line too long"],
    ["AUTH LOGIN", "+ VXNlcm5hbWU6"],
    [btoa("a".repeat(9000)), "+ UGFzc3dvcmQ6"],
  ]],
  ["APOP where there is no stamp", [[
    `APOP ann ${"0".repeat(32)}`,
    "-ERR Command not available here",
  ]]],
])("the maildrop answers %s", pure, async (_name, talk) => {
  await using session = await servedMaildrop({ until: "greeting" });
  for (const [command, reply] of talk) equal(await session.client.ask(command), reply);
});

Deno.test("a password may hold blanks and be no ASCII", pure, async () => {
  const password = " pass  wörd ";
  const credentials = { password: () => new Secret(password) };
  await using session = await servedMaildrop({ until: "greeting", backend: { credentials } });
  deepEqual(await session.client.askAll("USER ann lee", `PASS ${password}`), [
    "+OK Send PASS",
    YES,
  ]);
  deepEqual(session.course.opened, ["ann lee"]);
});

/** Says what a mechanism says, and gives the last reply. */
async function authenticate(
  client: RawClient,
  mechanism: SaslMechanism,
  { early }: { readonly early: boolean },
): Promise<string | null> {
  const exchange = mechanism.start();
  const first = (await exchange.initial())?.bytes.toBase64();
  let pending = early ? undefined : first;
  const initial = early && first !== undefined ? ` ${first === "" ? "=" : first}` : "";
  let reply = await client.ask(`AUTH ${mechanism.name}${initial}`);
  while (reply?.startsWith("+ ")) {
    const challenge = Uint8Array.fromBase64(reply.slice(2));
    reply = await client.ask(pending ?? (await exchange.answer(challenge)).bytes.toBase64());
    pending = undefined;
  }
  return reply;
}

const user = "ann";
const secrets = [new Secret("pencil"), new Secret("pen")] as const;
const tokens = [new Secret("ya29.token"), new Secret("ya29.tok")] as const;

Deno.test.each<[string, readonly SaslMechanism[]]>([
  ["PLAIN", secrets.map((password) => plain({ user, password }))],
  ["LOGIN", secrets.map((password) => login({ user, password }))],
  ["CRAM-MD5", secrets.map((password) => cramMd5({ user, password }))],
  ["SCRAM-SHA-256", secrets.map((password) => scram("SHA-256", { user, password }))],
  ["XOAUTH2", tokens.map((token) => xoauth2({ user, token }))],
  ["OAUTHBEARER", tokens.map((token) => oauthBearer({ user, token }))],
])("the maildrop logs in with %s, and refuses a wrong secret", async (_name, mechanisms) => {
  const seen: (string | null)[] = [];
  for (const mechanism of mechanisms) {
    for (const early of [true, false]) {
      await using session = await servedMaildrop({ until: "greeting" });
      seen.push(await authenticate(session.client, mechanism, { early }));
    }
  }
  deepEqual(seen, [YES, YES, NO, NO]);
});

Deno.test("APOP digests the stamp of the greeting", async () => {
  for (
    const [name, password, reply] of [["ann", "pencil", YES], ["ann", "pen", NO], ["bob", "", NO]]
  ) {
    await using session = await servedMaildrop({ until: "open", apop: true });
    const greeting = await session.client.line() ?? "";
    match(greeting, /^\+OK pop\.example POP3 mailwright <[\w-]+@pop\.example>$/);
    const stamp = greeting.slice(greeting.indexOf("<"));
    const digest = createHash("md5").update(`${stamp}${password}`).digest("hex");
    equal(
      await session.client.ask(`APOP ${name} ${digest.toUpperCase()}`),
      "-ERR Send APOP name digest",
    );
    equal(await session.client.ask(`APOP ${name} ${digest}`), reply);
  }
});

Deno.test("APOP never takes a user without a password", async () => {
  const credentials = { password: () => new Secret("") };
  await using session = await servedMaildrop({
    until: "open",
    apop: true,
    backend: { credentials },
  });
  const greeting = await session.client.line() ?? "";
  const digest = createHash("md5").update(greeting.slice(greeting.indexOf("<"))).digest("hex");
  equal(await session.client.ask(`APOP ann ${digest}`), NO);
});

Deno.test("APOP has a stamp of its own for each session", pure, async () => {
  const greetings = new Set<string | null>();
  for (let n = 0; n < 3; n++) {
    await using session = await servedMaildrop({ until: "open", apop: true });
    greetings.add(await session.client.line());
  }
  equal(greetings.size, 3);
});

Deno.test("logins stop after some failures", pure, async () => {
  await using session = await servedMaildrop({ until: "greeting", limits: { failedLogins: 2 } });
  const { client } = session;
  const wrong = `AUTH PLAIN ${btoa("\0ann\0pen")}`;
  deepEqual(await client.askAll(wrong, "USER ann", "PASS pen", "USER ann"), [
    NO,
    "+OK Send PASS",
    NO,
    "-ERR [AUTH] Too many failed logins",
  ]);
  equal(await session.end, "dismissed");
});

Deno.test.each([
  ["IN-USE", "Somebody else is reading"],
  ["LOGIN-DELAY", "Wait a minute"],
  ["SYS/TEMP", "The disk is away"],
])(
  "a maildrop that cannot be had says [%s], and another login may follow",
  pure,
  async (...row) => {
    const [code, text] = row;
    let tries = 0;
    await using session = await servedMaildrop({
      until: "greeting",
      backend: {
        open() {
          if (tries++ === 0) throw new Pop3RefusalError({ ok: false, code, text });
          return { messages: [], update: () => 0, close() {} };
        },
      },
    });
    const login = `AUTH PLAIN ${btoa("\0ann\0pencil")}`;
    deepEqual(await session.client.askAll(login, "STAT", login, "STAT"), [
      `-ERR [${code}] ${text}`,
      "-ERR Log in first",
      YES,
      "+OK 0 0",
    ]);
  },
);

Deno.test("response codes are written only where they were announced", pure, async () => {
  const seen: (string | null)[] = [];
  for (const missing of ["AUTH-RESP-CODE", "RESP-CODES"]) {
    const clear = OPEN.clear.filter((line) => line !== missing);
    await using session = await servedMaildrop({
      until: "greeting",
      capabilities: { ...OPEN, clear },
      backend: {
        open() {
          throw new Pop3RefusalError({ ok: false, code: "IN-USE", text: "Busy" });
        },
      },
    });
    for (const password of ["pen", "pencil"]) {
      seen.push(await session.client.ask(`AUTH PLAIN ${btoa(`\0ann\0${password}`)}`));
    }
  }
  deepEqual(seen, [
    "-ERR Wrong user or password",
    "-ERR [IN-USE] Busy",
    "-ERR Wrong user or password",
    "-ERR Busy",
  ]);
});

Deno.test("a user who may act as another gets the other's maildrop", pure, async () => {
  await using session = await servedMaildrop({
    until: "greeting",
    backend: {
      credentials: {
        password: () => new Secret("pencil"),
        mayActAs: (_user, other) => other === "boss",
      },
    },
  });
  equal(await session.client.ask(`AUTH PLAIN ${btoa("boss\0ann\0pencil")}`), YES);
  deepEqual(session.course.opened, ["boss"]);
});

Deno.test("no login leaves a secret in the transcript", pure, async () => {
  const events: TranscriptEvent[] = [];
  await using session = await servedMaildrop({
    until: "greeting",
    apop: true,
    onEvent: (event) => events.push(event),
  });
  const digest = "0123456789abcdef0123456789abcdef";
  await session.client.askAll(
    "USER ann",
    "pass  pen cil",
    "PASS =",
    " PASS pencil",
    `APOP ann ${digest}`,
    "AUTH LOGIN",
    btoa("ann"),
    btoa("pen"),
    `AUTH PLAIN ${btoa("\0ann\0pencil")}`,
  );
  const said = events.filter(({ end, kind }) => end === "C" && kind === "line");
  deepEqual(said.map(({ text }) => text), [
    "USER ann",
    "pass ${hidden}",
    "PASS ${hidden}",
    " PASS ${hidden}",
    "APOP ann ${hidden}",
    "AUTH LOGIN",
    "${hidden}",
    "${hidden}",
    "AUTH PLAIN ${hidden}",
  ]);
});

Deno.test("STLS starts anew inside TLS", pure, async () => {
  const sessions: Pop3ServedSession[] = [];
  await using session = await servedMaildrop({
    until: "greeting",
    capabilities: pop3CapabilityLists({ startTls: true }),
    backend: {
      open(_user, facts) {
        sessions.push(facts);
        return { messages: [], update: () => 0, close() {} };
      },
    },
  });
  const { client } = session;
  deepEqual(await client.askAll("USER ann", "UTF8", "STLS"), [
    "-ERR Encryption required for this command",
    "+OK UTF-8 it is",
    "+OK Begin TLS",
  ]);
  const connection = client.octets as Connection; // memoryPair made it
  using inside = new RawClient(await connection.startTls({ hostname: "pop.example" }));
  deepEqual(await inside.askAll("STLS", "PASS pencil", "USER ann", "PASS pencil"), [
    "-ERR TLS is already there",
    "-ERR Send USER first",
    "+OK Send PASS",
    YES,
  ]);
  deepEqual(sessions.map(({ security, utf8 }) => [security, utf8]), [["verified", false]]);
});
