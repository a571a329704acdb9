import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { type LimiterEvent, TokenBucketLimiter, UNLIMITED } from "../../src/smtp/limiter.ts";
import type { SleepOptions } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";

/** Sleeps longer than asked, as real timers do. */
class LateClock extends FakeClock {
  readonly #lateMs: number;

  constructor(lateMs: number) {
    super();
    this.#lateMs = lateMs;
  }

  override sleep(ms: number, options?: SleepOptions): Promise<void> {
    return super.sleep(ms + this.#lateMs, options);
  }
}

/** Sends `count` messages over `connections`; gives the times at which they may begin. */
function sendAll(
  limiter: TokenBucketLimiter,
  clock: FakeClock,
  {
    count = Infinity,
    connections = 5,
    recipients = 1,
    signal = undefined as AbortSignal | undefined,
  },
): { times: number[]; done: Promise<unknown> } {
  const times: number[] = [];
  let left = count;
  async function connection(): Promise<void> {
    while (left-- > 0) {
      try {
        await limiter.take({ messages: 1, recipients }, { signal });
      } catch {
        return; // the test is over
      }
      times.push(clock.monotonic());
    }
  }
  const done = Promise.all(Array.from({ length: connections }, connection));
  return { times, done };
}

/** The largest number of times within any stretch of `ms`, its end not included. */
function busiest(times: readonly number[], ms: number): number {
  return Math.max(
    ...times.map((start) => times.filter((t) => t >= start && t < start + ms).length),
  );
}

/** Whether a promise has settled by now. */
async function state(promise: Promise<unknown> | undefined): Promise<string> {
  let seen = "pending";
  Promise.resolve(promise).then(() => seen = "resolved", () => seen = "rejected");
  await setImmediate();
  return seen;
}

Deno.test("UNLIMITED lets everything pass without a promise", { permissions: "none" }, () => {
  equal(UNLIMITED.take({ messages: 1e6, recipients: 1e9, connections: 1e3 }), undefined);
  UNLIMITED.report({ code: 421 });
  UNLIMITED.report({ connected: false });
  equal(UNLIMITED.take({ messages: 1 }), undefined);
});

Deno.test(
  "TokenBucketLimiter sends 10 messages over 5 connections at 1/s in 9 s, one at a time [S87]",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 1, clock });
    const { times, done } = sendAll(limiter, clock, { count: 10 });
    await clock.advance(20_000);
    await done;
    deepEqual(times, [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000]);
  },
);

Deno.test(
  "TokenBucketLimiter never lets more than the burst pass at once [S87]",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 1, burst: 3, clock });
    const first = sendAll(limiter, clock, { count: 10 });
    await clock.advance(7000);
    await first.done;
    deepEqual(first.times, [0, 0, 0, 1000, 2000, 3000, 4000, 5000, 6000, 7000]);
    await clock.advance(3_600_000); // a quiet hour saves up the burst and no more
    const second = sendAll(limiter, clock, { count: 5 });
    await clock.advance(2000);
    await second.done;
    const start = 7000 + 3_600_000;
    deepEqual(second.times, [start, start, start, start + 1000, start + 2000]);
  },
);

Deno.test(
  "TokenBucketLimiter at 100/s lets at most 110 pass in any second of 30 [S87]",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 100, burst: 10, clock });
    const stop = new AbortController();
    const { times, done } = sendAll(limiter, clock, { signal: stop.signal });
    await clock.advance(30_000);
    stop.abort();
    await done;
    equal(times.length, 3010);
    ok(busiest(times, 1000) <= 110, `${busiest(times, 1000)}`);
  },
);

Deno.test(
  "TokenBucketLimiter keeps its rate with timers that are late [S87]",
  { permissions: "none" },
  async () => {
    const clock = new LateClock(1.25);
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 100, clock });
    const stop = new AbortController();
    const { times, done } = sendAll(limiter, clock, { signal: stop.signal });
    await clock.advance(30_000);
    stop.abort();
    await done;
    ok(times.length >= 2999 && times.length <= 3001, `${times.length}`);
    equal(busiest(times, 1), 1);
  },
);

Deno.test(
  "TokenBucketLimiter does not make up for a program that stood still [S87]",
  { permissions: "none" },
  async () => {
    const clock = new LateClock(1000);
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 100, clock });
    const { times, done } = sendAll(limiter, clock, { count: 5 });
    await clock.advance(10_000);
    await done;
    equal(busiest(times, 1), 1);
  },
);

Deno.test(
  "TokenBucketLimiter counts recipients beside messages",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({
      messagesPerSecond: 100,
      recipientsPerSecond: 10,
      clock,
    });
    const { times, done } = sendAll(limiter, clock, { count: 4, recipients: 20 });
    await clock.advance(10_000);
    await done;
    // More than the burst passes when the bucket is full, and the next one waits for all of it.
    deepEqual(times, [0, 2000, 4000, 6000]);
  },
);

Deno.test(
  "TokenBucketLimiter keeps new connections in a line of their own",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ connectionsPerSecond: 1, clock });
    equal(limiter.take({ connections: 1 }), undefined);
    const second = limiter.take({ connections: 1 });
    equal(await state(second), "pending");
    equal(limiter.take({ messages: 1 }), undefined); // the open connection sends on
    await clock.advance(999);
    equal(await state(second), "pending");
    await clock.advance(1);
    equal(await state(second), "resolved");
  },
);

Deno.test(
  "TokenBucketLimiter takes a connection and what it sends one after the other",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({
      messagesPerSecond: 0.5,
      connectionsPerSecond: 1,
      clock,
    });
    equal(limiter.take({ connections: 1, messages: 1 }), undefined);
    const both = limiter.take({ connections: 1, messages: 1 });
    await clock.advance(1999);
    equal(await state(both), "pending");
    await clock.advance(1);
    equal(await state(both), "resolved");
  },
);

Deno.test("TokenBucketLimiter serves in order of asking", { permissions: "none" }, async () => {
  const clock = new FakeClock();
  using limiter = new TokenBucketLimiter({
    messagesPerSecond: 1000,
    recipientsPerSecond: 10,
    clock,
  });
  const order: string[] = [];
  limiter.take({ recipients: 10 });
  limiter.take({ messages: 1, recipients: 5 })?.then(() => order.push("large"));
  // There is a token for it at once, but it came later.
  limiter.take({ messages: 1 })?.then(() => order.push("small"));
  limiter.take({ messages: 1 })?.then(() => order.push("last"));
  await clock.advance(999);
  deepEqual(order, []);
  await clock.advance(10);
  deepEqual(order, ["large", "small", "last"]);
});

Deno.test(
  "TokenBucketLimiter.take() rejects with the reason of its signal and leaves the line",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 1, clock });
    const stop = new AbortController();
    const reason = new Error("stop");
    limiter.take({ messages: 1 });
    const first = limiter.take({ messages: 1 });
    const leaving = limiter.take({ messages: 1 }, { signal: stop.signal });
    const last = limiter.take({ messages: 1 });
    stop.abort(reason);
    await rejects(leaving as Promise<void>, (error) => error === reason); // it had to wait
    await rejects(
      limiter.take({ messages: 1 }, { signal: stop.signal }) as Promise<void>, // aborted already
      (error) => error === reason,
    );
    await clock.advance(1000);
    equal(await state(first), "resolved");
    await clock.advance(1000); // nobody paid for the one who left
    equal(await state(last), "resolved");
  },
);

Deno.test(
  "TokenBucketLimiter lets the next one pass when the first gives up",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ recipientsPerSecond: 1, clock });
    const stop = new AbortController();
    limiter.take({ recipients: 3600 });
    const first = limiter.take({ recipients: 1 }, { signal: stop.signal });
    const second = limiter.take({ messages: 1 });
    await clock.advance(1000);
    equal(await state(second), "pending");
    stop.abort();
    equal(await state(first), "rejected");
    await clock.advance(0);
    equal(await state(second), "resolved");
    equal(clock.sleeping, 0);
  },
);

Deno.test(
  "TokenBucketLimiter leaves no listener on a signal that lives on",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 1, clock });
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove.apply(signal, args);
    };
    const { done } = sendAll(limiter, clock, { count: 3, signal });
    await clock.advance(500);
    equal(listeners, 2);
    await clock.advance(2000);
    await done;
    equal(listeners, 0);
  },
);

Deno.test(
  "TokenBucketLimiter.close() settles all who wait, and who come later",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    const limiter = new TokenBucketLimiter({
      messagesPerSecond: 1,
      connectionsPerSecond: 1,
      clock,
    });
    limiter.take({ messages: 1 });
    limiter.take({ connections: 1 });
    const reason = new Error("pool is closed");
    const waiting = [
      limiter.take({ messages: 1 }),
      limiter.take({ messages: 1 }),
      limiter.take({ connections: 1 }),
      limiter.take({ connections: 1, messages: 1 }),
    ];
    const results = Promise.allSettled(waiting);
    limiter.close(reason);
    limiter.close(new Error("the first reason counts"));
    deepEqual(await results, waiting.map(() => ({ status: "rejected", reason })));
    await rejects(limiter.take({ messages: 1 }) as Promise<void>, (error) => error === reason);
    await rejects(limiter.take({ connections: 1 }) as Promise<void>, (error) => error === reason);
    await clock.advance(0);
    equal(clock.sleeping, 0);
  },
);

Deno.test(
  "TokenBucketLimiter disposed of says why nobody passes",
  { permissions: "none" },
  async () => {
    const limiter = new TokenBucketLimiter({ messagesPerSecond: 1 });
    limiter[Symbol.dispose]();
    await rejects(limiter.take({ messages: 1 }) as Promise<void>, {
      message: "Cannot wait for a limiter: it is closed",
    });
  },
);

Deno.test.each([421, 450, 451, 452, 454])(
  "TokenBucketLimiter halves its rates after %s",
  { permissions: "none" },
  async (code) => {
    const clock = new FakeClock();
    const events: LimiterEvent[] = [];
    using limiter = new TokenBucketLimiter({
      messagesPerSecond: 10,
      recoveryMs: 1e12, // too slow to be seen here
      clock,
      onEvent: (event) => events.push(event),
    });
    limiter.report({ code });
    deepEqual(events, [{ kind: "slowed", code, speed: 0.5 }]);
    const { times, done } = sendAll(limiter, clock, { count: 5 });
    await clock.advance(2000);
    await done;
    deepEqual(times, [0, 200, 400, 600, 800]);
  },
);

Deno.test.each([220, 250, 354, 432, 453, 455, 500, 530, 535, 550, 552, 554])(
  "TokenBucketLimiter takes no offence at %s",
  { permissions: "none" },
  (code) => {
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 10, clock: new FakeClock() });
    limiter.report({ code });
    equal(limiter.speed, 1);
  },
);

Deno.test(
  "TokenBucketLimiter counts complaints of one second as one, and never stands still",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 1, recoveryMs: 1e12, clock });
    for (let i = 0; i < 100; i++) limiter.report({ code: 450 });
    equal(limiter.speed, 0.5);
    await clock.advance(1000);
    limiter.report({ code: 450 });
    ok(Math.abs(limiter.speed - 0.25) < 1e-6);
    for (let i = 0; i < 100; i++) {
      await clock.advance(1000);
      limiter.report({ code: 421 });
    }
    equal(limiter.speed, 1 / 64);
  },
);

Deno.test(
  "TokenBucketLimiter recovers slowly, and those who wait notice",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 1, recoveryMs: 100_000, clock });
    limiter.report({ code: 421 });
    const { times, done } = sendAll(limiter, clock, { count: 200 });
    await clock.advance(25_000);
    ok(Math.abs(limiter.speed - 0.75) < 1e-9);
    await clock.advance(25_000);
    equal(limiter.speed, 1);
    // At half speed growing to full within 50 s: the mean is three quarters of 50, and the first.
    equal(times.length, Math.floor(50 * 0.75) + 1);
    await clock.advance(200_000);
    await done;
    equal(limiter.speed, 1);
    for (let i = 60; i < 199; i++) equal((times[i + 1] ?? NaN) - (times[i] ?? NaN), 1000);
  },
);

Deno.test(
  "TokenBucketLimiter slowed down while somebody waits lets him wait longer",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 1, recoveryMs: 1e12, clock });
    limiter.take({ messages: 1 });
    const waiting = limiter.take({ messages: 1 });
    await clock.advance(500);
    limiter.report({ code: 451 });
    await clock.advance(999);
    equal(await state(waiting), "pending");
    await clock.advance(1);
    equal(await state(waiting), "resolved");
  },
);

Deno.test(
  "TokenBucketLimiter pauses after failed connections, longer each time up to the limit",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    const events: LimiterEvent[] = [];
    using limiter = new TokenBucketLimiter({
      clock,
      pauseMs: 1000,
      maxPauseMs: 5000,
      random: () => 1,
      onEvent: (event) => events.push(event),
    });
    for (const pause of [1000, 2000, 4000, 5000, 5000]) {
      equal(limiter.take({ connections: 1 }), undefined);
      limiter.report({ connected: false });
      limiter.report({ connected: false }); // begun before the pause: counted once
      const next = limiter.take({ connections: 1 });
      equal(limiter.take({ messages: 1 }), undefined); // open connections send on
      await clock.advance(pause - 1);
      equal(await state(next), "pending");
      await clock.advance(1);
      equal(await state(next), "resolved");
    }
    deepEqual(
      events,
      [1000, 2000, 4000, 5000, 5000].map((ms, i) => ({ kind: "paused", failures: i + 1, ms })),
    );
  },
);

Deno.test(
  "TokenBucketLimiter ends the pause when a connection comes about",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    const events: LimiterEvent[] = [];
    using limiter = new TokenBucketLimiter({
      clock,
      random: () => 1,
      onEvent: (event) => events.push(event),
    });
    limiter.report({ connected: false });
    const next = limiter.take({ connections: 1 });
    await clock.advance(10);
    limiter.report({ connected: true });
    equal(await state(next), "resolved");
    limiter.report({ connected: false });
    deepEqual(events.at(-1), { kind: "paused", failures: 1, ms: 1000 });
  },
);

Deno.test.each([[0, 500], [0.5, 750], [0.999, 999.5]])(
  "TokenBucketLimiter spreads its pauses: random %s gives %s ms",
  { permissions: "none" },
  (random, ms) => {
    let paused = NaN;
    using limiter = new TokenBucketLimiter({
      clock: new FakeClock(),
      random: () => random,
      onEvent: (event) => paused = event.kind === "paused" ? event.ms : NaN,
    });
    limiter.report({ connected: false });
    equal(paused, ms);
  },
);

Deno.test(
  "TokenBucketLimiter waits longer than the longest timer of the platform",
  { permissions: "none" },
  async () => {
    const day = 86_400_000;
    const sleeps: number[] = [];
    const clock = new class extends FakeClock {
      override sleep(ms: number, options?: SleepOptions): Promise<void> {
        sleeps.push(ms);
        return super.sleep(ms, options);
      }
    }();
    using limiter = new TokenBucketLimiter({ messagesPerSecond: 1000 / (100 * day), clock });
    limiter.take({ messages: 1 });
    const waiting = limiter.take({ messages: 1 });
    await clock.advance(100 * day - 1);
    equal(await state(waiting), "pending");
    await clock.advance(1);
    equal(await state(waiting), "resolved");
    ok(Math.max(...sleeps) < 2 ** 31);
  },
);

Deno.test.each([
  [{ messagesPerSecond: 0 }, 'Cannot use "0" as messagesPerSecond: expected a number above 0'],
  [
    { recipientsPerSecond: -1 },
    'Cannot use "-1" as recipientsPerSecond: expected a number above 0',
  ],
  [
    { connectionsPerSecond: NaN },
    'Cannot use "NaN" as connectionsPerSecond: expected a number above 0',
  ],
  [{ burst: 0 }, 'Cannot use "0" as burst: expected a whole number above 0'],
  [{ burst: 1.5 }, 'Cannot use "1.5" as burst: expected a whole number above 0'],
  [{ slowDown: 1 }, 'Cannot use "1" as slowDown: expected a number between 0 and 1'],
  [{ recoveryMs: Infinity }, 'Cannot use "Infinity" as recoveryMs: expected a number above 0'],
  [{ pauseMs: 0 }, 'Cannot use "0" as pauseMs: expected a number above 0'],
  [{ maxPauseMs: -5 }, 'Cannot use "-5" as maxPauseMs: expected a number above 0'],
])("TokenBucketLimiter refuses %o", { permissions: "none" }, (options, message) => {
  throws(() => new TokenBucketLimiter(options), { name: "RangeError", message });
});

Deno.test.each([-1, NaN, Infinity])(
  "TokenBucketLimiter.take() refuses a cost of %s",
  { permissions: "none" },
  (count) => {
    using limiter = new TokenBucketLimiter({ clock: new FakeClock() });
    throws(() => limiter.take({ messages: count }), {
      name: "RangeError",
      message: `Cannot take "${count}" from a limiter: expected a number from 0`,
    });
    equal(limiter.take({ messages: 1 }), undefined);
  },
);
