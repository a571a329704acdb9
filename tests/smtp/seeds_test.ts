import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { REPLY_CODES } from "../../src/smtp/reply_codes.ts";
import type { SmtpReply } from "../../src/smtp/reply.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { play } from "./scripted_server.ts";
import { greeted, type Scripted, scripted } from "./scripted_session.ts";
import {
  contentOf,
  readMarked,
  readRemarked,
  readSenderReceiver,
  type SeedLine,
  toScript,
} from "./seed_reader.ts";

const page = (name: string): string => Deno.readTextFileSync(`tests/fixtures/seeds/${name}.txt`);
const PAGES = {
  sina: page("sina"),
  sinaIndented: page("sina_indented"),
  codes: page("codes"),
  rfc821: page("rfc821"),
  postfix: page("postfix_winmail"),
};
const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

const clientLines = (lines: readonly SeedLine[]): number =>
  lines.filter(({ end }) => end === "C").length;
const unbase64 = (text: string): string => new TextDecoder().decode(Uint8Array.fromBase64(text));

/** What the page leaves out, and every session of ours says. */
function withEhlo(lines: readonly SeedLine[], ...offered: string[]): SeedLine[] {
  const greeting = lines[0]?.text.startsWith("220") ? lines.slice(0, 1) : [
    { end: "S", text: "220 ready" } as const,
  ];
  const replies = ["mx.example", ...offered].map((text, index): SeedLine => ({
    end: "S",
    text: `250${index < offered.length ? "-" : " "}${text}`,
  }));
  return [
    ...greeting,
    { end: "C", text: "EHLO client.example" },
    ...replies,
    ...lines.slice(lines[0]?.text.startsWith("220") ? 1 : 0),
  ];
}

Deno.test("the pages hold the lines that they are known for", PURE, () => {
  const counts = [
    readMarked(PAGES.sina),
    readMarked(PAGES.sinaIndented),
    readSenderReceiver(PAGES.rfc821),
    readRemarked(PAGES.postfix),
  ]
    .map((lines) => [clientLines(lines), lines.length - clientLines(lines)]);
  deepEqual(counts, [[9, 9], [9, 9], [8, 6], [18, 20]]);
  deepEqual(readMarked(PAGES.codes), []);
});

Deno.test.each([
  ["sina", PAGES.sina],
  ["sina, indented", PAGES.sinaIndented],
])("SmtpSession runs the session of %s: AUTH LOGIN and one mail", PURE, async (_, text) => {
  // The page's second 235 answers nothing: without it, and with the EHLO that it does not say.
  const lines = withEhlo(
    readMarked(text).filter(({ text }) => !text.startsWith("235 #")),
    "AUTH LOGIN",
    "8BITMIME",
  );
  const user = unbase64("c2FtcGxlc0BtYWlsLmV4");
  const password = "pencil";
  const script = toScript(lines).replace("C: xxxxxxxx", `C: ${btoa(password)}`);
  const { connection, done } = play(script);
  const session = new SmtpSession(connection, { host: "mx.example", name: "client.example" });
  equal((await session.readGreeting()).text, "smtp ready");
  await session.ehlo();
  const credentials = { user, password: new Secret(password) };
  const { reply } = await session.auth(credentials, { allowCleartextAuth: true });
  equal(`${reply}`, "235 go ahead");
  const envelope = {
    from: "sample01@a.example",
    to: ["friendly@b.example"],
    policy: "all",
  } as const;
  const receipt = await session.send(envelope, contentOf(lines));
  equal(receipt.outcome, "accepted");
  equal(receipt.reply?.text, "ok:  Message 1234567890 accepted");
  equal(receipt.queueId, "1234567890");
  session.close();
  await done;
});

Deno.test("SmtpSession does not take the page's second 235 for an answer [S13]", PURE, async () => {
  const lines = withEhlo(readMarked(PAGES.sina), "AUTH LOGIN");
  const script = toScript(
    lines.slice(0, lines.findIndex(({ text }) => text.startsWith("235 #")) + 1),
  );
  await using made = scripted(`${script.replace("C: xxxxxxxx", "C: *")}\n<eof>`);
  await made.session.readGreeting();
  await made.session.ehlo();
  await made.session.auth(
    { user: unbase64("c2FtcGxlc0BtYWlsLmV4"), password: new Secret("pencil") },
    { allowCleartextAuth: true },
  );
  await rejects(made.session.mail("sample01@a.example"), { name: "ProtocolError" });
  await made.done;
});

Deno.test(
  "SmtpSession runs the example of RFC 821, one recipient refused [S34]",
  PURE,
  async () => {
    const lines = withEhlo(readSenderReceiver(PAGES.rfc821), "8BITMIME", "SMTPUTF8");
    const { connection, done } = play(toScript(lines));
    const session = new SmtpSession(connection, { host: "mx.example", name: "client.example" });
    await session.readGreeting();
    await session.ehlo();
    const to = ["Jones@Beta.ARPA", "Green@Beta.ARPA", "Brown@Beta.ARPA"];
    const content = contentOf(lines);
    equal(content, "Blah blah blah...\r\n..等等\r\n"); // one dot less than on the wire
    const envelope = { from: "Smith@Alpha.ARPA", to, policy: "any" } as const;
    const receipt = await session.send(envelope, content);
    equal(receipt.outcome, "partial");
    deepEqual(receipt.accepted.map(({ recipient }) => `${recipient}`), [
      "Jones@beta.arpa",
      "Brown@beta.arpa",
    ]);
    deepEqual(receipt.rejected.map(({ reply }) => `${reply}`), ["550 No such user here"]);
    session.close();
    await done;
  },
);

Deno.test(
  "SmtpSession runs the session with Postfix: HELO, EHLO, AUTH LOGIN, one mail, QUIT",
  PURE,
  async () => {
    const lines = readRemarked(PAGES.postfix);
    const { connection, done } = play(toScript(lines));
    const session = new SmtpSession(connection, { host: "mx.example", name: "one.test" });
    equal((await session.readGreeting()).text, "localhost ESMTP Postfix - by ExtMail");
    equal((await session.helo()).text, "localhost");
    equal(session.capabilities.pipelining, false);
    await session.ehlo();
    const { capabilities } = session;
    equal(capabilities.size, 102_400_000);
    deepEqual(capabilities.auth, ["LOGIN", "PLAIN"]);
    for (const word of ["PIPELINING", "VRFY", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN"]) {
      ok(capabilities.has(word), word);
    }
    session.mask("AUTH PLAIN");
    const { reply } = await session.auth(
      { user: "annie@mx.example", password: new Secret("opensez") },
      { allowCleartextAuth: true },
    );
    equal(`${reply}`, "235 authentication successfully");
    const receipt = await session.send(
      { from: "test1@domain.test", to: ["test2@domain.test"], policy: "any" },
      contentOf(lines),
    );
    equal(receipt.outcome, "accepted");
    equal(receipt.queueId, "2F6DE3929");
    equal((await session.quit())?.text, "Bye");
    await done;
  },
);

Deno.test(
  "SmtpSession runs the session with Postfix to its other end: a refused login",
  PURE,
  async () => {
    const { connection, done } = play(toScript(readRemarked(PAGES.postfix, true)));
    const session = new SmtpSession(connection, { host: "mx.example", name: "one.test" });
    await session.readGreeting();
    await session.helo();
    await session.ehlo();
    session.mask("AUTH PLAIN");
    const { reply, tried } = await session.auth(
      { user: "annie@mx.example", password: new Secret("opensez") },
      { allowCleartextAuth: true },
    );
    equal(`${reply}`, "535 authentication failed");
    deepEqual(tried, ["LOGIN"]);
    equal(session.authenticated, undefined);
    session.close();
    await done;
  },
);

/** The words that stand for a command or an extension, one to a line, of two pages. */
function namedCommands(): string[] {
  const alone = PAGES.codes.split("\n").filter((line) => /^[A-Z ]+$/.test(line));
  const explained = PAGES.rfc821.split("\n").flatMap((line) => /^[A-Z]{4}/.exec(line)?.[0] ?? []);
  const words = new Set([...alone, ...explained].map((name) => name.split(" ")[0] ?? ""));
  words.delete("SMTP"); // a heading
  return [...words].sort();
}

type Run = (made: Scripted) => Promise<unknown>;
const SMALL = "Subject: hi\r\n";
const ANN = { from: "ann@client.example", to: ["bob@mx.example"], policy: "any" } as const;
const SENDING =
  "C~ MAIL\nC~ RCPT\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: Subject: hi\nC: .\nS: 250 ok";

/** Each of them: what the server offers and hears, and what we do. */
const COMMANDS: Readonly<Record<string, [string, string, Run]>> = {
  ATRN: [
    "ATRN, AUTH PLAIN",
    "C~ AUTH\nS: 235 in\nC: ATRN example.org,example.com\nS: 250 now reversing\n<eof>",
    async ({ session }) => {
      const credentials = { user: "ann", password: new Secret("pencil") };
      await session.auth(credentials, { allowCleartextAuth: true });
      const { connection } = await session.atrn(["example.org", "example.com"]);
      connection?.close();
    },
  ],
  CHUNKING: [
    "CHUNKING",
    "C~ MAIL\nS: 250 ok\nC~ RCPT\nS: 250 ok\nC: BDAT 13 LAST\nC: Subject: hi\nS: 250 ok",
    ({ session }) => session.send(ANN, SMALL, { chunking: true }),
  ],
  DATA: [
    "",
    "C: DATA\nS: 354 go\nC: Subject: hi\nC: .\nS: 250 ok",
    ({ session }) => session.data(SMALL),
  ],
  DSN: [
    "DSN",
    "C: MAIL FROM:<ann@client.example> RET=HDRS\nS: 250 ok",
    ({ session }) => session.mail("ann@client.example", { ret: "HDRS" }),
  ],
  EHLO: ["", "C: EHLO client.example\nS: 250 mx", ({ session }) => session.ehlo()],
  ETRN: [
    "ETRN",
    "C: ETRN example.org\nS: 253 3 pending messages",
    ({ session }) => session.etrn("example.org"),
  ],
  EXPN: ["", "C: EXPN staff\nS: 250 Joe <joe@mx>", ({ session }) => session.expn("staff")],
  HELO: ["", "C: HELO client.example\nS: 250 mx", ({ session }) => session.helo()],
  HELP: ["", "C: HELP mail\nS: 214 see RFC 5321", ({ session }) => session.help("mail")],
  MAIL: ["", "C: MAIL FROM:<>\nS: 250 ok", ({ session }) => session.mail(null)],
  NOOP: ["", "C: NOOP\nS: 250 ok", ({ session }) => session.noop()],
  PIPELINING: ["PIPELINING", SENDING, ({ session }) => session.send(ANN, SMALL)],
  QUIT: ["", "C: QUIT\nS: 221 bye", ({ session }) => session.quit()],
  RCPT: [
    "",
    "C: RCPT TO:<Postmaster>\nS: 250 ok",
    ({ session }) => session.rcpt("Postmaster"),
  ],
  RSET: ["", "C: RSET\nS: 250 ok", ({ session }) => session.rset()],
  SIZE: [
    "SIZE 1000",
    "C: MAIL FROM:<> SIZE=1000\nS: 250 ok",
    ({ session }) => session.mail(null, { size: 1000 }),
  ],
  TURN: [
    "AUTH PLAIN",
    "C~ AUTH\nS: 235 in\nC: TURN\nS: 250 your turn\n<eof>",
    async ({ session }) => {
      const credentials = { user: "ann", password: new Secret("pencil") };
      await session.auth(credentials, { allowCleartextAuth: true });
      const { connection } = await session.turn({ allowTurn: true });
      connection?.close();
    },
  ],
  VRFY: ["", "C: VRFY ted\nS: 252 perhaps", ({ session }) => session.vrfy("ted")],
};

Deno.test("there is a way to say every command that the pages name", PURE, () => {
  deepEqual(namedCommands().filter((name) => !(name in COMMANDS)), []);
  deepEqual(Object.keys(COMMANDS).filter((name) => !namedCommands().includes(name)), []);
});

Deno.test.each(Object.entries(COMMANDS).map(([name, row]) => [name, ...row] as const))(
  "SmtpSession says %s as the pages name it",
  PURE,
  async (_, offered, script, run) => {
    await using made = await greeted(offered, script);
    await run(made);
    made.session.close();
    await made.done;
  },
);

/** The reply codes of the list, with their texts; two stand on one line. */
function namedCodes(text: string): Map<number, string> {
  const codes = new Map<number, string>();
  for (const line of text.split("\n")) {
    if (!/^\s*[2-5]\d\d[ \u00a0]+[A-Z<]/.test(line)) continue;
    for (
      const [, code, words] of line.matchAll(
        /([2-5]\d\d)[ \u00a0]+(.*?)(?=[2-5]\d\d[ \u00a0]+C|$)/g,
      )
    ) {
      codes.set(Number(code), words ?? "");
    }
  }
  return codes;
}

type Answered = (session: SmtpSession) => Promise<SmtpReply | undefined>;
const rcpt: Answered = (session) => session.rcpt("bob@mx.example");
const mail: Answered = (session) => session.mail("ann@client.example");

/** For each code a command that it fits, and what it means. */
const CODES: Readonly<Record<number, [SmtpReply["class"], string, Answered]>> = {
  211: ["ok", "C: HELP", (session) => session.help()],
  214: ["ok", "C: HELP", (session) => session.help()],
  220: ["ok", "", (session) => session.readGreeting()],
  221: ["ok", "C: QUIT", (session) => session.quit()],
  250: ["ok", "C: NOOP", (session) => session.noop()],
  251: ["ok", "C~ RCPT", rcpt],
  252: ["ok", "C: VRFY bob", (session) => session.vrfy("bob")],
  354: ["continue", "C: DATA", (session) => session.data(SMALL).then(() => session.lastReply)],
  421: ["transient", "C: NOOP", (session) => session.noop()],
  450: ["transient", "C~ RCPT", rcpt],
  451: ["transient", "C~ RCPT", rcpt],
  452: ["transient", "C~ RCPT", rcpt],
  455: ["transient", "C~ MAIL", mail],
  500: ["permanent", "C: XFOO", (session) => session.command("XFOO")],
  501: ["permanent", "C: VRFY bob", (session) => session.vrfy("bob")],
  502: ["permanent", "C: EXPN staff", (session) => session.expn("staff")],
  503: ["permanent", "C~ RCPT", rcpt],
  504: ["permanent", "C: HELP x", (session) => session.help("x")],
  550: ["permanent", "C~ RCPT", rcpt],
  551: ["permanent", "C~ RCPT", rcpt],
  552: ["permanent", "C~ MAIL", mail],
  553: ["permanent", "C~ RCPT", rcpt],
  554: ["permanent", "", (session) => session.readGreeting()],
  555: ["permanent", "C~ MAIL", mail],
};

Deno.test("there is a command for every reply code that the pages name", PURE, () => {
  for (const text of [PAGES.codes, PAGES.sina, PAGES.sinaIndented]) {
    const named = [...namedCodes(text).keys()].sort();
    deepEqual(named, Object.keys(CODES).map(Number));
    const known: readonly number[] = Object.values(REPLY_CODES);
    deepEqual(named.filter((code) => !known.includes(code)), []);
  }
});

Deno.test.each(Object.entries(CODES).map(([code, row]) => [Number(code), ...row] as const))(
  "SmtpReply %d is %s, as the pages tell it",
  PURE,
  async (code, kind, said, ask) => {
    const text = namedCodes(PAGES.codes).get(code) ?? "";
    const reply = `S: ${code} ${text}`;
    await using made = said === "" ? scripted(reply) : await greeted(
      "",
      code === 354 ? `${said}\n${reply}\nC~ Subject\nC: .\n${reply}` : `${said}\n${reply}`,
    );
    const answer = await ask(made.session).catch((error) => {
      // 354 answers DATA and nothing else: to the content it is a breach.
      if (code !== 354) throw error;
      return made.session.lastReply;
    });
    equal(answer?.code, code);
    equal(answer.class, kind);
    equal(answer.text, text.trimEnd());
    equal(made.session.usable, ![221, 354, 421].includes(code));
  },
);
