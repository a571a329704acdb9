import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { connectSmtp } from "../../src/smtp/connect.ts";
import { receiptOf } from "../../src/smtp/error_receipt.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { type Connection, memoryPair, TimeoutError } from "../../src/wire/mod.ts";
import { FakeClock, settle } from "../fake_clock.ts";
import { mailTo, SMALL } from "./deliveries.ts";
import { play } from "./scripted_server.ts";
import { greeted } from "./scripted_session.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };
const BOB = ["bob@mx.example"];
const MAIL = "C: MAIL FROM:<ann@client.example>\nS: 250 ok";
const RCPT = "C: RCPT TO:<bob@mx.example>\nS: 250 ok";
const DATA = "C: DATA\nS: 354 go";

/** Content that never comes. */
function never(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: () => new Promise(() => {}) });
}

async function* neverGenerated(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode("Subject: hi\r\n");
  await new Promise(() => {});
}

type Call = (session: SmtpSession, signal: AbortSignal) => Promise<unknown>;
const send: Call = (session, signal) => session.send(mailTo(BOB).envelope, SMALL, { signal });

const STAGES: [string, string, Call][] = [
  ["NOOP", "C: NOOP", (session, signal) => session.noop("", { signal })],
  ["RSET", "C: RSET", (session, signal) => session.rset({ signal })],
  ["QUIT", "C: QUIT", (session, signal) => session.quit({ signal })],
  ["STARTTLS", "C: STARTTLS", (session, signal) => session.startTls({ signal })],
  ["the handshake", "C: STARTTLS\nS: 220 go", (session, signal) => session.startTls({ signal })],
  [
    "AUTH",
    "C~ AUTH",
    (session, signal) =>
      session.auth({ user: "ann", password: new Secret("pencil") }, {
        signal,
        allowCleartextAuth: true,
      }),
  ],
  ["MAIL", "C~ MAIL", send],
  ["RCPT", `${MAIL}\nC~ RCPT`, send],
  ["DATA", `${MAIL}\n${RCPT}\nC: DATA`, send],
  ["the end of the content", `${MAIL}\n${RCPT}\n${DATA}\nC: Subject: hi\nC: .`, send],
  [
    "a stream that gives nothing",
    `${MAIL}\n${RCPT}\n${DATA}`,
    (session, signal) => session.send(mailTo(BOB).envelope, never(), { signal }),
  ],
  [
    "a generator that gives nothing more",
    `${MAIL}\n${RCPT}\n${DATA}`,
    (session, signal) => session.send(mailTo(BOB).envelope, neverGenerated(), { signal }),
  ],
  [
    "a stream by hand",
    `C: DATA\nS: 354 go`,
    (session, signal) => session.data(never(), { signal }),
  ],
];

Deno.test.each(STAGES)(
  "SmtpSession closes the connection and rejects with the reason at an abort: %s [S24]",
  PURE,
  async (_, script, call) => {
    const clock = new FakeClock();
    await using made = await greeted("STARTTLS, AUTH PLAIN", `${script}\n<eof>`, { clock });
    const abort = new AbortController();
    const reason = { "an": "object that is no error" };
    const calling = call(made.session, abort.signal);
    await settle();
    abort.abort(reason);
    await rejects(calling, (thrown) => thrown === reason);
    equal(made.session.usable, false);
    await settle();
    equal(clock.sleeping, 0);
    await rejects(made.session.noop(), (thrown) => thrown === reason);
    if (!script.includes("220")) await made.done; // the marker of TLS cannot tell an end
  },
);

Deno.test("connectSmtp() closes the connection at an abort [S24]", PURE, async () => {
  for (const script of ["<eof>", "S: 220 mx.example\nC: EHLO c.example\n<eof>"]) {
    const { connection, done } = play(script);
    const abort = new AbortController();
    const connecting = connectSmtp({ connection, name: "c.example", signal: abort.signal });
    await settle();
    abort.abort(new Error("enough"));
    await rejects(connecting, { message: "enough" });
    await done;
  }
});

Deno.test(
  "SmtpSession.send() tells by lastReceipt what an abort has left [S24] [T-D01] [T-D02]",
  PURE,
  async () => {
    for (
      const [script, outcome] of [
        [`${MAIL}\n${RCPT}\nC: DATA`, "not-sent"],
        [`${MAIL}\n${RCPT}\n${DATA}\nC: Subject: hi\nC: .`, "in-doubt"],
      ] as const
    ) {
      await using made = await greeted("", `${script}\n<eof>`);
      const abort = new AbortController();
      const sending = send(made.session, abort.signal);
      await settle();
      abort.abort(new Error("enough"));
      await rejects(sending, (error) => receiptOf(error) === undefined); // it is the caller's own
      equal(made.session.lastReceipt?.outcome, outcome);
      await made.done;
    }
  },
);

Deno.test(
  "SmtpSession.sendAll() stops at an abort while its source has nothing",
  PURE,
  async () => {
    await using made = await greeted(
      "",
      `${MAIL}\n${RCPT}\n${DATA}\nC: Subject: hi\nC: .\nS: 250 taken`,
    );
    const abort = new AbortController();
    async function* messages(): AsyncGenerator<ReturnType<typeof mailTo>> {
      yield mailTo(BOB);
      await new Promise(() => {});
    }
    const outcomes: string[] = [];
    const sending = (async () => {
      for await (const { outcome } of made.session.sendAll(messages(), { signal: abort.signal })) {
        outcomes.push(outcome);
      }
    })();
    await settle();
    abort.abort(new Error("enough"));
    await rejects(sending, { message: "enough" });
    deepEqual(outcomes, ["accepted"]);
  },
);

const TIMERS: [string, string, Call][] = [
  ["command", "C: NOOP", (session) => session.noop()],
  ["handshake", "C: STARTTLS\nS: 220 go", (session) => session.startTls()],
  ["mail", "C~ MAIL", send],
  ["rcpt", `${MAIL}\nC~ RCPT`, send],
  ["data", `${MAIL}\n${RCPT}\nC: DATA`, send],
  ["final", `${MAIL}\n${RCPT}\n${DATA}\nC: Subject: hi\nC: .`, send],
];

Deno.test.each(TIMERS)(
  "Timers.%s limits its wait, and no other does [S14]",
  PURE,
  async (name, script, call) => {
    const clock = new FakeClock();
    await using made = await greeted("STARTTLS", `${script}\n<eof>`, {
      clock,
      timers: { [name]: 1234 },
    });
    const calling = call(made.session, new AbortController().signal);
    let over = false;
    const settled = rejects(calling, (error) => {
      ok(error instanceof TimeoutError);
      equal(error.limitMs, 1234);
      equal(error.temporary, true);
      return true;
    }).finally(() => over = true);
    await clock.advance(1233);
    equal(over, false);
    await clock.advance(1);
    await settled;
    equal(made.session.usable, false);
  },
);

Deno.test("Timers.total ends a message whose replies are each in time [S25]", PURE, async () => {
  const clock = new FakeClock();
  const crowd = Array.from({ length: 125 }, (_, i) => `r${i}@mx.example`);
  const [connection, server] = memoryPair();
  const session = new SmtpSession(connection, {
    host: "mx.example",
    name: "c.example",
    clock,
    timers: { total: 3_600_000 },
  });
  const commands = slow(server, clock, 299_000);
  const greeting = session.ehlo();
  await clock.advance(299_000);
  await greeting;
  const sending = rejects(session.send(mailTo(crowd).envelope, SMALL), (error) => {
    ok(error instanceof TimeoutError);
    equal(error.timer, "the whole message");
    const receipt = receiptOf(error);
    equal(receipt?.outcome, "not-sent");
    equal(receipt.rejected.length, 125);
    return true;
  });
  const began = clock.monotonic();
  await clock.advance(3_600_000);
  await sending;
  equal(clock.monotonic() - began, 3_600_000);
  await clock.advance(299_000); // the server's last pause
  equal((await commands).length, 1 + 1 + 12); // EHLO, MAIL, and what fits into an hour
});

/** Answers each command, after a while. */
async function slow(server: Connection, clock: FakeClock, ms: number): Promise<string[]> {
  const buffer = new Uint8Array(1024);
  const commands: string[] = [];
  for (let count = await server.read(buffer); count !== null; count = await server.read(buffer)) {
    commands.push(new TextDecoder().decode(buffer.subarray(0, count)));
    await clock.sleep(ms);
    await server.write(new TextEncoder().encode("250 ok\r\n")).catch(() => {}); // gone meanwhile
  }
  return commands;
}

Deno.test("Timers.total begins anew with each message, also of a window [S25]", PURE, async () => {
  for (const window of [1, 4]) {
    const clock = new FakeClock();
    const [connection, server] = memoryPair();
    const session = new SmtpSession(connection, {
      host: "mx.example",
      name: "c.example",
      clock,
      timers: { total: 10_000 },
    });
    const served = window === 1 ? oneByOne(server, clock) : windowed(server, clock);
    await session.ehlo();
    const messages = Array(3).fill(mailTo(BOB, { chunking: window > 1 }));
    const outcomes: string[] = [];
    const sending = (async () => {
      for await (const { outcome } of session.sendAll(messages, { window })) outcomes.push(outcome);
    })();
    await clock.advance(9_000);
    await clock.advance(9_000);
    const failing = rejects(sending, { name: "TimeoutError", timer: "the whole message" });
    await clock.advance(10_000);
    await failing;
    deepEqual(outcomes, ["accepted", "accepted", "in-doubt"]);
    server.close();
    await served;
  }
});

/** Nine seconds per message; nothing more after the second. */
async function oneByOne(server: Connection, clock: FakeClock): Promise<void> {
  const say = (text: string): Promise<void> => server.write(new TextEncoder().encode(text));
  const hear = async (): Promise<void> => void await server.read(new Uint8Array(4096));
  await hear();
  await say("250 mx.example\r\n");
  for (let message = 1; message <= 3; message++) {
    for (const reply of ["250 ok", "250 ok", "354 go"]) {
      await hear();
      await say(`${reply}\r\n`);
    }
    await hear();
    if (message === 3) return;
    await clock.sleep(9_000);
    await say("250 taken\r\n");
  }
}

async function windowed(server: Connection, clock: FakeClock): Promise<void> {
  const say = (text: string): Promise<void> => server.write(new TextEncoder().encode(text));
  const hear = async (): Promise<void> => void await server.read(new Uint8Array(4096));
  await hear();
  await say("250-mx.example\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
  await hear();
  for (let message = 1; message <= 2; message++) {
    await clock.sleep(9_000);
    await say("250 ok\r\n".repeat(4));
  }
}

Deno.test(
  "Timers.content limits each write to a peer that stops reading [T-X06]",
  PURE,
  async () => {
    for (const offered of ["", "CHUNKING"]) {
      const clock = new FakeClock();
      const [connection, server] = memoryPair({ capacity: 64 * 1024 });
      const session = new SmtpSession(connection, { host: "mx.example", name: "c.example", clock });
      const say = (text: string): Promise<void> => server.write(new TextEncoder().encode(text));
      const hear = async (): Promise<void> => void await server.read(new Uint8Array(1024));
      const hello = session.ehlo();
      await hear();
      await say(`250-mx.example\r\n250 ${offered}\r\n`);
      await hello;
      const line = new TextEncoder().encode(`${"x".repeat(70)}\r\n`);
      let pulled = 0;
      const content = new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += line.length;
          controller.enqueue(line.slice());
        },
      }, { highWaterMark: 0 });
      const sending = rejects(
        session.send(mailTo(BOB).envelope, content, { chunking: true }),
        (error) => {
          ok(error instanceof TimeoutError);
          equal(error.timer, "write content");
          equal(error.limitMs, 180_000);
          equal(receiptOf(error)?.outcome, "not-sent");
          equal(receiptOf(error)?.stage, "content");
          return true;
        },
      );
      for (const reply of offered === "" ? ["250 ok", "250 ok", "354 go"] : ["250 ok", "250 ok"]) {
        await hear();
        await say(`${reply}\r\n`);
      }
      await clock.advance(180_000);
      await sending;
      ok(pulled < 600 * 1024, `${pulled} octets were pulled for a peer that does not read`);
      server.close();
    }
  },
);

Deno.test(
  "SmtpSession waits for pipelined replies no longer than for one of them [T-R20]",
  PURE,
  async () => {
    const clock = new FakeClock();
    await using made = await greeted(
      "PIPELINING",
      `C~ MAIL\nC~ RCPT\nC~ RCPT\nC: DATA\nS: 250 ok\nS: 550 no\n<eof>`,
      { clock },
    );
    const { envelope } = mailTo(["eve@mx.example", ...BOB]);
    const sending = rejects(made.session.send(envelope, SMALL), (error) => {
      ok(error instanceof TimeoutError);
      equal(error.timer, "reply to RCPT");
      const receipt = receiptOf(error);
      equal(receipt?.outcome, "not-sent");
      deepEqual(receipt.rejected.map(({ reply }) => reply?.code), [550, undefined]);
      return true;
    });
    await clock.advance(300_000);
    await sending;
    await made.done;
  },
);

Deno.test("Timers.total is over with the message [S25]", PURE, async () => {
  const clock = new FakeClock();
  await using made = await greeted(
    "",
    `${MAIL}\n${RCPT}\n${DATA}\nC: Subject: hi\nC: .\nS: 250 taken\nC: NOOP\nS: 250 still here`,
    { clock, timers: { total: 10_000 } },
  );
  await made.session.send(mailTo(BOB).envelope, SMALL);
  await clock.advance(20_000);
  equal((await made.session.noop()).text, "still here");
});

Deno.test(
  "SmtpSession.send() rejects at an abort although the message is refused already [S24]",
  PURE,
  async () => {
    await using made = await greeted("PIPELINING", "C~ MAIL\nC~ RCPT\nC: DATA\nS: 550 no\n<eof>");
    const abort = new AbortController();
    const sending = send(made.session, abort.signal);
    await settle();
    abort.abort(new Error("enough"));
    await rejects(sending, { message: "enough" });
    equal(made.session.lastReceipt?.outcome, "refused");
    await made.done;
  },
);
