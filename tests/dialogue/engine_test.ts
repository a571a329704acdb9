import { deepEqual, doesNotMatch, equal, match, ok, rejects } from "node:assert/strict";
import {
  type Dialogue,
  DialogueError,
  type DialogueStep,
  parseDialogue,
  playBoth,
  runDialogue,
  selfPlay,
  serveDialogue,
  toDialogue,
} from "../../src/dialogue/mod.ts";
import { listen, SANDBOX_CA, startSandbox } from "../../src/sandbox/mod.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { memoryPair } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { STARTTLS } from "./examples.ts";
import { against, idOf, runAgainst, said, serveTo, turning } from "./played.ts";

const OPEN = "@smtp\nS: 220 mx\n";
const AT = { file: "", line: 1, column: 1 };

Deno.test("a timeout names its limit, who set it, the wait, and what is unread", async () => {
  const text = `${OPEN}C: RCPT TO:<b@example.test>\nS: 250\n`;
  const run = async (source: string, options: object): Promise<string> => {
    const { result } = await runAgainst(source, ["220 mx\r\n"], { end: false, ...options });
    equal(result.status, "error");
    equal(idOf(result), "timeout");
    return result.failures[0]?.message ?? "";
  };
  match(
    await run(text, {}),
    /^Cannot read the reply to "RCPT TO:<b@example\.test>": nothing complete within 30 s \(the default\), waited 30 s, nothing unread$/,
  );
  match(
    await run(text.replace("@smtp", "@smtp\n@timeout 5s"), {}),
    /within 5 s \(@timeout, line 2\)/,
  );
  match(
    await run(text.replace("C: RCPT TO:<b@example.test>\n", ""), {}),
    /^Cannot read a reply that nothing asked for: /,
  );
  match(await run(text, { timeout: 7_000 }), /within 7 s \(the timeout option\), waited 7 s/);
  match(
    await run(text.replace("S: 250", "@step within=2s\nS: 250"), { timeout: 7_000 }),
    /2 s \(@step within, line \d\)/,
  );
  match(await run(text, { patient: true }), /within 300 s \(RFC 5321 section 4\.5\.3\.2\)/);
  match(
    await run(text.replace("RCPT TO:<b@example.test>", "DATA"), { patient: true }),
    /within 120 s/,
  );
  match(await run(text, { total: 1_000 }), /within 1 s \(the limit of the run\)/);
});

Deno.test("a timeout tells what had arrived", async () => {
  const clock = new FakeClock();
  const [ours, theirs] = memoryPair();
  await theirs.write(new TextEncoder().encode("220 mx\r\n"));
  const dialogue = parseDialogue(`${OPEN}C: EHLO me\nS: 250\n`);
  const running = runDialogue(dialogue, { connection: ours, clock, throwOnFailure: false });
  await theirs.read(new Uint8Array(64));
  await theirs.write(new TextEncoder().encode("250-mx.exam"));
  const { failures } = await turning(clock, running);
  equal(failures[0]?.unread, "250-mx.exam");
  match(failures[0]?.message ?? "", /unread 11 octets "250-mx\.exam"$/);
  equal(failures[0]?.limitMs, 30_000);
  equal(failures[0]?.waitedMs, 30_000);
  theirs.close();
});

Deno.test("a peer that does not read holds no write for ever", async () => {
  const clock = new FakeClock();
  const [ours, theirs] = memoryPair({ capacity: 10 });
  await ours.write(new Uint8Array(1)); // nobody reads it: there is no room for more
  const text = `@smtp\n@timeout 5s\nC: NOOP ${"x".repeat(20)}\nS: 250\n`;
  const running = runDialogue(parseDialogue(text), {
    connection: ours,
    clock,
    throwOnFailure: false,
  });
  const { failures } = await turning(clock, running);
  equal(failures[0]?.id, "timeout");
  equal(failures[0]?.message, "Cannot write: nothing taken within 5 s");
  theirs.close();
});

Deno.test("silence and pauses have a margin at the end that keeps them", async () => {
  const text = "@smtp\nS: <silence 150ms>\nS: 220 mx\nC: <pause 1s>\nC: NOOP\nS: 250\n";
  const { client, server } = await against(text, text);
  equal(idOf(client), "passed");
  equal(idOf(server), "passed");
  equal(client.ms, 150 * 1.2 + 30 + 1000 * 1.2 + 30);
  const early = await against(text, text.replace("S: <silence 150ms>\n", ""));
  equal(idOf(early.client), "spoke-in-silence");
  match(early.client.failures[0]?.actual ?? "", /220 mx/);
});

Deno.test.each([
  ["S: <silence 2s>\nC: <pause 100ms>\nC: NOOP\nS: 250\n", "S"],
  ["C: NOOP\nC: <pause 2s>\nS: <silence 100ms>\nS: 250\n", "C"],
  ["C: <pause 100ms>\nS: <silence 2s>\nC: <pause 1s>\nC: NOOP\nS: 250\n", "S"],
])("waits that follow each other begin together at both ends: %j", async (waits, end) => {
  const text = `${OPEN}${waits}`;
  const { client, server } = await against(text, text);
  deepEqual([idOf(client), idOf(server)], ["passed", "passed"]);
  // The shorter wait is still judged.
  const early = await against(
    end === "C" ? text : text.replace(/C: <pause \w+>\nC: N/, "C: N"),
    end === "S" ? text : text.replace("S: <silence 100ms>\n", ""),
  );
  equal(idOf(end === "C" ? early.client : early.server), "spoke-in-silence");
});

Deno.test("serveDialogue() takes the times of a recording where asked", async () => {
  const text = `@smtp\nS: 220 mx\nC: NOOP\n#+400ms\nS: 250 ok\n`;
  equal((await against(text, text)).client.ms, 0);
  equal((await against(text, text, { timing: true })).client.ms, 400);
});

Deno.test("serveDialogue() says lines that may be missing where asked", async () => {
  const text =
    `${OPEN}C: EHLO me\nS: 250-mx\nS? 250-PIPELINING\nS: 250 HELP\n@when PIPELINING {\nC: RSET\nS: 250\n}\n`;
  const without = await selfPlay(parseDialogue(text));
  equal(said(without.client).includes("C: RSET"), false);
  const withThem = await selfPlay(parseDialogue(text), { optional: true });
  ok(said(withThem.client).includes("S: 250-PIPELINING"));
  ok(said(withThem.client).includes("C: RSET"));
});

Deno.test("a dialogue is skipped where a required capability is missing", async () => {
  const text = (offer: string) =>
    `@smtp\n@require STARTTLS\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 ${offer}\nC: STARTTLS\nS: 220\nC & S: <tls>\n` +
    "C: NOOP\nS: 250\n";
  equal((await selfPlay(parseDialogue(text("STARTTLS")))).client.status, "passed");
  const { client } = await against(text("STARTTLS"), `${OPEN}C: EHLO me\nS: 250-mx\nS: 250 HELP\n`);
  equal(client.status, "skipped");
});

Deno.test("holes of a loop are of one turn, and come back as lists", async () => {
  const text =
    `${OPEN}@each who in ann, ben {\nC: VRFY ${"${who}"}\nS: 250 ${"${box:int=7}"}\n}\n@repeat 3 {\nC: NOOP\nS: 250\n}\n`;
  const { client } = await selfPlay(parseDialogue(text));
  deepEqual({ ...client.vars }, { box: [7, 7] });
  equal(said(client).filter((line) => line === "C: NOOP").length, 3);
  ok(said(client).includes("C: VRFY ben"));
});

Deno.test("captured text is never read as a hole [T-I42]", async () => {
  const text = `@smtp\nS: 220 ${"${host=mx}"}\nC: VRFY ${"${host}"}\nS: 250\n`;
  const { client } = await against(text, "@smtp\nS: 220 $${pass}\nC: VRFY $${pass}\nS: 250\n");
  equal(idOf(client), "passed");
  ok(said(client).includes("C: VRFY ${pass}"));
});

Deno.test("a secret is not sent in the clear, on loopback too", async () => {
  const dialogue = parseDialogue(
    "@smtp\n@secret pass\n@var user = u\nS: 220 mx\nC: AUTH PLAIN ${plain user pass}\nS: 235\n",
  );
  await using listener = await listen();
  const served = serveDialogue(dialogue, listener, { throwOnFailure: false });
  const to = `127.0.0.1:${listener.endpoint.port}`;
  const secrets = { pass: new Secret("hunter2") };
  const result = await runDialogue(dialogue, { to, secrets, throwOnFailure: false });
  equal(idOf(result), "cleartext-auth");
  equal(result.status, "error");
  deepEqual(said(result), ["S: 220 mx", "C: QUIT", "S: 421 4.3.0 not as expected"]);
  await served;
});

Deno.test("runDialogue() wants all secrets before it dials", async () => {
  const dialogue = parseDialogue("@pop3\n@secret pass = x\nS: +OK\nC: PASS ${pass}\nS: +OK\n");
  await rejects(runDialogue(dialogue, { to: "127.0.0.1:1" }), {
    name: "TypeError",
    message: /the secret "pass" is missing/,
  });
});

Deno.test.each(
  [
    ["PLAIN", "@smtp\nS: 220 mx\nC: AUTH PLAIN ${plain user pass}\nS: 235 hello hunter2\n"],
    [
      "LOGIN",
      "@smtp\nS: 220 mx\nC: AUTH LOGIN\nS: 334 x\nC: ${b64 user}\nS: 334 y\nC: ${b64 pass}\nS: 235\n",
    ],
    ["PASS", "@pop3\nS: +OK\nC: USER ${user}\nS: +OK\nC: PASS ${pass}\nS: -ERR not hunter2\n"],
    ["@auth", "@smtp\nS: 220 mx\n@auth PLAIN user pass\nS: 235\n"],
    ["APOP", "@pop3\nS: +OK ${stamp=<1@x>}\nC: APOP ${user} ${apop stamp pass}\nS: +OK\n"],
  ] as const,
)("no transcript, reply or failure holds the password of %s", async (_name, text) => {
  const source = text.replace("\n", "\n@secret pass = hunter2\n@var user = tim\n");
  const { client, server } = await selfPlay(parseDialogue(source));
  for (const result of [client, server]) {
    const all = JSON.stringify(result);
    doesNotMatch(all, /hunter2|aHVudGVyMg|dGltAGh1bnRlcjI|h1bnRlcjI/);
    match(all, /\$\{/);
  }
});

Deno.test("a login that no form expects is hidden by its place alone", async () => {
  const client =
    "@smtp\n@secret pass = hunter2\n@var user = tim\nS: 220 mx\nC: AUTH PLAIN ${plain user pass}\nS: 235\n";
  const { server } = await against(client, "@smtp\nS: 220 mx\nC: NOOP\nS: 250\n");
  equal(idOf(server), "client-line");
  equal(server.failures[0]?.actual, "AUTH PLAIN ${hidden}");
});

Deno.test("@auth plays whole exchanges at both ends", async () => {
  for (const mechanism of ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]) {
    for (const [protocol, good] of [["smtp", "235"], ["pop3", "+OK"]] as const) {
      const hello = protocol === "smtp" ? "S: 220 mx" : "S: +OK";
      const text =
        `@${protocol}\n@var user = tim\n@secret pass = hunter2\n${hello}\n@auth ${mechanism} user pass\nS: ${good}\n`;
      const { client, server } = await selfPlay(parseDialogue(text));
      equal(client.status, "passed");
      equal(server.status, "passed");
    }
  }
});

Deno.test("a challenge that must not be signed is a failure, not an accident", async () => {
  const lines = ["@var user = tim", "@secret pass = x", "S: 220 mx", "C: AUTH CRAM-MD5"].join("\n");
  const text = (challenge: string) =>
    `@smtp\n${lines}\nS: 334 ${challenge}\nC: ${"${cram challenge user pass}"}\nS: 235\n`;
  const good = "${b64 challenge=PDFAeD4=}";
  equal((await selfPlay(parseDialogue(text(good)))).client.status, "passed");
  const { client } = await against(text(good), text("${b64 challenge=c2lnbiB0aGlz}"));
  equal(idOf(client), "capture-failed");
});

Deno.test("a server that does not prove itself in SCRAM is found out", async () => {
  const start = "@smtp\n@var user = tim\n@secret pass = pencil\nS: 220 mx\n";
  const auth = `${start}@auth SCRAM-SHA-256 user pass\nS: 235\n`;
  for (const rest of ["S: 235 welcome\n", "S: 334 eA==\n", "S: 334 !\n"]) {
    const mute = `@smtp\nS: 220 mx\nC: AUTH SCRAM-SHA-256 ${"${_=x}"}\n${rest}`;
    const { client } = await against(auth, mute);
    equal(idOf(client), "reply-text");
    match(client.failures[0]?.expected ?? "", /^(a proper login|base64)$/);
  }
});

Deno.test("the samples of secrets are the server's, the client has its own", async () => {
  const dialogue = parseDialogue(STARTTLS);
  await using listener = await listen();
  const served = serveDialogue(dialogue, listener, { throwOnFailure: false });
  const result = await runDialogue(dialogue, {
    to: `127.0.0.1:${listener.endpoint.port}`,
    tls: { caCerts: [SANDBOX_CA] },
    secrets: { pass: new Secret("wrong") },
    throwOnFailure: false,
  });
  equal(result.status, "failed");
  const [server] = await served;
  equal(server && idOf(server), "hole-mismatch");
  doesNotMatch(JSON.stringify(server?.failures), /wrong|p w/);
});

Deno.test("a certificate of nobody ends in tls-handshake, a closed port in connect", async () => {
  const dialogue = parseDialogue("@smtp\nS: 220\nC: STARTTLS\nS: 220\nC & S: <tls>\n");
  await using listener = await listen();
  const served = serveDialogue(dialogue, listener, { throwOnFailure: false });
  const to = `127.0.0.1:${listener.endpoint.port}`;
  const result = await runDialogue(dialogue, { to, throwOnFailure: false });
  equal(idOf(result), "tls-handshake");
  await served;
  const gone = await runDialogue(dialogue, { to: "127.0.0.1:1", throwOnFailure: false });
  equal(idOf(gone), "connect");
  equal(gone.status, "error");
});

Deno.test("runDialogue() throws with the result, and the signal's reason as it is", async () => {
  const dialogue = parseDialogue(`${OPEN}C: NOOP\nS: 250\n`);
  const [ours, theirs] = memoryPair();
  const mutant = parseDialogue(`${OPEN}C: NOOP\nS: 450 no\n`);
  const served = serveDialogue(mutant, theirs);
  await rejects(runDialogue(dialogue, { connection: ours }), (error) => {
    ok(error instanceof DialogueError);
    equal(error.result.failures[0]?.id, "reply-code");
    return error.message === "expected 250, server said 450";
  });
  await served;
  const abort = new AbortController();
  const [silent, other] = memoryPair();
  const running = runDialogue(dialogue, { connection: silent, signal: abort.signal });
  abort.abort(new Error("enough"));
  await rejects(running, { message: "enough" });
  other.close();
});

/** A dialogue of these steps. */
function made(steps: readonly DialogueStep[]): Dialogue {
  return { ...parseDialogue(OPEN), steps };
}

Deno.test("what goes beyond a limit is refused before it is played [T-I44]", async () => {
  const line: DialogueStep = {
    kind: "line",
    end: "C",
    template: [{ kind: "text", text: "NOOP" }],
    content: false,
    at: AT,
  };
  const repeat = (count: number, step: DialogueStep): DialogueStep => ({
    kind: "block",
    how: "repeat",
    count,
    arms: [[step]],
    at: AT,
  });
  let deep: DialogueStep = line;
  for (let depth = 0; depth < 17; depth++) deep = repeat(1, deep);
  const refused: readonly Dialogue[] = [
    made([repeat(10_001, line)]),
    made([deep]),
    made([{ kind: "pause", end: "C", ms: 600_001, at: AT }]),
    made([{ ...line, within: 600_001 }]),
    { ...made([line]), timeout: 600_001 },
    made([{
      ...line,
      template: [{ kind: "codec", value: { codec: "repeat", count: 600_000, text: "ab" } }],
    }]),
  ];
  for (const dialogue of refused) await rejects(selfPlay(dialogue), { name: "RangeError" });
  await rejects(selfPlay(made([line]), { timeout: 600_001 }), { name: "RangeError" });
  const { client } = await selfPlay(
    made([repeat(400, repeat(400, { kind: "open", end: "C", at: AT }))]),
    {
      throwOnFailure: false,
    },
  );
  equal(idOf(client), "limit");
});

Deno.test("a run sends no more than it may [T-I44]", async () => {
  const text = `${OPEN}C: NOOP ${'${repeat 100 "0123456789"}'}\nS: 250\n`;
  const { client } = await against(text, text, { maxBytes: 500 });
  equal(idOf(client), "limit");
});

Deno.test("a line, a reply and a body of a peer have limits", async () => {
  const long = await runAgainst(OPEN, `220 ${"x".repeat(65_600)}\r\n`);
  equal(idOf(long.result), "limit");
  equal(long.log.includes("close"), true);
  const many = await runAgainst(OPEN, "220-x\r\n".repeat(10_002));
  equal(idOf(many.result), "limit");
  const list = "@pop3\nS: +OK\nC: UIDL\nS: +OK\n";
  const [ours, theirs] = memoryPair();
  await theirs.write(new TextEncoder().encode("+OK\r\n"));
  const running = runDialogue(parseDialogue(list), {
    connection: ours,
    maxBytes: 1000,
    throwOnFailure: false,
  });
  await theirs.read(new Uint8Array(64));
  await theirs.write(new TextEncoder().encode(`+OK\r\n${"1 x\r\n".repeat(300)}.\r\n`));
  equal(idOf(await running), "limit");
  theirs.close();
});

Deno.test("octets of files are read where the caller allows it", async () => {
  const text = "@smtp\nS: 220 mx\nC: DATA\nS: 354\nC< mail.eml\nC: .\nS: 250\n";
  const dialogue = parseDialogue(text);
  const readFile = (path: string): Promise<Uint8Array> =>
    Promise.resolve(new TextEncoder().encode(path === "mail.eml" ? "Subject: x\n\n.dot" : ""));
  const { client } = await selfPlay(dialogue, { readFile });
  equal(client.status, "passed");
  ok(said(client).join("\n").includes("Subject: x\r\n\r\n..dot"));
  await rejects(selfPlay(dialogue), { name: "TypeError", message: /mail\.eml/ });
});

Deno.test("${len} is the size of the octets that follow", async () => {
  const text = "@smtp\nS: 220 mx\nC: BDAT ${len} LAST\nC|hello\\r\\n\nS: 250\n";
  const { client } = await selfPlay(parseDialogue(text));
  equal(client.status, "passed");
  ok(said(client).includes("C: BDAT 7 LAST"));
});

Deno.test("C* takes any lines up to the lone dot, and cannot be sent", async () => {
  const text = "@smtp\nS: 220 mx\nC: DATA\nS: 354\nC*\nC: .\nS: 250\n";
  const { server } = await against(text.replace("C*", "C: a\nC: b"), text);
  equal(idOf(server), "passed");
  await rejects(selfPlay(parseDialogue(text)), { name: "TypeError" });
});

Deno.test("a hole without a sample cannot be said", async () => {
  await rejects(selfPlay(parseDialogue("@smtp\nS: 220 ${host}\n")), { name: "UnboundHoleError" });
});

Deno.test("a fragment runs in a session of the sandbox, behind the prelude", async () => {
  await using box = await startSandbox({
    recipients: ["jones@beta.example", "brown@beta.example"],
  });
  const text = "@smtp\n@fragment\nC: MAIL FROM:<smith@alpha.example>\nS: 250\n" +
    "C: RCPT TO:<jones@beta.example>\nS: 250\nC: RCPT TO:<green@beta.example>\nS: 550\n" +
    "C: RCPT TO:<brown@beta.example>\nS: 250\nC: DATA\nS: 354\nC: Blah blah blah...\nC: .\nS: 250\n";
  const dialogue = parseDialogue(text);
  const result = await runDialogue(dialogue, { to: box.smtpUrl });
  equal(result.delivery, "partial");
  equal(box.mailbox("jones@beta.example").length, 1);

  await using listener = await listen();
  const served = serveDialogue(dialogue, listener);
  const again = await runDialogue(dialogue, { to: `127.0.0.1:${listener.endpoint.port}` });
  equal(again.delivery, "partial");
  await served;
});

Deno.test("smtps and pop3s begin inside TLS", async () => {
  await using box = await startSandbox({ users: { ann: "pencil" } });
  const tls = { caCerts: box.caCerts };
  const secrets = { pass: new Secret("pencil") };
  const smtp = parseDialogue(
    "@smtp\n@var user = ann\n@secret pass\nS: 220\nC: EHLO me\nS: 250\n@auth SCRAM-SHA-256 user pass\nS: 235\n",
  );
  equal((await runDialogue(smtp, { to: box.smtpsUrl, tls, secrets })).status, "passed");
  const pop3 = parseDialogue(
    "@pop3\n@secret pass\nS: +OK\nC: USER ann\nS: +OK\nC: PASS ${pass}\nS: +OK\nC: STAT\n" +
      "S: +OK ${n:int} ${size:int}\n",
  );
  const { status, vars } = await runDialogue(pop3, { to: box.pop3sUrl, tls, secrets });
  equal(status, "passed");
  deepEqual({ ...vars }, { n: 0, size: 0 });
});

Deno.test("serveDialogue() stops accepting at the signal, and rejects with its reason", async () => {
  await using listener = await listen();
  const abort = new AbortController();
  const serving = serveDialogue(parseDialogue(OPEN), listener, { signal: abort.signal });
  abort.abort(new Error("enough"));
  await rejects(serving, { message: "enough" });
});

Deno.test("selfPlay() throws for the end that failed first", async () => {
  const text = `${OPEN}C: NOOP\nS: 250\n`;
  const other = parseDialogue(`${OPEN}C: RSET\nS: 250\n`);
  const clock = new FakeClock();
  await rejects(turning(clock, playBoth(parseDialogue(text), other, { clock })), (error) => {
    ok(error instanceof DialogueError);
    equal(error.result.role, "S");
    return error.message === "expected RSET, client said NOOP";
  });
});

Deno.test("patterns of a dialogue take linear time [T-I43]", async () => {
  const text = `${OPEN}C: NOOP\nS~ /^250 (a+)+$/\n`;
  const long = `${"a".repeat(8_192)}!`;
  const { client } = await against(text, `${OPEN}C: NOOP\nS: 250 ${long}\n`);
  equal(idOf(client), "reply-text");
});

Deno.test("a batch may end a message and say QUIT (RFC 2920 section 3.1)", async () => {
  const text = "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 PIPELINING\nC: MAIL FROM:<a@x>\n" +
    "C: RCPT TO:<b@x>\nC: DATA\nS: 250\nS: 250\nS: 354\nC: hello\nC: .\nC: QUIT\nS: 250\nS: 221\n";
  const { client, server } = await selfPlay(parseDialogue(text));
  equal(client.delivery, "all");
  equal(server.delivery, "all");
  equal(client.replies.at(-2)?.to, ".");
});

Deno.test("BDAT counts its octets and is answered for each chunk (RFC 3030)", async () => {
  const text =
    "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 CHUNKING\nC: MAIL FROM:<a@x>\nS: 250\n" +
    "C: RCPT TO:<b@x>\nS: 250\nC: BDAT ${len}\nC|From: a@x\\r\\nTo: b@x\\r\\n\nS: 250\n" +
    "C: BDAT ${len} LAST\nC|\\r\\n.\\r\\nhello\\r\\n\nS: 250\n";
  const { client } = await selfPlay(parseDialogue(text));
  equal(client.status, "passed");
  equal(client.delivery, "all");
  const again = await selfPlay(toDialogue(client.transcript));
  equal(again.server.delivery, "all");
});

Deno.test("what stands in the place of a secret is hidden, whatever the file calls it", async () => {
  const text = "@pop3\n@var word = hunter2\nS: +OK\nC: USER u\nS: +OK\nC: PASS ${word}\nS: +OK\n";
  const { client, server } = await selfPlay(parseDialogue(text));
  for (const result of [client, server]) {
    ok(said(result).includes("C: PASS ${hidden}"));
    doesNotMatch(JSON.stringify(result.transcript), /hunter2/);
  }
});

Deno.test("a client that does not wait with its password is not quoted", async () => {
  const text = "@smtp\nC: AUTH LOGIN\nS: 334 x\nC: ${user}\nS: 235\n";
  const { result } = await serveTo(text, "AUTH LOGIN\r\naHVudGVyMg==\r\n");
  equal(idOf(result), "unread-input");
  doesNotMatch(JSON.stringify(result), /aHVudGVyMg/);
});
