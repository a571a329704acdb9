import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { connectPop3, DEFAULT_POP3_TIMERS, type Pop3Timers } from "../../src/pop3/mod.ts";
import { ProtocolError } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { list, loggedIn, someMessages, startTestServer, wrap } from "./test_server.ts";

const PLUS = 43;
const LF = 10;
const none = { permissions: "none" } as const;
const numbered = (count: number, line: string): string[] =>
  Array.from({ length: count }, (_, index) => `${index + 1} ${line}`);

Deno.test("a CAPA of more than 100 lines ends the session [T-P17] [T-X03]", none, async () => {
  const capabilities = ["USER", ...numbered(98, "X")];
  const { session } = await loggedIn({ capabilities: [...capabilities, "TOP"] });
  session.close();
  await rejects(loggedIn({ capabilities: [...capabilities, "TOP", "UIDL"] }), {
    name: "ProtocolError",
    message: "Cannot read the answer to CAPA: more than 100 lines",
  });
});

Deno.test.each(["LIST", "UIDL"])(
  "a %s of more entries than the limit ends the session [T-X03] [T-X07]",
  none,
  async (verb) => {
    const options = {
      answer: (said: string) => said === verb ? list("", numbered(1_001, "5")) : undefined,
    };
    const { session } = await loggedIn(options, { limits: { entries: 1_000 } });
    await using _session = session;
    await rejects(verb === "LIST" ? session.list() : session.uidl(), ProtocolError);
    equal(session.usable, false);
  },
);

Deno.test("a status line of more than 8 KiB ends the session [T-X01] [T-G2]", none, async () => {
  for (const ends of ["\r\n", ""]) {
    const { session } = await loggedIn({
      answer: (verb) => verb === "NOOP" ? `+OK ${"x".repeat(9_000)}${ends}` : undefined,
    });
    await using _session = session;
    await rejects(session.noop(), { name: "LineTooLongError", stage: "noop" });
    await rejects(session.noop(), { name: "LineTooLongError" });
  }
});

Deno.test("a claim of a billion messages costs nothing [T-X07]", none, async () => {
  const { session } = await loggedIn({
    messages: someMessages(1),
    answer: (verb) => verb === "STAT" ? "+OK 1000000000 9007199254740991\r\n" : undefined,
  });
  await using _session = session;
  const { stat, messages, contradictions } = await session.snapshot();
  deepEqual([stat.count, messages.length], [1_000_000_000, 1]);
  deepEqual(contradictions.map(({ kind }) => kind), ["count", "octets"]);
});

/** Where a session waits for a silent server, and for how long. */
const WAITS: readonly { verb: string; timer: keyof Pop3Timers; reads: string }[] = [
  { verb: "CAPA", timer: "reply", reads: "reply to CAPA" },
  { verb: "USER", timer: "login", reads: "reply to USER" },
  { verb: "PASS", timer: "login", reads: "reply to PASS" },
];

Deno.test.each(WAITS)(
  "a silence at $verb ends after the timer of $timer [Q17] [T-G3] [T-X12]",
  none,
  async ({ verb, timer, reads }) => {
    const clock = new FakeClock();
    const connecting = loggedIn({ answer: (said) => said === verb ? "<silence>" : undefined }, {
      clock,
    });
    const limitMs = DEFAULT_POP3_TIMERS[timer];
    let over = false;
    const refused = rejects(connecting, { name: "TimeoutError", timer: reads, limitMs })
      .finally(() => over = true);
    await clock.advance(limitMs - 1);
    equal(over, false);
    await clock.advance(1);
    await refused;
  },
);

Deno.test("a silence instead of a greeting ends after a minute [T-X12]", none, async () => {
  const clock = new FakeClock();
  const { connection } = startTestServer({ greeting: "+OK rea" });
  const refused = rejects(connectPop3({ connection, clock, tls: "none" }), {
    name: "TimeoutError",
    timer: "reply to the connection",
  });
  await clock.advance(60_000);
  await refused;
});

Deno.test(
  "a status that comes octet by octet has one limit for all of it [T-X04]",
  none,
  async () => {
    const clock = new FakeClock();
    const { connection } = startTestServer({ greeting: "" });
    let left = 100;
    const refused = rejects(
      connectPop3({
        connection: wrap(connection, {
          async read(buffer) {
            await clock.sleep(10_000);
            buffer[0] = left-- > 0 ? PLUS : LF;
            return 1;
          },
        }),
        clock,
        tls: "none",
      }),
      { name: "TimeoutError", limitMs: 60_000 },
    );
    await clock.advance(70_000);
    await refused;
    ok(left > 90);
  },
);

Deno.test(
  "a listing has a limit for each read and one for all of it [T-G3] [T-X04]",
  none,
  async () => {
    for (
      const [timers, timer] of [
        [{ read: 1_000 }, "next lines of LIST"],
        [{ listing: 1_000 }, "lines of LIST"],
      ] as const
    ) {
      const clock = new FakeClock();
      const { session } = await loggedIn({
        answer: (verb) => verb === "LIST" ? "+OK\r\n1 5\r\n" : undefined,
      }, { clock, timers });
      await using _session = session;
      const refused = rejects(session.list(), { name: "TimeoutError", timer, limitMs: 1_000 });
      await clock.advance(1_000);
      await refused;
    }
  },
);

Deno.test("a write that nobody takes ends after the timer of replies [T-X06]", none, async () => {
  const clock = new FakeClock();
  const { session } = await loggedIn({
    through: (connection) =>
      wrap(connection, {
        async write(bytes) {
          if (!new TextDecoder().decode(bytes).startsWith("NOOP")) return connection.write(bytes);
          await connection.read(new Uint8Array(1)); // ends when the connection is closed
        },
      }),
  }, { clock });
  await using _session = session;
  const refused = rejects(session.noop(), { name: "TimeoutError", timer: "write noop" });
  await clock.advance(60_000);
  await refused;
});

Deno.test("a thousand sessions leave nothing behind [T-X13]", none, async () => {
  for (let round = 0; round < 1_000; round++) {
    const { session } = await loggedIn({ messages: someMessages(1) });
    if (round % 2 === 0) await session.quit();
    else session.close();
  }
});
