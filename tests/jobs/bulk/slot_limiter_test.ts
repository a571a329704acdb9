import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { SlotLimiter, type Slots } from "../../../src/jobs/bulk/send/slot_limiter.ts";
import { FakeClock } from "../../fake_clock.ts";

const PURE = { permissions: "none" } as const;
const ONE = { messages: 1 };

/** Hands out slots for several machines, as a database does. */
class SlotBook {
  readonly clock: FakeClock = new FakeClock();
  readonly asked: number[] = [];
  readonly #apartMs: number;
  #nextMs = 0;

  constructor(perSecond: number) {
    this.#apartMs = 1000 / perSecond;
  }

  readonly reserve = (count: number): Promise<Slots> => {
    this.asked.push(count);
    const nowMs = this.clock.monotonic();
    const atMs = Math.max(this.#nextMs, nowMs);
    this.#nextMs = atMs + count * this.#apartMs;
    return Promise.resolve({ inMs: atMs - nowMs, count });
  };
}

/** Takes as many messages as it can, and says when each passed. */
async function times(limiter: SlotLimiter, clock: FakeClock, count: number): Promise<number[]> {
  const passed: number[] = [];
  const all = Array.from(
    { length: count },
    () => limiter.take(ONE)?.then(() => passed.push(clock.monotonic())),
  );
  await clock.advance(60_000);
  await Promise.all(all);
  return passed;
}

Deno.test("SlotLimiter lets messages pass evenly", PURE, async () => {
  const book = new SlotBook(10);
  const limiter = new SlotLimiter(book.reserve, 10, book.clock);
  deepEqual(await times(limiter, book.clock, 5), [0, 100, 200, 300, 400]);
});

Deno.test("SlotLimiter asks for few slots at a time: a twentieth of a second", PURE, async () => {
  for (const [perSecond, chunk] of [[1, 1], [20, 1], [100, 5], [2000, 100]] as const) {
    const book = new SlotBook(perSecond);
    await times(new SlotLimiter(book.reserve, perSecond, book.clock), book.clock, chunk);
    deepEqual(book.asked, [chunk]);
  }
});

Deno.test("SlotLimiter shares a rate with other machines", PURE, async () => {
  const book = new SlotBook(100);
  const passed = await Promise.all(
    [1, 2, 3].map((_) => {
      const limiter = new SlotLimiter(book.reserve, 100, book.clock);
      return Promise.all(Array.from({ length: 50 }, async () => {
        await limiter.take(ONE);
        return book.clock.monotonic();
      }));
    }).concat(book.clock.advance(60_000).then(() => [])),
  );
  const all = passed.flat().sort((a, b) => a - b);
  equal(all.length, 150);
  for (const [at, ms] of all.entries()) {
    const within = all.slice(at).filter((later) => later < ms + 1000).length;
    ok(within <= 101, `${within} from ${ms} on`);
  }
  ok(Math.abs((all.at(-1) ?? 0) - 1490) <= 20, `${all.at(-1)}`);
});

Deno.test("SlotLimiter throws slots away whose time is over", PURE, async () => {
  const book = new SlotBook(100);
  const limiter = new SlotLimiter(book.reserve, 100, book.clock);
  const first = limiter.take(ONE);
  await book.clock.advance(0);
  await first;
  await book.clock.advance(10_000); // nobody sends
  const passed = await times(limiter, book.clock, 20);
  // Used now, the four that were left would crowd the next ones.
  deepEqual(passed.slice(0, 6), [10_000, 10_010, 10_020, 10_030, 10_040, 10_050]);
  deepEqual(book.asked, [5, 5, 5, 5, 5]);
});

Deno.test("SlotLimiter still uses a slot that is a little late", PURE, async () => {
  const book = new SlotBook(100);
  const limiter = new SlotLimiter(book.reserve, 100, book.clock);
  const first = limiter.take(ONE);
  await book.clock.advance(0);
  await first;
  await book.clock.advance(40);
  const second = limiter.take(ONE);
  await book.clock.advance(0);
  await second;
  deepEqual(book.asked, [5]);
});

Deno.test("SlotLimiter is not moved by a wall clock that jumps [T-B22]", PURE, async () => {
  const book = new SlotBook(10);
  const limiter = new SlotLimiter(book.reserve, 10, book.clock);
  const passed: number[] = [];
  for (let at = 0; at < 4; at++) {
    const pass = limiter.take(ONE);
    await book.clock.advance(100);
    await pass;
    passed.push(book.clock.monotonic());
    book.clock.jump(at % 2 === 0 ? 31_536_000_000 : -63_072_000_000);
  }
  deepEqual(passed, [100, 200, 300, 400]);
});

Deno.test("SlotLimiter lets connections pass, and does not listen to complaints", PURE, () => {
  const limiter = new SlotLimiter(() => Promise.reject(new Error("asked")), 1, new FakeClock());
  equal(limiter.take({ connections: 1 }), undefined);
  equal(limiter.take({ recipients: 5 }), undefined);
  equal(limiter.report(), undefined);
});

Deno.test("SlotLimiter takes a slot for each message of a cost", PURE, async () => {
  const book = new SlotBook(10);
  const limiter = new SlotLimiter(book.reserve, 10, book.clock);
  const three = limiter.take({ messages: 3 });
  await book.clock.advance(1000);
  await three;
  deepEqual(book.asked, [1, 1, 1]);
});

Deno.test(
  "SlotLimiter ends a wait with the reason of its signal, and the next goes on",
  PURE,
  async () => {
    const book = new SlotBook(1);
    const limiter = new SlotLimiter(book.reserve, 1, book.clock);
    const stop = new AbortController();
    const first = limiter.take(ONE);
    const second = limiter.take(ONE, { signal: stop.signal });
    const third = limiter.take(ONE, { signal: stop.signal });
    const fourth = limiter.take(ONE);
    await book.clock.advance(500);
    await first;
    const reason = new Error("enough");
    stop.abort(reason);
    await rejects(second ?? Promise.resolve(), reason);
    await rejects(third ?? Promise.resolve(), reason);
    await book.clock.advance(5000);
    await fourth;
    equal(book.clock.sleeping, 0);
  },
);

Deno.test(
  "SlotLimiter says what went wrong where slots are handed out, and asks again",
  PURE,
  async () => {
    const clock = new FakeClock();
    let calls = 0;
    const limiter = new SlotLimiter(
      () =>
        ++calls === 1 ? Promise.reject(new Error("gone")) : Promise.resolve({ inMs: 0, count: 1 }),
      1,
      clock,
    );
    await rejects(limiter.take(ONE) ?? Promise.resolve(), { message: "gone" });
    await limiter.take(ONE);
    equal(calls, 2);
  },
);
