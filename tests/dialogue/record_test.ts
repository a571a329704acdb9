import { deepEqual, equal, ok } from "node:assert/strict";
import {
  checkTranscript,
  parseDialogue,
  printDialogue,
  runDialogue,
  selfPlay,
  serveDialogue,
  toDialogue,
  type ToDialogueOptions,
} from "../../src/dialogue/mod.ts";
import { connectPop3 } from "../../src/pop3/mod.ts";
import { listen, SANDBOX_CA, startSandbox } from "../../src/sandbox/mod.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { connectSmtp } from "../../src/smtp/mod.ts";
import type { TranscriptEvent } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { against, idOf, turning } from "./played.ts";

const OPEN = "@smtp\n@name recorded\nS: 220 mx\n";

/** The text of a recording of a text. */
async function recorded(text: string, options: ToDialogueOptions = {}): Promise<string> {
  const clock = new FakeClock();
  const { client, server } = await turning(
    clock,
    selfPlay(parseDialogue(text), { clock, timing: true }),
  );
  const [ours, theirs] = [client, server].map(({ transcript }) =>
    printDialogue(toDialogue(transcript, options))
  );
  equal(ours, theirs); // both ends hear the same
  return ours ?? "";
}

/** Lines as a transcript has them: `C NOOP`. */
function heard(lines: readonly string[]): readonly TranscriptEvent[] {
  return lines.map((line) => ({
    at: 0,
    end: line.startsWith("C") ? "C" : "S",
    tls: false,
    kind: "line",
    text: line.slice(2),
  }));
}

const VERBATIM = { portable: false };

Deno.test("toDialogue() gives back what was written", async () => {
  for (
    const text of [
      `${OPEN}C: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n`,
      `${OPEN}C: EHLO me\nS: 250-mx\nS: 250-SIZE 10\nS: 250 HELP\nC: QUIT\nS: 221\n`,
      `${OPEN}C: RSET\nC: NOOP\nS: 250 a\nS: 250 b\nC: QUIT\nS: 221 bye\n`,
      `${OPEN}C: DATA\nS: 354 go\nC: Subject: x\nC:\nC:   indented ${"$${x}"}\nC: ..dot\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n`,
      `${OPEN}C: BDAT 7 LAST\nC|hello\\r\\n\nS: 250 ok\nC: QUIT\nS: 221 bye\n`,
      `${OPEN}C: STARTTLS\nS: 220 go\nC & S: <tls>\nC: QUIT\nS: 221 bye\n`,
      `${OPEN}C: ATRN\nS: 250 now\nC & S: <turn>\nC: 220 me\nS: QUIT\nC: 221 bye\n`,
      "@pop3\n@name recorded\nS: +OK\nC: LIST\nS: +OK two\nS: 1 10\nS: .\nC: TOP 1 0\nS: +OK\nS: Subject: x\nS: .\nC: RETR 9\nS: -ERR no\nC: QUIT\nS: +OK bye\n",
      "@lmtp\n@name recorded\nS: 220 mx\nC: LHLO me\nS: 250 mx\nC: QUIT\nS: 221 bye\n",
    ]
  ) {
    equal(await recorded(text, VERBATIM), text);
  }
});

Deno.test("toDialogue() takes bodies that no command announces, and APOP without a stamp", async () => {
  const text = "@pop3\n@name recorded\nS: +OK\nC: LANG\nS: +OK\nS: en English\nS: .\n" +
    "C: AUTH\nS: +OK\nS: .\nC: QUIT\nS: +OK bye\n";
  equal(await recorded(text, VERBATIM), text);
  const digest = "c4c9334bac560ecc979e58001b3e22fb";
  const apop = await recorded(`@pop3\nS: +OK\nC: APOP jones ${digest}\nS: -ERR\n`);
  equal((await selfPlay(parseDialogue(apop))).client.status, "passed");
});

Deno.test("toDialogue() takes replies that say nothing behind their code", () => {
  const said = (end: "C" | "S", text: string): TranscriptEvent => ({
    ...{ at: 0, tls: false, kind: "line", end, text },
  });
  const dialogue = toDialogue([
    ...[said("S", "220 mx"), said("C", "EHLO me"), said("S", "250-"), said("S", "250 ")],
    ...[said("C", "QUIT"), said("S", "221")],
  ], { portable: false });
  equal(
    printDialogue(dialogue),
    "@smtp\n@name recorded\nS: 220 mx\nC: EHLO me\nS: 250-\nS: 250\nC: QUIT\nS: 221\n",
  );
});

Deno.test.each([
  ["  indented"],
  ["blank behind "],
  ["\tby mx.example"],
  ["  "],
  ["."],
  ["..."],
  ["+OK"],
  ["+OK not a reply"],
  ["-ERR nor this"],
  ["+ nor that"],
  ["<close>"],
  ["\x1b$B%a!<%k\x1b(B"],
  ["a\rb\x00"],
  ['${x} \\x1b "$${'],
])("toDialogue() makes a text of any line of a message: %j", async (line) => {
  const stuffed = line.startsWith(".") ? `.${line}` : line;
  const lines = [
    ...["S +OK", "C RETR 1", "S +OK", `S ${stuffed}`, `S ${stuffed}`, "S .", "C QUIT", "S +OK"],
  ];
  const { client, server } = await selfPlay(parseDialogue(printDialogue(toDialogue(heard(lines)))));
  for (const { transcript } of [client, server]) {
    deepEqual(
      transcript.flatMap(({ kind, end, text }) => kind === "line" ? `${end} ${text}` : []),
      lines,
    );
  }
});

Deno.test("toDialogue() keeps blanks and tabs at the ends of what was said", async () => {
  const lines = [
    "S 220 mx ESMTP ",
    "C HELP me ",
    "S 214-\tHELO ",
    "S 214-  EHLO",
    "S 214 ",
    "C QUIT",
    "S 221 bye",
  ];
  const text = printDialogue(toDialogue(heard(lines)));
  equal(
    text,
    '@smtp\n@name recorded\nS: 220 ${host=mx} ESMTP${repeat 1 " "}\nC: HELP me${repeat 1 " "}\n' +
      'S: 214-\tHELO${repeat 1 " "}\nS: 214-  EHLO\nS: 214\nC: QUIT\nS: 221 bye\n',
  );
  // They are no holes: another server may say other words, another client other blanks.
  equal(idOf((await against(text, text.replace("HELO", "EHLO"))).client), "passed");
  equal(idOf((await against(text.replace("HELP me", "HELP  me"), text)).server), "passed");
  const octets = toDialogue(heard(["S 220", "C NOOP\tnow\x07", "S 250", "C QUIT", "S 221"]));
  ok(printDialogue(octets).includes("C|NOOP\\tnow\\x07\\r\\n\n"));
  await selfPlay(octets);
  const greeted = toDialogue(heard(["S 220 mx", "C EHLO me\t", "S 250 mx", "C QUIT", "S 221"]));
  ok(printDialogue(greeted).includes("C|EHLO me\\t\\r\\n\n"));
});

Deno.test("toDialogue() keeps the times where asked", async () => {
  const text = `${OPEN}C: NOOP\n#+400ms\nS: 250 ok\n`;
  const again = await recorded(text, { ...VERBATIM, times: true });
  ok(again.includes("#+400ms\nS: 250 ok\n"), again);
  equal((await recorded(text, VERBATIM)).includes("#+"), false);
});

Deno.test("toDialogue() makes holes of what belongs to one session", async () => {
  const text =
    `${
      OPEN.replace("220 mx", "220 mx.example ESMTP")
    }C: EHLO me.example\nS: 250 mx.example\nC: DATA\nS: 354\n` +
    "C: Message-ID: <a@b>\nC: .\nS: 250 ok queued as ABC123\nC: QUIT\nS: 221 bye\n";
  const again = await recorded(text);
  for (const hole of ["${host=mx.example}", "${client=me.example}", "=ABC123}", "=a@b}"]) {
    ok(again.includes(hole), again);
  }
});

Deno.test("toDialogue() keeps octets that are no lines", async () => {
  const text = `${OPEN}C: DATA\nS: 354\nC|a\\nb\\r\\n\nC: .\nS: 250\nC: QUIT\nS: 221\n`;
  ok((await recorded(text, VERBATIM)).includes("C|a\\nb\\r\\n\n"));
});

Deno.test("toDialogue() makes the logins of sessions playable", async () => {
  await using box = await startSandbox({ users: { ann: "pencil" } });
  const auth = { user: "ann", password: new Secret("pencil") };
  for (const mechanism of ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]) {
    const events: TranscriptEvent[] = [];
    const session = await connectSmtp({
      url: box.smtpUrl,
      caCerts: box.caCerts,
      auth: { ...auth, mechanisms: [mechanism] },
      onEvent: (event) => events.push(event),
    });
    await session.mail("a@x.example");
    await session.rcpt("b@x.example");
    await session.data("Subject: x\r\n\r\n.dot\r\n");
    await session.quit();
    const dialogue = toDialogue(events);
    equal((await selfPlay(dialogue)).client.status, "passed");
    const result = await runDialogue(dialogue, {
      to: box.smtpUrl,
      tls: { caCerts: box.caCerts },
      vars: { user: "ann" },
      secrets: { pass: new Secret("pencil") },
      throwOnFailure: false,
    });
    // The challenge of CRAM-MD5 is another each time.
    deepEqual(result.failures, [], mechanism);
    equal(result.delivery, "all");
  }
});

Deno.test("toDialogue() makes a POP3 session playable, in both roles", async () => {
  await using box = await startSandbox({
    users: { ann: "pencil" },
    pop3: { capabilities: {} },
  });
  box.fill("ann", ["Subject: x\r\n\r\nhello\r\n"]);
  const events: TranscriptEvent[] = [];
  const session = await connectPop3({
    url: box.pop3Url,
    caCerts: box.caCerts,
    auth: { user: "ann", password: new Secret("pencil") },
    onEvent: (event) => events.push(event),
  });
  await session.snapshot();
  await session.commit();
  const dialogue = toDialogue(events);
  const secrets = { pass: new Secret("pencil") };
  await using listener = await listen();
  const served = serveDialogue(dialogue, listener, { secrets, vars: { user: "ann" } });
  await runDialogue(dialogue, {
    to: `127.0.0.1:${listener.endpoint.port}`,
    tls: { caCerts: [SANDBOX_CA] },
    secrets,
    vars: { user: "ann" },
  });
  await served;
  const result = await checkTranscript(dialogue, events);
  equal(result.status, "passed");
});

Deno.test("checkTranscript() tells what differs, at either end", async () => {
  const text = `${OPEN}C: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n`;
  const { client } = await selfPlay(parseDialogue(text));
  const judge = async (other: string) =>
    idOf(await checkTranscript(parseDialogue(other), client.transcript, { throwOnFailure: false }));
  equal(await judge(text), "passed");
  equal(await judge(text.replace("250", "251")), "reply-code");
  equal(await judge(text.replace("NOOP", "RSET")), "client-line");
  equal(await judge(text.replace("C: QUIT\nS: 221 bye\n", "")), "passed");
  equal(await judge(text.replace("C: NOOP\nS: 250 ok\n", "")), "client-line");
  equal(await judge(`${text}C: NOOP\nS: 250\n`), "unexpected-close");
  equal(await judge(text.replace("C: NOOP", "C & S: <tls>\nC: NOOP")), "tls-handshake");
  equal(await judge(OPEN), "unread-input");
});

Deno.test("checkTranscript() goes by the times of the transcript", async () => {
  const event = (at: number, end: "C" | "S", text: string): TranscriptEvent => ({
    at,
    end,
    tls: false,
    kind: "line",
    text,
  });
  const dialogue = parseDialogue("@smtp\nS: <silence 150ms>\nS: 220\n");
  equal((await checkTranscript(dialogue, [event(200, "S", "220 mx")])).status, "passed");
  const early = await checkTranscript(dialogue, [event(20, "S", "220 mx")], {
    throwOnFailure: false,
  });
  equal(idOf(early), "spoke-in-silence");
});

Deno.test("checkTranscript() finds what came in the clear before TLS [E11]", async () => {
  const line = (end: "C" | "S", text: string): TranscriptEvent => ({
    at: 0,
    end,
    tls: false,
    kind: "line",
    text,
  });
  const events: TranscriptEvent[] = [
    line("C", "STARTTLS"),
    line("S", "220 go"),
    line("S", "250 injected"),
    { at: 0, end: "C", tls: true, kind: "tls", text: "" },
  ];
  const dialogue = parseDialogue("@smtp\nC: STARTTLS\nS: 220\nC & S: <tls>\n");
  equal(idOf(await checkTranscript(dialogue, events, { throwOnFailure: false })), "injection");
});

Deno.test("checkTranscript() takes hidden logins for what they may be", async () => {
  const text =
    "@smtp\n@secret pass = x\n@var user = tim\nS: 220 mx\nC: AUTH PLAIN ${plain user pass}\nS: 235\n";
  const { client } = await selfPlay(parseDialogue(text));
  equal((await checkTranscript(parseDialogue(text), client.transcript)).status, "passed");
  const other = parseDialogue(text.replace("AUTH PLAIN ${plain user pass}", "AUTH LOGIN"));
  const judged = await checkTranscript(other, client.transcript, { throwOnFailure: false });
  equal(idOf(judged), "client-line");
});
