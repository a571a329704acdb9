import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parseDialogue, runDialogue, selfPlay, serveDialogue } from "../../src/dialogue/mod.ts";
import { memoryPair } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { against, idOf, runAgainst, said, serveTo, spy, turning } from "./played.ts";

const OPEN = "@smtp\nS: 220 mx\n";

Deno.test("runDialogue() reads only when a step expects input [E1]", async () => {
  const dialogue = parseDialogue(
    "@smtp\nS: 220 mx\nC: STARTTLS\nS: 220 go\nC & S: <tls>\nC: NOOP\nS: 250 ok\n",
  );
  const [ours, theirs] = memoryPair();
  const { connection, log } = spy(ours);
  const served = serveDialogue(dialogue, theirs);
  await runDialogue(dialogue, { connection });
  await served;
  deepEqual(log.filter((entry) => entry !== "close"), [
    "read",
    "got",
    "write STARTTLS\r\n",
    "read",
    "got",
    "tls",
    "write NOOP\r\n",
    "read",
    "got",
    "write QUIT\r\n",
    "read",
    "got",
  ]);
});

Deno.test("runDialogue() reads a reply as a whole [E2]", async () => {
  const text = `${OPEN}C: HELP\nS: 214\nC: NOOP\nS: 250\n`;
  const whole = await against(
    text,
    `${OPEN}C: HELP\nS: 214-a\nS: 214-b\nS: 214 c\nC: NOOP\nS: 250\n`,
  );
  equal(idOf(whole.client), "passed");
  deepEqual(whole.client.replies[1]?.lines, ["a", "b", "c"]);
});

Deno.test("runDialogue() closes at once where a reply is none, or has two codes [E2] [E16]", async () => {
  for (const octets of ["220-a\r\n250 b\r\n", "220-a\r\n22\r\n", "hello\r\n", "999 x\r\n"]) {
    const { result, log } = await runAgainst(OPEN, octets);
    equal(idOf(result), "reply-shape", octets);
    equal(log.some((entry) => entry.startsWith("write")), false, octets);
  }
});

Deno.test("runDialogue() takes LF for a line end and says so; bytes refuses it [E2] [E3]", async () => {
  const loose = await runAgainst(OPEN, "220 mx\n");
  equal(loose.result.status, "passed");
  ok(said(loose.result).includes("note"));
  const exact = await runAgainst(OPEN, "220 mx\n", { match: { server: "bytes" } });
  equal(idOf(exact.result), "reply-text");
});

Deno.test("runDialogue() knows by the command whether a POP3 reply has a body [E2]", async () => {
  const text =
    "@pop3\nS: +OK\nC: LIST\nS: +OK\nC: LIST 1\nS: +OK\nC: RETR 1\nS: -ERR\nC: NOOP\nS: +OK\n";
  const server =
    "@pop3\nS: +OK\nC: LIST\nS: +OK\nS: 1 10\nS: .\nC: LIST 1\nS: +OK 1 10\nC: RETR 1\n" +
    "S: -ERR none\nC: NOOP\nS: +OK\n";
  const { client } = await against(text, server);
  equal(idOf(client), "passed");
  deepEqual(client.replies.map(({ lines }) => lines.length), [1, 2, 1, 1, 1, 1]);
});

Deno.test("runDialogue() hears one LMTP reply for each recipient after BDAT LAST [E2]", async () => {
  const start = "@lmtp\nS: 220 mx\nC: LHLO me\nS: 250-mx\nS: 250-PIPELINING\nS: 250 CHUNKING\n" +
    "C: MAIL FROM:<a@x>\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: RCPT TO:<d@x>\n";
  const taken = "S: 250\nS: 250\nS: 550\nS: 250\n";
  // What is the last chunk is counted when its first reply comes, in a batch as alone.
  for (
    const chunk of [
      `${start}${taken}C: BDAT 4\nC|hell\nS: 250 more\nC: BDAT 3 LAST\nC|o\\r\\n\n`,
      `${start}C: BDAT 7 LAST\nC|hello\\r\\n\n${taken}`,
    ]
  ) {
    const { client, server } = await against(
      `${chunk}S: {250|452}\nC: NOOP\nS: 250\n`,
      `${chunk}S: 250 for b\nS: 452 for d\nC: NOOP\nS: 250\n`,
    );
    equal(idOf(client), "passed");
    for (const { delivery, recipients } of [client, server]) {
      equal(delivery, "partial");
      deepEqual(recipients.map(({ reply }) => reply.code), [250, 550, 452]);
    }
  }
});

Deno.test("runDialogue() hears one LMTP reply for each recipient that was taken [E2]", async () => {
  const start = "@lmtp\nS: 220 mx\nC: LHLO me\nS: 250 mx\nC: MAIL FROM:<a@x>\nS: 250\n" +
    "C: RCPT TO:<b@x>\nS: 250\nC: RCPT TO:<c@x>\nS: 550\nC: RCPT TO:<d@x>\nS: 250\n" +
    "C: DATA\nS: 354\nC: hello\nC: .\n";
  const { client, server } = await against(
    `${start}S: {250|452}\nS: 452\nC: NOOP\nS: 250\n`,
    `${start}S: 250 for b\nS: 452 for d\nC: NOOP\nS: 250\n`,
  );
  equal(idOf(client), "passed");
  equal(client.delivery, "partial");
  equal(server.delivery, "partial");
  deepEqual(client.recipients.map(({ reply }) => reply.code), [250, 550, 452]);

  const once = await against(
    `${start}S: 250\nC: NOOP\nS: 250\n`,
    `${start}S: 250\nC: NOOP\nS: 250\n`,
  );
  equal(idOf(once.client), "passed");
  equal(once.client.replies.filter(({ to }) => to === ".").length, 2);
});

Deno.test.each(
  [
    ["class", "250 2.1.0 fine", "251 2.9.9 other", "passed"],
    ["class", "250 ok", "550 ok", "reply-code"],
    ["code", "250 2.1.0 fine", "250 2.9.9 other", "passed"],
    ["code", "250 ok", "251 ok", "reply-code"],
    ["code", "{250|251} ok", "251 ok", "passed"],
    ["code", "2xx ok", "259 ok", "passed"],
    ["enhanced", "250 2.1.0 fine", "250 2.1.0 other", "passed"],
    ["enhanced", "250 2.1.0 fine", "250 2.1.5 fine", "enhanced-code"],
    ["enhanced", "250 2.1.0 fine", "250 fine", "enhanced-code"],
    ["enhanced", "250 fine", "250 2.1.5 fine", "passed"],
    ["text", "250 2.1.0 fine", "250 2.1.0 fine", "passed"],
    ["text", "250 2.1.0 fine", "250 2.1.0 Fine", "reply-text"],
    ["text", "250 fine", "250 fine and more", "reply-text"],
    ["text", "250", "250 fine", "reply-text"],
    ["bytes", "250 fine", "250 fine", "passed"],
    ["bytes", "250 fine", "250 fin", "reply-text"],
  ] as const,
)("judgeReply() at $0 takes $1 for $2: $3 [E3]", async (level, wanted, seen, id) => {
  const { client } = await against(
    `${OPEN}C: NOOP\nS: ${wanted}\n`,
    `${OPEN}C: NOOP\nS: ${seen}\n`,
    { match: { server: level } },
  );
  equal(idOf(client), id);
});

Deno.test("judgeReply() compares POP3 response codes at enhanced [E3]", async () => {
  const text = (reply: string) => `@pop3\nS: +OK\nC: NOOP\nS: ${reply}\n`;
  const judge = async (wanted: string, seen: string): Promise<string> => {
    const options = { match: { server: "enhanced" } } as const;
    return idOf((await against(text(wanted), text(seen), options)).client);
  };
  equal(await judge("-ERR [IN-USE] wait", "-ERR [in-use] later"), "passed");
  equal(await judge("-ERR [IN-USE] wait", "-ERR [AUTH] no"), "enhanced-code");
  equal(await judge("-ERR", "-ERR [AUTH] no"), "passed");
});

Deno.test.each(
  [
    ["verb", "MAIL FROM:<a@x>", "mail to:<b@y>", "passed"],
    ["verb", "MAIL FROM:<a@x>", "RCPT TO:<a@x>", "client-line"],
    ["args", "MAIL FROM:<a@x>", "mail from:<a@x>", "passed"],
    ["args", "MAIL FROM:<a@x>", "MAIL   FROM:<a@x>", "passed"],
    ["args", "MAIL FROM:<a@x>", "MAIL FROM:<A@x>", "client-line"],
    ["args", "MAIL FROM:<a@x>", "MAIL FROM:<a@x> SIZE=10 BODY=8BITMIME", "passed"],
    ["args", "MAIL FROM:<a@x> SIZE=10 SMTPUTF8", "MAIL FROM:<a@x> smtputf8 size=10", "passed"],
    ["args", "MAIL FROM:<a@x> SIZE=10", "MAIL FROM:<a@x> SIZE=11", "client-line"],
    ["args", "MAIL FROM:<a@x> SIZE=10", "MAIL FROM:<a@x>", "client-line"],
    ["args", "EHLO me", "EHLO you", "client-line"],
    ["args", "EHLO me", "EHLO me too", "client-line"],
    ["args", "NOOP", "NOOP NOOP", "client-line"],
    ["args", "AUTH LOGIN", "auth login", "passed"],
    ["args", "BDAT 10 LAST", "bdat 10 last", "passed"],
    ["text", "MAIL FROM:<a@x>", "MAIL FROM:<a@x>", "passed"],
    ["text", "MAIL FROM:<a@x>", "mail FROM:<a@x>", "client-line"],
    ["text", "MAIL FROM:<a@x>", "MAIL FROM:<a@x> SIZE=1", "client-line"],
    ["bytes", "NOOP", "NOOP", "passed"],
  ] as const,
)("judgeClientLine() at $0 takes $1 for $2: $3 [E4]", async (level, wanted, seen, id) => {
  const { result } = await serveTo(`${OPEN}C: ${wanted}\nS: 250\n`, `${seen}\r\n`, {
    match: { client: level },
  });
  equal(idOf(result), id);
});

Deno.test("judgeClientLine() compares content exactly, and LF only at bytes [E4]", async () => {
  const data = `${OPEN}C: DATA\nS: 354\nC: Hello  world\nC: .\nS: 250\n`;
  const { server } = await against(data.replace("Hello  world", "hello  world"), data);
  equal(idOf(server), "content");
  const again = await against(data.replace("Hello  world", "Hello world"), data);
  equal(idOf(again.server), "content");
});

Deno.test("judgeReply() captures at code, whatever the case and the rest of the text [E5]", async () => {
  const judge = async (wanted: string, seen: string) =>
    (await against(`${OPEN}C: NOOP\nS: ${wanted}\n`, `${OPEN}C: NOOP\nS: ${seen}\n`)).client;
  const client = await judge("250 ok queued as ${qid=A1}", "250 2.0.0 OK Queued as B2 (thanks)");
  equal(client.vars["qid"], "B2");
  equal(idOf(await judge("250 ok queued as ${qid=A1}", "250 fine")), "capture-failed");
  equal((await judge("250 ${status=2.0.0} ok", "250 ok ok")).vars["status"], "ok");
});

Deno.test("judgeReply() holds names, patterns and what is forbidden at every level [E5]", async () => {
  const server = "@smtp\nS: 220 mx\nC: NOOP\nS: 250-one mx\nS: 250 two\n";
  const judge = async (lines: string) =>
    idOf((await against(`@smtp\nS: 220 ${"${host=mx}"}\nC: NOOP\n${lines}\n`, server)).client);
  equal(await judge("S: 250 one ${host}"), "passed");
  equal(await judge("S~ /^250.two$/"), "passed");
  equal(await judge("S~ /^250.three$/"), "reply-text");
  equal(await judge("S: 250\nS! THREE"), "passed");
  equal(await judge("S: 250\nS! TWO"), "forbidden-text");
  equal(await judge("S? 250-zero\nS: 250"), "passed");
  const other = server.replace("one mx", "one other");
  const { client } = await against(
    `@smtp\nS: 220 ${"${host=mx}"}\nC: NOOP\nS: 250 one ${"${host}"}\n`,
    other,
  );
  equal(idOf(client), "hole-mismatch");
});

Deno.test("judgeReply() takes capabilities as a required part in any order [E6]", async () => {
  const server =
    `${OPEN}C: EHLO me\nS: 250-mx\nS: 250-AUTH=LOGIN\nS: 250-SIZE 1000\nS: 250 AUTH PLAIN CRAM-MD5\n`;
  const judge = async (lines: string, level: "code" | "text" | "bytes" = "code") =>
    (await against(`${OPEN}C: EHLO me\n${lines}\n`, server, { match: { server: level } })).client;
  equal(idOf(await judge("S: 250-x\nS: 250-auth plain\nS: 250 SIZE")), "passed");
  equal(idOf(await judge("S: 250-mx\nS: 250 AUTH LOGIN", "text")), "passed");
  equal(idOf(await judge("S: 250-x\nS: 250 AUTH LOGIN", "text")), "reply-text");
  equal(idOf(await judge("S: 250-x\nS: 250 STARTTLS")), "missing-capability");
  equal(idOf(await judge("S: 250-x\nS: 250 SIZE 2000")), "missing-capability");
  equal(idOf(await judge("S: 250-x\nS? 250-STARTTLS\nS: 250 SIZE")), "passed");
  equal(idOf(await judge("S: 250-x\nS: 250 SIZE\nS! AUTH LOGIN")), "forbidden-text");
  equal(idOf(await judge("S: 250-x\nS: 250 SIZE\nS! STARTTLS")), "passed");
  equal((await judge("S: 250-x\nS: 250 SIZE ${max=1}")).vars["max"], "1000");
  const exact = "S: 250-mx\nS: 250-AUTH=LOGIN\nS: 250-SIZE 1000\nS: 250 AUTH PLAIN CRAM-MD5";
  equal(idOf(await judge(exact, "bytes")), "passed");
  equal(idOf(await judge("S: 250-mx\nS: 250 SIZE 1000", "bytes")), "reply-text");
});

Deno.test("judgeReply() takes CAPA as it takes EHLO [E6]", async () => {
  const server = "@pop3\nS: +OK\nC: CAPA\nS: +OK list\nS: TOP\nS: SASL PLAIN LOGIN\nS: .\n";
  const judge = async (lines: string) =>
    idOf((await against(`@pop3\nS: +OK\nC: CAPA\nS: +OK\n${lines}\nS: .\n`, server)).client);
  equal(await judge("S: SASL LOGIN\nS: TOP"), "passed");
  equal(await judge("S: UIDL"), "missing-capability");
});

Deno.test("judgeReply() finds lines of a listing by their numbers [E7]", async () => {
  const server = "@pop3\nS: +OK\nC: LIST\nS: +OK\nS: 1 10\nS: 2 20\nS: 3 30\nS: .\n";
  const judge = async (lines: string, level: "code" | "text" = "code") =>
    (await against(`@pop3\nS: +OK\nC: LIST\nS: +OK\n${lines}\nS: .\n`, server, {
      match: { server: level },
    })).client;
  equal((await judge("S: 3 ${size:int=1}")).vars["size"], 30);
  equal(idOf(await judge("S: 9 90")), "passed"); // without a hole it says nothing at code
  equal(idOf(await judge("S: 9 ${size:int=1}")), "reply-shape");
  equal(idOf(await judge("S: 1 10\nS: 2 20\nS: 3 30", "text")), "passed");
  equal(idOf(await judge("S: 1 10\nS: 2 20", "text")), "reply-shape");
  equal(idOf(await judge("S: 1 10\nS*", "text")), "passed");
  equal(idOf(await judge("S*\nS: 3 30", "text")), "passed");
  equal(idOf(await judge("S: 1 10\nS: 3 30", "text")), "reply-text");
});

Deno.test("runDialogue() refuses input that nobody asked for, outside of batches [E8]", async () => {
  const { result } = await runAgainst(`${OPEN}C: NOOP\nS: 250\n`, "220 mx\r\n250 early\r\n");
  equal(idOf(result), "unread-input");
  match(result.failures[0]?.actual ?? "", /250 early/);
  const batch = `${OPEN}C: RSET\nC: NOOP\nS: 250 one\nS: 250 two\nC: NOOP\nS: 250\n`;
  const both = await against(batch, batch);
  equal(idOf(both.client), "passed");
});

Deno.test("serveDialogue() refuses a client that does not wait, unless it may [E8]", async () => {
  const text = `${OPEN}C: EHLO me\nS: 250-mx\nS: 250 ${"X"}\nC: NOOP\nS: 250\nC: NOOP\nS: 250\n`;
  const plain = await serveTo(text, "");
  equal(idOf(plain.result), "timeout");
  const chat = async (offered: string): Promise<string> => {
    const [ours, theirs] = memoryPair();
    const clock = new FakeClock();
    const dialogue = parseDialogue(text.replace("250 X", `250 ${offered}`));
    const served = serveDialogue(dialogue, theirs, { clock, throwOnFailure: false });
    const client = runDialogue(
      parseDialogue(`${OPEN}C: EHLO me\nS: 250\nC|NOOP\\r\\nNOOP\\r\\n\nS: 250\nS: 250\n`),
      { connection: ours, clock, throwOnFailure: false },
    );
    const [result] = await turning(clock, served);
    await turning(clock, client);
    return result === undefined ? "" : idOf(result);
  };
  equal(await chat("X"), "unread-input");
  equal(await chat("PIPELINING"), "passed");
});

Deno.test("runDialogue() writes neighbouring lines at once [E9]", async () => {
  const text = `${OPEN}C: RSET\nC: MAIL FROM:<a@x>\nC: RCPT TO:<b@x>\nS: 250\nS: 250\nS: 250\n`;
  const dialogue = parseDialogue(text);
  const [ours, theirs] = memoryPair();
  const { connection, log } = spy(ours);
  const served = serveDialogue(dialogue, theirs);
  await runDialogue(dialogue, { connection });
  await served;
  deepEqual(log.filter((entry) => entry.startsWith("write")), [
    "write RSET\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n",
    "write QUIT\r\n",
  ]);
});

Deno.test("serveDialogue() writes a reply at once, and the replies to a batch [E10]", async () => {
  const text =
    `${OPEN}C: EHLO me\nS: 250-mx\nS: 250-SIZE\nS: 250 HELP\nC: RSET\nC: NOOP\nS: 250 a\nS: 250 b\n`;
  const dialogue = parseDialogue(text);
  const [ours, theirs] = memoryPair();
  const { connection, log } = spy(theirs);
  const served = serveDialogue(dialogue, connection);
  await runDialogue(dialogue, { connection: ours });
  await served;
  deepEqual(log.filter((entry) => entry.startsWith("write")), [
    "write 220 mx\r\n",
    "write 250-mx\r\n250-SIZE\r\n250 HELP\r\n",
    "write 250 a\r\n250 b\r\n",
    "write 221 Bye\r\n",
  ]);
});

Deno.test("runDialogue() takes nothing from before TLS into it [E11]", async () => {
  const text = "@smtp\nC: STARTTLS\nS: 220 go\nC & S: <tls>\nC: NOOP\nS: 250\n";
  const { result, log } = await runAgainst(text, "220 go\r\n250 injected\r\n");
  equal(idOf(result), "injection");
  equal(log.includes("tls"), false);
  equal(log.includes("write QUIT\r\n"), false);
});

Deno.test("serveDialogue() never runs what is pipelined behind STARTTLS [E11]", async () => {
  for (const offer of ["X", "PIPELINING"]) {
    const text = `@smtp\nC: STARTTLS\nS: 220 go\nC & S: <tls>\nC: ${offer}\nS: 250\n`;
    const { result, log } = await serveTo(text, "STARTTLS\r\nNOOP\r\n");
    equal(idOf(result), "injection");
    equal(log.some((entry) => entry.startsWith("write")), false);
  }
});

Deno.test("runDialogue() forgets the capabilities at TLS [E11]", async () => {
  const text = `${OPEN}C: EHLO me\nS: 250-mx\nS: 250 XTRA\nC: STARTTLS\nS: 220\nC & S: <tls>\n` +
    "@when XTRA {\nC: XTRA\nS: 250\n}\nC: NOOP\nS: 250\n";
  const { client } = await selfPlay(parseDialogue(text));
  equal(said(client).includes("C: XTRA"), false);
});

Deno.test("runDialogue() takes the first arm that fits, and names it [E12]", async () => {
  const text =
    `${OPEN}C: NOOP\n@alt {\nS: 250\n@outcome fine\nC: RSET\nS: 250\n} or {\nS: 4xx\n@outcome later\n}\n`;
  const fine = await against(text, `${OPEN}C: NOOP\nS: 250\nC: RSET\nS: 250\n`);
  equal(fine.client.outcome, "fine");
  const later = await against(text, `${OPEN}C: NOOP\nS: 451\n`);
  equal(later.client.outcome, "later");
  const neither = await against(text, `${OPEN}C: NOOP\nS: 550 no\n`);
  equal(idOf(neither.client), "reply-code");
  equal(neither.client.failures[0]?.expected, "250 or 4xx");
});

Deno.test("serveDialogue() reads alternatives of the client, and rotates its own [E12]", async () => {
  const text =
    `${OPEN}@alt {\nC: EHLO me\n@outcome new\n} or {\nC: HELO me\n@outcome old\n}\n@alt {\nS: 250 a\n} or {\nS: 250 b\n}\n`;
  const { server } = await against(`${OPEN}C: HELO me\nS: 250\n`, text);
  equal(server.outcome, "old");

  const dialogue = parseDialogue(text);
  const heard: unknown[] = [];
  const pairs = [memoryPair(), memoryPair()];
  const acceptor = {
    endpoint: { transport: "memory" } as const,
    close() {},
    async *[Symbol.asyncIterator]() {
      for (const [, theirs] of pairs) yield theirs;
    },
  };
  const served = serveDialogue(dialogue, acceptor, { sessions: 2, rotate: true });
  for (const [ours] of pairs) {
    const result = await runDialogue(dialogue, { connection: ours });
    heard.push(result.replies[1]?.lines[0]);
  }
  await served;
  deepEqual(heard, ["a", "b"]);
});

Deno.test("runDialogue() needs the peer's close in time, and no other [E14]", async () => {
  const closes = `${OPEN}S: <close>\n`;
  equal(idOf((await against(closes, closes)).client), "passed");
  equal(idOf((await against(closes.replace("close", "drop"), closes)).client), "passed");
  const talks = await against(closes, `${OPEN}S: 250 still here\n`);
  equal(idOf(talks.client), "not-closed");
  const stays = await against(`${OPEN}S: <close>\n`, `${OPEN}C: NOOP\nS: 250\n`);
  equal(idOf(stays.client), "timeout");
  const goes = await against(
    `${OPEN}C: NOOP\nS: 250\n`,
    `${OPEN}C: NOOP\nS: 421 busy\nS: <close>\n`,
  );
  equal(idOf(goes.client), "reply-code");
  const early = await against(
    `${OPEN}C: NOOP\nS: 250\nC: NOOP\nS: 250\n`,
    `${OPEN}C: NOOP\nS: 250 last\nS: <close>\n`,
  );
  equal(idOf(early.client), "unexpected-close");
  match(early.client.failures[0]?.actual ?? "", /250 last/);
});

Deno.test("runDialogue() says QUIT if the file did not, and nothing of it counts [E15]", async () => {
  const { client, server } = await against(OPEN, OPEN);
  deepEqual(said(client), ["S: 220 mx", "C: QUIT", "S: 221 Bye"]);
  equal(server.status, "passed");
  const { result } = await runAgainst(OPEN, "220 mx\r\n", { end: false });
  equal(result.status, "passed"); // nobody answers QUIT
  const bare = await against(`${OPEN}C: QUIT\nS: 221\n`, `${OPEN}C: QUIT\nS: 221\n`);
  equal(said(bare.client).filter((line) => line === "C: QUIT").length, 1);
});

Deno.test("a failure ends in QUIT at the client and in 421 at the server [E16]", async () => {
  const { client, server } = await against(
    `${OPEN}C: NOOP\nS: 250\nC: RSET\nS: 250\n`,
    `${OPEN}C: NOOP\nS: 450\n`,
  );
  equal(idOf(client), "reply-code");
  equal(said(client).includes("C: RSET"), false);
  ok(said(client).includes("C: QUIT"));
  equal(server.status, "passed");
  const other = await against(`${OPEN}C: VRFY x\nS: 250\n`, `${OPEN}C: NOOP\nS: 250\n`);
  equal(idOf(other.server), "client-line");
  ok(said(other.client).some((line) => line.startsWith("S: 421")));
});

Deno.test("keepGoing and soft note a failure and go on [E16]", async () => {
  const server = `${OPEN}C: NOOP\nS: 450\nC: RSET\nS: 251\nC: QUIT\nS: 221\n`;
  const text = `${OPEN}C: NOOP\nS: 250\nC: RSET\nS: 250\nC: QUIT\nS: 221\n`;
  const { client } = await against(text, server, { keepGoing: true });
  deepEqual(client.failures.map(({ id }) => id), ["reply-code", "reply-code"]);
  equal(client.status, "failed");
  const soft = await against(text.replace("S: 250", "@step soft\nS: 250"), server);
  deepEqual(soft.client.failures.map(({ id }) => id), ["reply-code", "reply-code"]);
  equal(said(soft.client).includes("C: RSET"), true);
  const { result } = await runAgainst(
    "@smtp\nC: STARTTLS\nS: 220\nC & S: <tls>\n",
    "220\r\n250 x\r\n",
    {
      keepGoing: true,
    },
  );
  equal(idOf(result), "injection");
});

Deno.test("after <turn> the other end says the commands [E17]", async () => {
  const text =
    "@smtp\nS: 220 mx\nC: EHLO me\nS: 250 mx\nC: ATRN me.example\nS: 250 now\nC & S: <turn>\n" +
    "C: 220 me\nS: EHLO mx\nC: 250 me\nS: MAIL FROM:<a@x>\nC: 250 ok\nS: QUIT\nC: 221 bye\n";
  const { client, server } = await selfPlay(parseDialogue(text));
  equal(client.status, "passed");
  deepEqual(said(client), said(server));
  ok(said(client).includes("turn"));
});
