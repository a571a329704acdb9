import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { SmtpSession } from "../../src/smtp/session.ts";
import {
  ClosedError,
  type Connection,
  memoryPair,
  ProtocolError,
  TimeoutError,
} from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { mailTo } from "./deliveries.ts";
import { play } from "./scripted_server.ts";
import { greeted, scripted } from "./scripted_session.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

/** What a promise was rejected with. */
async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was not rejected");
}

Deno.test(
  "SmtpSession tells how far a reply came before the end of the stream [S8]",
  PURE,
  async () => {
    await using made = scripted("C: HELP\nS| 214-first\\r\\n214-sec\\x1bond\\r\\n21\n<close>");
    const error = await reasonOf(made.session.help());
    ok(error instanceof ClosedError);
    equal(error.partial, "214-first / 214-sec\\x1bond / 21");
    match(error.message, /"mx\.example" closed the connection after "214-first \/ 214-sec\\x1bond/);
    equal(made.session.usable, false);
  },
);

Deno.test(
  "SmtpSession says at once that the server closed, and its last reply [S15]",
  PURE,
  async () => {
    // No timer runs: only the end of the stream can end this.
    await using made = scripted("S: 220 mx.example ready\nC: NOOP\nS: 250 fine\nC: NOOP\n<close>", {
      clock: new FakeClock(),
    });
    await made.session.readGreeting();
    await made.session.noop();
    const error = await reasonOf(made.session.noop());
    ok(error instanceof ClosedError);
    equal(error.lastReply, "250 fine");
    equal(error.host, "mx.example");
    equal(error.stage, "noop");
    deepEqual(error.transcript?.slice(-2), ["S: 250 fine", "C: NOOP"]);
  },
);

Deno.test(
  "SmtpSession gives the same reason to whoever asks after the end [S17]",
  PURE,
  async () => {
    await using made = scripted("C: NOOP\n<close>");
    const first = await reasonOf(made.session.noop());
    const reads = made.session.turns.reads;
    equal(await reasonOf(made.session.noop()), first);
    equal(await reasonOf(made.session.help()), first);
    equal(made.session.turns.reads, reads); // and nobody has tried to read again
    equal(await made.session.quit(), undefined);
  },
);

Deno.test.each([
  ["another reply", "S: 250 stray"],
  ["a whole session", "S: 250 stray\nS: 250 stray\nS: 354 stray\nS: 250 stray"],
  ["an unfinished line", "S| 250 str"],
  ["an unfinished reply", "S: 250-stray"],
  ["a blank line", "S| \\r\\n"],
  ["a farewell and more", "S: 421 closing\nS: 250 stray"],
])(
  "SmtpSession takes %s that nobody asked for as a breach, and writes nothing more [S13] [T-R07]",
  PURE,
  async (_, stray) => {
    await using made = scripted(`C: NOOP\nS: 250 fine\n${stray}\n<eof>`);
    equal((await made.session.noop()).text, "fine");
    const error = await reasonOf(made.session.noop());
    if (stray.includes("421")) ok(error instanceof ClosedError);
    else {
      ok(error instanceof ProtocolError);
      match(error.message, /^Cannot go on: unsolicited data from the server/);
    }
    equal(made.session.usable, false);
    await made.done; // the server saw the end, not a second NOOP
  },
);

Deno.test(
  "SmtpSession ends in good order with 421 between commands [S13] [T-R09]",
  PURE,
  async () => {
    await using made = scripted(`
    C: NOOP
    S: 250 fine
    S: 421 4.3.2 shutting down
    <eof>`);
    await made.session.noop();
    const error = await reasonOf(made.session.noop());
    ok(error instanceof ClosedError);
    equal(error.temporary, true);
    equal(error.lastReply, "421 4.3.2 shutting down");
    equal(await made.session.quit(), undefined); // no QUIT, no RSET
    await made.done;
  },
);

Deno.test(
  "SmtpSession believes nothing of a session that is played at connect [T-R08]",
  PURE,
  async () => {
    await using made = scripted(`
    S: 220 mx.example
    S: 250 mx.example
    S: 250 sender
    S: 250 recipient
    S: 354 go
    S: 250 taken
    <eof>`);
    await made.session.readGreeting();
    await rejects(made.session.ehlo(), { name: "ProtocolError" });
    await made.done;
  },
);

Deno.test(
  "SmtpSession takes no reply that came before the content for its answer [T-R08]",
  PURE,
  async () => {
    await using made = await greeted(
      "PIPELINING",
      `
    C: MAIL FROM:<ann@client.example>
    C: RCPT TO:<bob@mx.example>
    C: DATA
    S: 250 sender
    S: 250 recipient
    S: 354 go
    S: 250 taken
    <eof>`,
    );
    const { envelope, content } = mailTo(["bob@mx.example"]);
    await rejects(made.session.send(envelope, content), { name: "ProtocolError" });
    equal(made.session.lastReceipt?.outcome, "not-sent");
    await made.done;
  },
);

Deno.test("SmtpSession is dead after a limit ran out: no RSET, no QUIT [S14]", PURE, async () => {
  const clock = new FakeClock();
  await using made = scripted("C: NOOP\n<eof>", { clock });
  const waiting = reasonOf(made.session.noop());
  await clock.advance(299_999);
  equal(made.session.usable, true);
  await clock.advance(1);
  const error = await waiting;
  ok(error instanceof TimeoutError);
  equal(error.timer, "reply to NOOP");
  equal(error.limitMs, 300_000);
  equal(made.session.usable, false);
  equal(await reasonOf(made.session.rset()), error);
  equal(await made.session.quit(), undefined);
  await made.done;
  equal(clock.sleeping, 0);
});

Deno.test(
  "SmtpSession waits for the greeting no longer than for the greeting [T-X12]",
  PURE,
  async () => {
    const clock = new FakeClock();
    await using made = scripted("<eof>", { clock, timers: { greeting: 7_000 } });
    const waiting = reasonOf(made.session.readGreeting());
    await clock.advance(7_000);
    const error = await waiting;
    ok(error instanceof TimeoutError);
    equal(error.stage, "greeting");
    equal(error.limitMs, 7_000);
    await made.done;
  },
);

Deno.test("SmtpSession lets octets that drip in not lengthen the wait [T-X04]", PURE, async () => {
  const clock = new FakeClock();
  const [connection, server] = memoryPair();
  const session = new SmtpSession(connection, { host: "mx.example", name: "c.example", clock });
  const waiting = reasonOf(session.noop());
  const drip = new TextEncoder().encode("250-this n");
  for (const octet of drip) {
    await server.write(Uint8Array.of(octet));
    await clock.advance(30_000); // always in time for an idle timer of a minute
  }
  const error = await waiting;
  ok(error instanceof TimeoutError);
  equal(error.limitMs, 300_000);
  match(error.message, /unread "250-this n"$/);
  server.close();
});

/** A server that says the same for ever, and counts what was taken of it. */
function endless(text: string): { connection: Connection; given: () => number } {
  const [connection] = memoryPair();
  const octets = new TextEncoder().encode(text);
  let given = 0;
  const read = (buffer: Uint8Array): Promise<number> => {
    for (let at = 0; at < buffer.length; at++) {
      buffer[at] = octets[(given + at) % octets.length] ?? 0;
    }
    given += buffer.length;
    return Promise.resolve(buffer.length);
  };
  const { local, remote, security } = connection;
  const write = (): Promise<void> => Promise.resolve();
  const startTls = (): Promise<Connection> => Promise.reject(new Error("no TLS here"));
  return {
    connection: { local, remote, security, read, write, startTls, close: () => connection.close() },
    given: () => given,
  };
}

Deno.test(
  "SmtpSession stops reading a line without end at its limit [S10] [T-X01]",
  PURE,
  async () => {
    const { connection, given } = endless("x");
    const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
    await rejects(session.readGreeting(), { name: "LineTooLongError", limit: 8192 });
    ok(given() <= 16 * 1024, `${given()} octets were read`);
  },
);

Deno.test.each([
  ["of lines", "250-x\r\n"],
  ["of long lines", `250-${"x".repeat(4000)}\r\n`],
])("SmtpSession stops reading a reply without end %s [S10] [T-X02]", PURE, async (_, text) => {
  const { connection, given } = endless(text);
  const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
  await rejects(session.readGreeting(), { name: "ProtocolError" });
  ok(given() <= 64 * 1024, `${given()} octets were read`);
});

Deno.test("SmtpSession shows of an endless line only its beginning [T-X11]", PURE, async () => {
  const { connection } = endless("\x1b[2Jx");
  const lines: string[] = [];
  const session = new SmtpSession(connection, {
    host: "mx.example",
    name: "c.example",
    onEvent: ({ text }) => lines.push(text),
  });
  const error = await reasonOf(session.readGreeting());
  ok(error instanceof ProtocolError);
  ok(error.message.length < 300, error.message);
  ok(lines.every((line) => line.length < 300));
  ok(!error.message.includes("\x1b"));
});

Deno.test.each(
  [
    ["354", "NOOP", (session: SmtpSession) => session.noop()],
    ["354", "RSET", (session: SmtpSession) => session.rset()],
    ["354", "MAIL", (session: SmtpSession) => session.mail(null)],
    ["220", "MAIL", (session: SmtpSession) => session.mail(null)],
    ["334", "VRFY", (session: SmtpSession) => session.vrfy("joe")],
    ["354", "STARTTLS", (session: SmtpSession) => session.startTls()],
    ["250", "STARTTLS", (session: SmtpSession) => session.startTls()],
    ["354", "EHLO", (session: SmtpSession) => session.ehlo()],
    ["250", "DATA", (session: SmtpSession) => session.data("Subject: x\r\n")],
    ["355", "DATA", (session: SmtpSession) => session.data("Subject: x\r\n")],
  ] as const,
)(
  "SmtpSession takes %s to %s as a breach of the protocol [S40] [T-R16]",
  PURE,
  async (code, verb, say) => {
    await using made = await greeted("", `C~ ${verb}\nS: ${code} odd\n<eof>`);
    await rejects(say(made.session), {
      name: "ProtocolError",
      message: `Cannot take "${code} odd" as the answer to ${verb}`,
    });
    equal(made.session.usable, false);
    await made.done; // not an octet of content came
  },
);

Deno.test("SmtpSession serves calls in the order in which they are made [S23]", PURE, async () => {
  const { connection, done } = play(`
    C: NOOP
    S: 250 one
    C: VRFY two
    S: 252 two
    C: HELP
    S: 214 three
    C: QUIT
    S: 221 four`);
  const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
  const replies = await Promise.all([
    session.noop(),
    session.vrfy("two"),
    session.help(),
    session.quit(),
  ]);
  deepEqual(replies.map((reply) => reply?.text), ["one", "two", "three", "four"]);
  await done;
});

Deno.test("SmtpSession serves a call behind one that failed [S23]", PURE, async () => {
  await using made = await greeted("", "C: NOOP\nS: 250 fine");
  const [first, second] = await Promise.allSettled([
    made.session.etrn("example.org"), // not offered
    made.session.noop(),
  ]);
  equal(first?.status, "rejected");
  equal(second?.status, "fulfilled");
});

Deno.test.each([
  ["silence", "C: QUIT\n<eof>"],
  ["a close", "C: QUIT\n<close>"],
  ["garbage", "C: QUIT\nS| \\x00\\xffwhat?\\r\\n\n<eof>"],
  ["a refusal", "C: QUIT\nS: 500 what?\n<eof>"],
])("SmtpSession.quit() is closed after %s, too [S22]", PURE, async (_, script) => {
  const clock = new FakeClock();
  await using made = await greeted("", script, { clock });
  const quitting = made.session.quit();
  await clock.advance(5_000);
  const reply = await quitting;
  equal(reply?.code, script.includes("500") ? 500 : undefined);
  equal(made.session.usable, false);
  await made.done;
});

Deno.test("SmtpSession.quit() gives up a server that does not even read [S22]", PURE, async () => {
  const clock = new FakeClock();
  const [connection, server] = memoryPair({ capacity: 1 });
  await connection.write(Uint8Array.of(120)); // the pipe is full
  const session = new SmtpSession(connection, { host: "mx.example", name: "c.example", clock });
  const quitting = session.quit();
  await clock.advance(5_000);
  equal(await quitting, undefined);
  server.close();
});

Deno.test("SmtpSession says QUIT when its scope ends [S22]", PURE, async () => {
  const { connection, done } = play("S: 220 mx.example\nC: QUIT\n<close>");
  {
    await using session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
    await session.readGreeting();
  }
  await done;
});
