import { deepEqual, equal, rejects } from "node:assert/strict";
import type { SmtpReply } from "../../src/smtp/reply.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import type { Endpoint } from "../../src/wire/mod.ts";
import { settle } from "../fake_clock.ts";
import { play } from "./scripted_server.ts";
import { greeted, passed, type Scripted, scripted } from "./scripted_session.ts";

const LOCAL = { name: "SmtpLocalError" };
const PURE = { permissions: "none" } as const;

/** What a session wrote since EHLO. */
function said({ heard }: Scripted): string {
  return heard().replace(/^[EL]HLO client\.example\r\n/, "");
}

interface Row {
  readonly line: string;
  readonly offered?: string;
  readonly call: (session: SmtpSession) => Promise<SmtpReply>;
}

Deno.test.each<Row>([
  { line: "EHLO other.example", call: (session) => session.ehlo("other.example") },
  { line: "EHLO client.example", call: (session) => session.ehlo() },
  { line: "HELO client.example", call: (session) => session.helo() },
  { line: "MAIL FROM:<ann@mail.example>", call: (session) => session.mail("ann@mail.example") },
  { line: "MAIL FROM:<>", call: (session) => session.mail(null) },
  {
    line: "MAIL FROM:<ann@mail.example> SIZE=5",
    offered: "SIZE",
    call: (session) => session.mail("ann@mail.example", { size: 5 }),
  },
  {
    line: "MAIL FROM:<gr\u00c3\u00bc@mail.example> SMTPUTF8",
    offered: "SMTPUTF8",
    call: (session) => session.mail("grü@mail.example"),
  },
  { line: "RCPT TO:<bob@mail.example>", call: (session) => session.rcpt("bob@mail.example") },
  { line: "RCPT TO:<Postmaster>", call: (session) => session.rcpt("postmaster") },
  {
    line: "RCPT TO:<bob@mail.example> NOTIFY=NEVER",
    offered: "DSN",
    call: (session) => session.rcpt("bob@mail.example", { notify: "NEVER" }),
  },
  { line: "RSET", call: (session) => session.rset() },
  { line: "VRFY Ann", call: (session) => session.vrfy("Ann") },
  {
    line: "VRFY ann SMTPUTF8",
    offered: "SMTPUTF8",
    call: (session) => session.vrfy("ann", { utf8: true }),
  },
  {
    line: "VRFY gr\u00c3\u00bc SMTPUTF8",
    offered: "SMTPUTF8",
    call: (session) => session.vrfy("grü"),
  },
  { line: "EXPN staff", call: (session) => session.expn("staff") },
  { line: "HELP", call: (session) => session.help() },
  { line: "HELP RCPT", call: (session) => session.help("RCPT") },
  { line: "NOOP", call: (session) => session.noop() },
  { line: "NOOP are you there", call: (session) => session.noop("are you there") },
  { line: "ETRN @mail.example", offered: "ETRN", call: (session) => session.etrn("@mail.example") },
  { line: "xmine  a b", call: (session) => session.command("xmine  a b") },
])("SmtpSession says $line", PURE, async ({ line, offered = "", call }) => {
  await using made = await greeted(offered, "C: *\nS: 250-2.0.0 one\nS: 250 2.0.0 two");
  const reply = await call(made.session);
  deepEqual([reply.code, reply.text], [250, "one\ntwo"]);
  equal(new TextDecoder("latin1").decode(new TextEncoder().encode(said(made))), `${line}\r\n`);
  await made.done;
});

Deno.test.each([
  { code: 252 },
  { code: 259 },
  { code: 421 },
  { code: 450 },
  { code: 477 },
  { code: 502 },
  { code: 550 },
])("SmtpSession gives a $code as a value", PURE, async ({ code }) => {
  await using made = await greeted("", `C: VRFY ann\nS: ${code} so it is`);
  const reply = await made.session.vrfy("ann");
  deepEqual([reply.code, reply.ok], [code, code < 300]);
  equal(made.session.usable, code !== 421);
  equal(made.session.lastReply, reply);
});

Deno.test.each([
  { code: 220, call: "noop" },
  { code: 221, call: "noop" },
  { code: 235, call: "noop" },
  { code: 334, call: "noop" },
  { code: 354, call: "noop" },
  { code: 220, call: "ehlo" },
  { code: 334, call: "ehlo" },
  { code: 354, call: "ehlo" },
  { code: 354, call: "mail" },
  { code: 220, call: "mail" },
  { code: 354, call: "rcpt" },
  { code: 354, call: "rset" },
])("SmtpSession takes $code to $call for a breach [T-R16] [S40]", PURE, async ({ code, call }) => {
  await using made = await greeted("", `C: *\nS: ${code} odd\n<eof>`);
  const { session } = made;
  const attempt = call === "noop"
    ? session.noop()
    : call === "ehlo"
    ? session.ehlo()
    : call === "mail"
    ? session.mail(null)
    : call === "rcpt"
    ? session.rcpt("bob@mail.example")
    : session.rset();
  await rejects(attempt, {
    name: "ProtocolError",
    host: "mx.example",
    lastReply: `${code} odd`,
    message: new RegExp(`^Cannot take "${code} odd" as the answer to `),
  });
  equal(session.usable, false);
  await rejects(session.noop(), { name: "ProtocolError" });
  await made.done;
});

Deno.test("SmtpSession.command() takes codes that the caller expects", PURE, async () => {
  await using made = await greeted(
    "",
    `C: XCLIENT ADDR=192.0.2.1
     S: 220 mx.example again
     C: XASK
     S: 354 go on
     C: XASK
     S: 334 again`,
  );
  equal((await made.session.command("XCLIENT ADDR=192.0.2.1", { expect: [220] })).code, 220);
  equal((await made.session.command("XASK", { expect: [354] })).code, 354);
  await rejects(made.session.command("XASK", { expect: [354] }), { name: "ProtocolError" });
});

Deno.test("SmtpSession.command() shows a marked line by its stand-in [S86]", PURE, async () => {
  await using made = await greeted("", "C: XLOGIN ann hunter2\nS: 250 hello");
  await made.session.command("XLOGIN ann hunter2", { shown: "XLOGIN ann ${hidden}" });
  deepEqual(made.transcript().slice(-2), ["C: XLOGIN ann ${hidden}", "S: 250 hello"]);
  equal(JSON.stringify(made.events).includes("hunter2"), false);
});

Deno.test.each([
  { verb: "EHLO", method: "ehlo" },
  { verb: "helo", method: "helo" },
  { verb: "LHLO", method: "lhlo" },
  { verb: "StartTls", method: "startTls" },
  { verb: "AUTH", method: "auth" },
  { verb: "DATA", method: "data" },
  { verb: "BDAT", method: "bdat" },
  { verb: "RSET", method: "rset" },
  { verb: "QUIT", method: "quit" },
  { verb: "ATRN", method: "atrn" },
  { verb: "TURN", method: "turn" },
])("SmtpSession.command() leaves $verb to its method", PURE, async ({ verb, method }) => {
  await using made = await greeted("", "<eof>");
  await rejects(made.session.command(`${verb} hunter2`), {
    name: "SmtpLocalError",
    message: `Cannot say ${verb.toUpperCase()}: it has a method of its own: ${method}()`,
  });
  equal(said(made), "");
  equal(made.session.usable, true);
});

Deno.test(
  "SmtpSession rejects control characters before an octet is written [S85] [T-I22]",
  PURE,
  async () => {
    const offered = "SMTPUTF8, ETRN, ATRN, DSN, AUTH PLAIN, SIZE";
    await using made = await greeted(offered, "C: NOOP\nS: 250 ok");
    const { session } = made;
    for (const control of ["\r\n", "\r", "\n", "\0", "\t", "\x1b", "\x7f"]) {
      const text = `a${control}QUIT`;
      const attempts: (() => Promise<unknown>)[] = [
        () => session.ehlo(text),
        () => session.helo(text),
        () => session.mail(`${text}@mail.example`),
        () => session.mail(null, { envid: text }),
        () => session.mail(null, { auth: text }),
        () => session.mail(null, { other: [{ keyword: "X", value: text }] }),
        () => session.rcpt(`${text}@mail.example`),
        () => session.rcpt("bob@mail.example", { orcpt: { address: text } }),
        () => session.vrfy(text),
        () => session.vrfy(text, { utf8: true }),
        () => session.expn(text),
        () => session.help(text),
        () => session.noop(text),
        () => session.etrn(text),
        () => session.command(text),
        () => session.command(`NOOP ${text}`),
        () => session.send({ from: null, to: [`${text}@mail.example`], policy: "any" }, "x"),
      ];
      // A rejection, never an exception in the caller's face.
      for (const attempt of attempts) await rejects(attempt());
    }
    equal(said(made), "");
    equal((await session.noop()).code, 250);
  },
);

Deno.test("SmtpSession asks for UTF-8 only where it is offered", PURE, async () => {
  await using made = await greeted("8BITMIME", "<eof>");
  const { session } = made;
  await rejects(session.vrfy("grü"), LOCAL);
  await rejects(session.vrfy("ann", { utf8: true }), LOCAL);
  await rejects(session.expn("grü"), LOCAL);
  await rejects(session.vrfy("grü", { utf8: false }), { name: "SyntaxError" });
  await rejects(session.help("grü"), { name: "SyntaxError" });
  await rejects(session.noop("grü"), { name: "SyntaxError" });
  await rejects(session.mail("grü@mail.example"), { ...LOCAL, enhanced: "5.6.7" });
  equal(said(made), "");
});

Deno.test(
  "SmtpSession.rcpt() needs what MAIL has said for a mailbox outside ASCII [S54]",
  PURE,
  async () => {
    await using made = await greeted(
      "SMTPUTF8",
      `C: MAIL FROM:<>
     S: 250 ok
     C: RSET
     S: 250 ok
     C: MAIL FROM:<> SMTPUTF8
     S: 250 ok
     C~ RCPT TO:<gr
     S: 250 ok`,
    );
    const { session } = made;
    await session.mail(null);
    await rejects(session.rcpt("grü@mail.example"), LOCAL);
    await session.rset();
    await session.mail(null, { smtpUtf8: true });
    equal((await session.rcpt("grü@mail.example")).code, 250);
  },
);

Deno.test("SmtpSession asks only for what is offered, by hand too", PURE, async () => {
  await using made = await greeted("PIPELINING", "<eof>");
  const { session } = made;
  const attempts = [
    session.mail(null, { size: 1 }),
    session.mail(null, { body: "8BITMIME" }),
    session.mail(null, { requireTls: true }),
    session.mail(null, { ret: "FULL" }),
    session.rcpt("bob@mail.example", { notify: "NEVER" }),
    session.etrn("mail.example"),
    session.bdat(new Uint8Array(1)),
    session.turn({ allowTurn: true }),
    session.turn({ allowTurn: false }),
    session.atrn(),
  ];
  for (const attempt of attempts) await rejects(attempt, LOCAL);
  equal(said(made), "");
});

Deno.test(
  "SmtpSession wants EHLO before MAIL and RCPT, raw ones included [S61]",
  PURE,
  async () => {
    await using made = scripted("S: 220 mx.example\n<eof>");
    const { session } = made;
    await session.readGreeting();
    const message = "Cannot send mail yet: say EHLO first, and again after STARTTLS";
    await rejects(session.mail(null), { ...LOCAL, message });
    await rejects(session.rcpt("bob@mail.example"), LOCAL);
    await rejects(session.command("MAIL FROM:<>"), LOCAL);
    await rejects(
      session.send({ from: null, to: ["bob@mail.example"], policy: "any" }, "x"),
      LOCAL,
    );
    equal(made.heard(), "");
  },
);

Deno.test("SmtpSession speaks LMTP with LHLO, and SMTP without", PURE, async () => {
  await using lmtp = await greeted("", "<eof>", { protocol: "lmtp" });
  equal(lmtp.heard(), "LHLO client.example\r\n");
  await rejects(lmtp.session.ehlo(), { ...LOCAL, message: /LHLO/ });
  await rejects(lmtp.session.helo(), LOCAL);
  await using smtp = await greeted("", "<eof>");
  await rejects(smtp.session.lhlo(), LOCAL);
  equal(smtp.heard(), "EHLO client.example\r\n");
});

Deno.test("SmtpSession knows whether a transaction is open", PURE, async () => {
  await using made = await greeted(
    "",
    `C: MAIL FROM:<>
     S: 550 no
     C: MAIL FROM:<>
     S: 250 ok
     C: RSET
     S: 250 ok
     C: MAIL FROM:<>
     S: 250 ok
     C: EHLO client.example
     S: 250 ok
     C: MAIL FROM:<> X=1
     S: 250 ok`,
  );
  const { session } = made;
  await session.mail(null);
  equal(session.open, false);
  await session.mail(null);
  equal(session.open, true);
  await session.rset();
  equal(session.open, false);
  await session.mail(null);
  await session.ehlo();
  equal(session.open, false);
  await session.command("MAIL FROM:<> X=1");
  equal(session.open, true);
});

Deno.test("SmtpSession is over when RSET fails [S37]", PURE, async () => {
  await using made = await greeted("", "C: RSET\nS: 502 what\n<eof>");
  const { session } = made;
  equal((await session.rset()).code, 502);
  equal(session.usable, false);
  await rejects(session.noop(), {
    name: "ProtocolError",
    message: 'Cannot begin anew: RSET was answered "502 what"',
  });
  await made.done;
});

Deno.test("SmtpSession serves calls in their order [S23]", PURE, async () => {
  await using made = await greeted(
    "ETRN",
    `C: NOOP
     S: 250 first
     C: VRFY ann
     S: 252 second
     C: EHLO client.example
     S: 250 third
     C: HELP
     S: 214 fourth`,
  );
  const { session } = made;
  const replies = await Promise.allSettled([
    session.noop(),
    session.vrfy("ann"),
    session.ehlo(),
    session.etrn("mail.example"), // not offered any more when its turn comes
    session.help(),
  ]);
  const seen = replies.map((end) => end.status === "fulfilled" ? end.value.text : end.reason.name);
  deepEqual(seen, ["first", "second", "third", "SmtpLocalError", "fourth"]);
});

Deno.test("SmtpSession forgets what it was told by HELO", PURE, async () => {
  await using made = await greeted(
    "SIZE 10, AUTH PLAIN",
    "C: HELO client.example\nS: 250-a\nS: 250 SIZE 5",
  );
  await made.session.helo();
  deepEqual(made.session.capabilities.lines, []);
  deepEqual(made.session.offered.lines, []);
});

Deno.test("SmtpSession.mask() only takes away, at once and after EHLO", PURE, async () => {
  await using made = await greeted(
    "PIPELINING, AUTH PLAIN LOGIN, SIZE 10",
    "C: EHLO client.example\nS: 250-mx\nS: 250-PIPELINING\nS: 250-AUTH PLAIN LOGIN CRAM-MD5\nS: 250 CHUNKING",
    { without: ["size"] },
  );
  const { session } = made;
  deepEqual(session.capabilities.lines, ["PIPELINING", "AUTH PLAIN LOGIN"]);
  deepEqual(session.offered.lines, ["PIPELINING", "AUTH PLAIN LOGIN", "SIZE 10"]);
  session.mask("pipelining", "AUTH login", "SMTPUTF8");
  deepEqual(session.capabilities.lines, ["AUTH PLAIN"]);
  await session.ehlo();
  deepEqual(session.capabilities.lines, ["AUTH PLAIN CRAM-MD5", "CHUNKING"]);
  await rejects(session.mail(null, { size: 1 }), LOCAL);
});

Deno.test("SmtpSession introduces itself by the address of its end [S72]", PURE, async () => {
  const cases: [Endpoint, string][] = [
    [{ transport: "tcp", hostname: "192.0.2.7", port: 1 }, "[192.0.2.7]"],
    [{ transport: "tcp", hostname: "::1", port: 1 }, "[IPv6:::1]"],
    [{ transport: "tcp", hostname: "::ffff:1.2.3.4", port: 1 }, "[1.2.3.4]"],
    [{ transport: "tcp", hostname: "fe80::1%eth0", port: 1 }, "[IPv6:fe80::1]"],
    [{ transport: "unix", path: "/run/x" }, "[127.0.0.1]"],
    [{ transport: "memory" }, "[127.0.0.1]"],
  ];
  for (const [local, name] of cases) {
    const { connection, done } = play(`C: EHLO ${name}\nS: 250 ok`);
    const session = new SmtpSession({ ...passed(connection), local }, { host: "mx.example" });
    await session.ehlo();
    await done;
    session.close();
  }
});

Deno.test("SmtpSession.quit() says QUIT once and closes, whatever comes [S22]", PURE, async () => {
  for (
    const end of ["S: 221 bye", "S: 500 what", "S: garbage", "<close>", "S: 250 one\nS: 250 two"]
  ) {
    await using made = await greeted("", `C: QUIT\n${end}`);
    const reply = await made.session.quit();
    equal(
      reply?.code,
      /S: (221|500|250)/.exec(end)?.[1] === undefined ? undefined : Number(end.slice(3, 6)),
    );
    equal(made.session.usable, false);
    equal(await made.session.quit(), undefined);
    await made.done;
    equal(said(made), "QUIT\r\n");
  }
});

Deno.test(
  "SmtpSession says QUIT when its scope is left, and never throws then [S22]",
  PURE,
  async () => {
    const made = await greeted("", "C: QUIT\nS: 221 bye\n<eof>");
    {
      await using _session = made.session;
    }
    await made.done;
    await made.session[Symbol.asyncDispose]();
    const gone = await greeted("", "<close>");
    await gone.done;
    await gone.session[Symbol.asyncDispose]();
    // In the middle of something QUIT would be taken for something else.
    const busy = await greeted("", "C: NOOP\n<eof>");
    const waiting = rejects(busy.session.noop(), { name: "ClosedError" });
    await settle();
    await busy.session[Symbol.asyncDispose]();
    await waiting;
    await busy.done;
    equal(said(busy), "NOOP\r\n");
  },
);

Deno.test("SmtpSession ends a call with the reason of its signal [S24] [D15]", PURE, async () => {
  const reason = new Error("the user has gone");
  await using made = await greeted("", "C: NOOP\n<eof>");
  const ending = new AbortController();
  const waiting = rejects(
    made.session.noop("", { signal: ending.signal }),
    (error) => error === reason,
  );
  await settle();
  ending.abort(reason);
  await waiting;
  equal(made.session.usable, false);
  await rejects(made.session.help(), (error) => error === reason);
  await made.done;
  await using quitting = await greeted("", "C: QUIT\n<eof>");
  const leaving = new AbortController();
  const left = rejects(
    quitting.session.quit({ signal: leaving.signal }),
    (error) => error === reason,
  );
  await settle();
  leaving.abort(reason);
  await left;
});

Deno.test("SmtpSession says nothing for a call whose signal has fired before", PURE, async () => {
  await using made = await greeted("", "<eof>");
  const signal = AbortSignal.abort(new Error("too late"));
  await rejects(made.session.noop("", { signal }), { message: "too late" });
  equal(said(made), "");
});

Deno.test("SmtpSession refuses lines that nobody asked for [T-A14]", PURE, async () => {
  await using made = await greeted(
    "",
    "C: NOOP\nS: 250 ok\nS: 250-extra\nS: 250 AUTH PLAIN\n<eof>",
  );
  await made.session.noop();
  await rejects(made.session.mail(null), {
    name: "ProtocolError",
    message: /^Cannot go on: unsolicited data from the server/,
  });
  equal(said(made), "NOOP\r\n");
});
