import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  parseDialogue,
  runDialogue,
  selfPlay,
  serveDialogue,
  toDialogue,
} from "../../src/dialogue/mod.ts";
import { listen } from "../../src/sandbox/mod.ts";
import { connectSmtp } from "../../src/smtp/mod.ts";
import { memoryPair } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { PARTIAL } from "./examples.ts";
import { against, idOf, said, turning } from "./played.ts";

const OPEN = "@smtp\nS: 220 mx\n";

Deno.test("serveDialogue() says the sample of a pattern", async () => {
  const text =
    `${OPEN}C: HELP\nS~ /^214.+a$/ = 214-line a\nS: 214 end\nC: NOOP\nS~ /^2/ = 250 fine\n`;
  const { client } = await selfPlay(parseDialogue(text));
  equal(client.status, "passed");
  const lines = said(client);
  ok(lines.includes("S: 214-line a"));
  ok(lines.includes("S: 250 fine"));
  const pop3 = "@pop3\nS: +OK\nC: LIST\nS: +OK\nS~ /^1 \\d+$/ = 1 10\nS: .\n";
  ok(said((await selfPlay(parseDialogue(pop3))).client).includes("S: 1 10"));
});

Deno.test("serveDialogue() says classes and sets by a code of them", async () => {
  const text =
    `${OPEN}C: NOOP\nS: 2xx\nC: DATA\nS: 3xx\nC: x\nC: .\nS: 4xx\nC: NOOP\nS: 5xx\nC: NOOP\nS: {252|250}\n`;
  const { client } = await selfPlay(parseDialogue(text));
  deepEqual(client.replies.slice(1, 6).map(({ code }) => code), [250, 354, 451, 554, 252]);
});

Deno.test("serveDialogue() refuses what has nothing to say", async () => {
  for (
    const text of [
      `${OPEN}C: HELP\nS: 214-a\nS*\nS: 214 b\nC: NOOP\nS~ /^2/\n`,
      "@pop3\nS: +OK\nC: NOOP\nS~ /x/ = x\n",
    ]
  ) {
    await rejects(selfPlay(parseDialogue(text)), TypeError);
  }
});

Deno.test("serveDialogue() says an empty body where none is written, and doubles dots", async () => {
  const text = "@pop3\nS: +OK\nC: UIDL\nS: +OK\nC: RETR 1\nS: +OK\nS: .hidden\nS: .\n";
  const { client } = await selfPlay(parseDialogue(text), { match: { server: "text" } });
  equal(client.status, "passed");
  deepEqual(said(client).slice(2, 7), ["S: +OK", "S: .", "C: RETR 1", "S: +OK", "S: ..hidden"]);
});

Deno.test("a drop is heard as a close, over TCP too [E14]", async () => {
  const text = `${OPEN}C: NOOP\nS: <drop>\n`;
  const dialogue = parseDialogue(text);
  equal((await selfPlay(dialogue)).client.status, "passed");
  await using listener = await listen();
  const served = serveDialogue(dialogue, listener);
  const to = `127.0.0.1:${listener.endpoint.port}`;
  equal((await runDialogue(dialogue, { to })).status, "passed");
  await served;
  const lost = await against(`${OPEN}C: NOOP\nS: 250\n`, text);
  equal(idOf(lost.client), "unexpected-close");
});

Deno.test("delays and chunks hold from where they stand", async () => {
  const text =
    `${OPEN}@delay S 100ms\n@chunk S 4\nC: NOOP\nS: 250 okay\n@delay S 0ms\n@chunk S 0\nC: NOOP\nS: 250 okay\n`;
  const clock = new FakeClock();
  const { client } = await turning(clock, selfPlay(parseDialogue(text), { clock }));
  equal(client.status, "passed");
  // "250 okay" and CRLF are three writes of four octets.
  equal(client.ms, 300);
});

Deno.test("an alternative may begin within a block", async () => {
  const text =
    `${OPEN}C: NOOP\n@alt {\n@each x in 250 {\nS: 250 ${"${x}"}\n}\n@outcome fine\n} or {\nS: 550\n@outcome bad\n}\n`;
  equal((await selfPlay(parseDialogue(text))).client.outcome, "fine");
  const { client } = await selfPlay(parseDialogue(text), { outcome: "bad" });
  equal(client.outcome, "bad");
});

Deno.test("an alternative may begin with a login or octets of the end that speaks", async () => {
  const text =
    "@smtp\n@var user = tim\n@secret pass = x\nS: 220 mx\n@alt {\n@auth PLAIN user pass\nS: 235\n} or {\nC: NOOP\nS: 250\n}\n";
  equal((await selfPlay(parseDialogue(text))).server.status, "passed");
});

Deno.test("@auth knows tokens, and tells a wrong one", async () => {
  for (const mechanism of ["XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-1", "SCRAM-SHA-512"]) {
    const text =
      `@smtp\n@var user = tim\n@secret pass = ya29.vF9\nS: 220 mx\n@auth ${mechanism} user pass\nS: 235\n`;
    equal((await selfPlay(parseDialogue(text))).client.status, "passed", mechanism);
  }
  const plain =
    "@smtp\n@var user = tim\n@secret pass = x\nS: 220 mx\n@auth PLAIN user pass\nS: 235\n";
  const { server } = await against(plain, plain.replace("= x", "= y"));
  equal(idOf(server), "hole-mismatch");
  const odd = await against(plain, plain.replace("PLAIN", "LOGIN"));
  equal(idOf(odd.server), "client-line");
  const unknown = parseDialogue(plain.replace("PLAIN", "NTLM"));
  await rejects(selfPlay(unknown), { name: "RangeError" });
});

Deno.test("toDialogue() captures the stamp that APOP needs", async () => {
  const text = "@pop3\n@var user = tim\n@secret pass = tanstaaf\n" +
    "S: +OK ready ${stamp=<1896.697170952@dbc.mtview.ca.us>}\nC: APOP ${user} ${apop stamp pass}\nS: +OK\n";
  const { client } = await selfPlay(parseDialogue(text));
  ok(said(client).includes("C: APOP tim ${apop stamp pass}"));
  const again = await selfPlay(toDialogue(client.transcript));
  equal(again.client.status, "passed");
  equal(again.server.status, "passed");
});

Deno.test("content may end within octets", async () => {
  const text =
    `${OPEN}C: MAIL FROM:<a@x>\nS: 250\nC: RCPT TO:<b@x>\nS: 250\nC: DATA\nS: 354\nC|hello\\r\\n.\\r\\n\nS: 250\n`;
  const { client, server } = await selfPlay(parseDialogue(text));
  equal(client.delivery, "all");
  equal(server.delivery, "all");
});

Deno.test("runDialogue() wants either a server or a connection", async () => {
  const dialogue = parseDialogue(OPEN);
  await rejects(runDialogue(dialogue, {}), { name: "TypeError" });
  await rejects(runDialogue(parseDialogue("@lmtp\nS: 220\n"), { to: "mx.example" }), SyntaxError);
  await rejects(runDialogue(dialogue, { to: "pop3://mx.example" }), SyntaxError);
});

Deno.test("serveDialogue() is a server for any client: here the session of smtp", async () => {
  const dialogue = parseDialogue(PARTIAL);
  await using listener = await listen();
  const served = serveDialogue(dialogue, listener);
  const session = await connectSmtp({
    url: `smtp://127.0.0.1:${listener.endpoint.port}`,
    tls: "none",
    name: "client.example",
  });
  await session.mail("smith@alpha.example");
  for (const name of ["jones", "brown", "green"]) await session.rcpt(`${name}@beta.example`);
  const reply = await session.data("Blah blah blah...\r\n..etc. etc. etc.\r\n");
  equal(reply.code, 250);
  await session.quit();
  const [result] = await served;
  equal(result?.delivery, "partial");
});

Deno.test("serveDialogue() begins inside TLS where it is told to", async () => {
  const dialogue = parseDialogue(`${OPEN}C: NOOP\nS: 250 ok\n`);
  const [client, accepted] = memoryPair();
  const served = serveDialogue(dialogue, accepted, { implicitTls: true });
  const connection = await client.startTls({ hostname: "localhost" });
  await runDialogue(dialogue, { connection });
  const [result] = await served;
  equal(result?.status, "passed");
  ok(result.transcript.every(({ tls }) => tls));
  // It is no step of the dialogue.
  deepEqual(toDialogue(result.transcript).steps.filter(({ kind }) => kind === "tls"), []);
});

Deno.test("serveDialogue() tells of a client that never begins TLS, after its limit", async () => {
  const dialogue = parseDialogue(`@timeout 5s\n${OPEN}`);
  const [client, accepted] = memoryPair();
  const clock = new FakeClock();
  const options = { implicitTls: true, clock, throwOnFailure: false };
  const [result] = await turning(clock, serveDialogue(dialogue, accepted, options));
  client.close();
  ok(result !== undefined);
  deepEqual([result.status, result.role, idOf(result)], ["error", "S", "tls-handshake"]);
  equal(result.failures[0]?.waitedMs, 5_000);
});
