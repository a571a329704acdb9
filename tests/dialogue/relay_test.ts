import {
  LiveSession,
  parseDialogue,
  relaySession,
  runDialogue,
  serveDialogue,
  toDialogue,
} from "../../src/dialogue/mod.ts";
import { type Connection, memoryPair, type TranscriptEvent } from "../../src/wire/mod.ts";
import { Secret } from "../../src/smtp/mod.ts";
import { deepEqual, doesNotMatch, equal, rejects } from "node:assert/strict";

const pure = { permissions: "none" } as const;
const tls = { hostname: "localhost" };

function say(connection: Connection, text: string): Promise<void> {
  return connection.write(new TextEncoder().encode(text));
}

async function hear(connection: Connection, octets: number): Promise<string> {
  const all: number[] = [];
  const buffer = new Uint8Array(4096);
  while (all.length < octets) {
    const count = await connection.read(buffer);
    if (count === null) break;
    all.push(...buffer.subarray(0, count));
  }
  return new TextDecoder().decode(Uint8Array.from(all));
}

function texts(events: readonly TranscriptEvent[]): string[] {
  return events.flatMap(({ kind, end, text, bytes }) =>
    kind === "line"
      ? [`${end}: ${text}`]
      : kind === "content"
      ? [`${end}| ${JSON.stringify(new TextDecoder().decode(bytes))}`]
      : [`<${kind}>`]
  );
}

/** A client and a server with a relay between them. */
function between(options: { readonly reveal?: boolean; readonly protocol?: "smtp" | "lmtp" } = {}) {
  const [client, fromClient] = memoryPair();
  const [toServer, server] = memoryPair();
  const events = relaySession(fromClient, toServer, { tls, ...options });
  return { client, server, events };
}

const SESSION = `@smtp
@var user = ann
@secret pass = open sesame
S: 220 mx
C: EHLO me
S: 250-mx
S: 250-PIPELINING
S: 250 AUTH PLAIN LOGIN
C: STARTTLS
S: 220 go
C & S: <tls>
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: \${b64 user}
S: 334 UGFzc3dvcmQ6
C: \${b64 pass}
S: 235 ok
C: MAIL FROM:<a@b.example>
C: RCPT TO:<c@b.example>
C: DATA
S: 250 ok
S: 250 ok
S: 354 go
C: Subject: Hi
C: .
S: 250 ok
C: BDAT 5 LAST
C|.\\r\\nAB
S: 250 ok
C: QUIT
S: 221 bye
`;

Deno.test("relaySession() hears both ends, through TLS, and no secret", pure, async () => {
  const dialogue = parseDialogue(SESSION);
  const { client, server, events } = between();
  const served = serveDialogue(dialogue, server);
  const secrets = { pass: new Secret("open sesame") };
  await runDialogue(dialogue, { connection: client, secrets, cleartextAuth: true });
  await served;
  const heard = await events;
  doesNotMatch(JSON.stringify(heard), new RegExp(btoa("open sesame")));
  deepEqual(texts(heard).slice(7, 15), [
    "S: 220 go",
    "<tls>",
    "C: AUTH LOGIN",
    "S: 334 VXNlcm5hbWU6",
    "C: ${hidden}",
    "S: 334 UGFzc3dvcmQ6",
    "C: ${hidden}",
    "S: 235 ok",
  ]);
  deepEqual(texts(heard).slice(21, 25), [
    'C| "Subject: Hi\\r\\n.\\r\\n"',
    "S: 250 ok",
    "C: BDAT 5 LAST",
    'C| ".\\r\\nAB"',
  ]);
  // What was recorded is the same session.
  const again = toDialogue(heard, { portable: false });
  const [ours, theirs] = memoryPair();
  const repeated = serveDialogue(dialogue, theirs);
  await runDialogue(again, {
    connection: ours,
    vars: { user: "ann" },
    secrets,
    cleartextAuth: true,
  });
  equal((await repeated)[0]?.status, "passed");
});

Deno.test(
  "relaySession() gives octets as they are, also lines that no reply has",
  pure,
  async () => {
    const { client, server, events } = between();
    await say(server, "hello?\r\n220 mx\n");
    equal(await hear(client, 15), "hello?\r\n220 mx\n");
    await say(client, "NOOP \xff\0\n");
    equal(await hear(server, 9), "NOOP ÿ\0\n");
    await say(server, "250");
    server.close();
    equal(await hear(client, 3), "250");
    client.close();
    deepEqual(texts(await events).slice(0, 4), [
      "<open>",
      "S: hello?",
      "S: 220 mx",
      "C: NOOP ÿ\0",
    ]);
  },
);

Deno.test(
  "relaySession() lets nothing of before count inside TLS [T-S03] [T-S04]",
  pure,
  async () => {
    for (const guilty of ["client", "server"] as const) {
      const { client, server, events } = between();
      await say(server, "220 mx\r\n");
      await hear(client, 8);
      await say(client, `STARTTLS\r\n${guilty === "client" ? "RSET\r\n" : ""}`);
      await hear(server, 10);
      await say(server, `220 go\r\n${guilty === "server" ? "250 injected\r\n" : ""}`);
      equal(await hear(client, 100), "220 go\r\n");
      equal(await hear(server, 100), ""); // closed
      equal(texts(await events).includes("<tls>"), false);
      client.close();
      server.close();
    }
  },
);

Deno.test("relaySession() ends with the reason of its signal", pure, async () => {
  const stop = new AbortController();
  const [client, fromClient] = memoryPair();
  const [toServer, server] = memoryPair();
  const events = relaySession(fromClient, toServer, { tls, signal: stop.signal });
  stop.abort(new Error("enough"));
  await rejects(events, { message: "enough" });
  client.close();
  server.close();
});

Deno.test("LiveSession keeps no rule but those of lines", pure, async () => {
  const [ours, server] = memoryPair();
  const session = new LiveSession(ours);
  await say(server, "220 mx\r\n");
  equal((await session.hear())?.code, 220);
  await session.say("  rcpt to:<>  ");
  equal(await hear(server, 16), "  rcpt to:<>  \r\n");
  equal(session.awaits, true);
  await say(server, "250-one\r\n250 two\r\n");
  deepEqual(await session.hear(), { code: 250, lines: ["250-one", "250 two"] });
  await rejects(session.say("NOOP\r\nQUIT"), SyntaxError);
  equal(session.awaits, false);
  const secret = new Secret("open sesame");
  await rejects(session.auth("PLAIN", "ann", secret), { name: "TypeError" });
  await say(server, "250-one\r\n251 two\r\n");
  await rejects(session.hear(), { name: "ProtocolError" });
  equal(session.over, true);
  server.close();
});

Deno.test("LiveSession refuses TLS behind unread octets [T-S03]", pure, async () => {
  const [ours, server] = memoryPair();
  const session = new LiveSession(ours);
  await say(server, "220 mx\r\n");
  await session.hear();
  await say(server, "220 go\r\n250 injected\r\n");
  await rejects(session.startTls(), { name: "ProtocolError" });
  server.close();
});

Deno.test(
  "LiveSession says no secret that others can read, unless that is allowed [T-A02]",
  pure,
  async () => {
    const [ours, server] = memoryPair();
    const session = new LiveSession(ours);
    await say(server, "220 mx\r\n");
    await session.hear();
    await rejects(session.say("AUTH PLAIN AGFubgBvcGVu"), { name: "TypeError" });
    await session.say("NOOP"); // nothing went out before it
    equal(await hear(server, 6), "NOOP\r\n");
    session.close();
    server.close();
    const [allowed, other] = memoryPair();
    const open = new LiveSession(allowed, { cleartextAuth: true });
    await open.say("AUTH PLAIN AGFubgBvcGVu");
    equal(await hear(other, 25), "AUTH PLAIN AGFubgBvcGVu\r\n");
    doesNotMatch(JSON.stringify(open.transcript), /AGFubgBvcGVu/);
    open.close();
    other.close();
  },
);

Deno.test("what was typed as a login is hidden where the server quotes it", pure, async () => {
  const [ours, server] = memoryPair();
  const session = new LiveSession(ours, { protocol: "pop3", cleartextAuth: true });
  await say(server, "+OK\r\n");
  await session.hear();
  await session.say("PASS open sesame");
  await say(server, "-ERR open sesame is wrong\r\n");
  deepEqual((await session.hear())?.lines, ["-ERR ${hidden} is wrong"]);
  await session.say(`AUTH PLAIN ${btoa("\0ann\0tanstaaf")}`);
  await say(server, "-ERR tanstaaf is wrong\r\n");
  deepEqual((await session.hear())?.lines, ["-ERR ${hidden} is wrong"]);
  doesNotMatch(JSON.stringify(session.transcript), /sesame|tanstaaf/);
  session.close();
  server.close();
  const relayed = between();
  await say(relayed.server, "220 mx\r\n");
  await hear(relayed.client, 8);
  const login = `AUTH PLAIN ${btoa("\0ann\0tanstaaf")}\r\n`;
  await say(relayed.client, login);
  equal(await hear(relayed.server, login.length), login);
  await say(relayed.server, "535 tanstaaf is wrong\r\n");
  equal(await hear(relayed.client, 23), "535 tanstaaf is wrong\r\n");
  relayed.client.close();
  deepEqual(texts(await relayed.events).slice(2, 4), [
    "C: AUTH PLAIN ${hidden}",
    "S: 535 ${hidden} is wrong",
  ]);
  relayed.server.close();
});
