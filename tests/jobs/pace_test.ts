import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Backoff, waitMs } from "../../src/jobs/pace.ts";
import { FakeClock } from "../fake_clock.ts";

const PURE = { permissions: "none" } as const;
const OPTIONS = { baseMs: 1000, maxMs: 10_000, random: () => 1 };
const NEVER = new AbortController().signal;

Deno.test("waitMs() doubles with each failure up to the longest", PURE, () => {
  deepEqual([1, 2, 3, 4, 5, 6].map((failures) => waitMs(failures, OPTIONS)), [
    ...[1000, 2000, 4000, 8000, 10_000, 10_000],
  ]);
  equal(waitMs(0, OPTIONS), 1000);
});

Deno.test("waitMs() leaves half of it to chance, and no more", PURE, () => {
  equal(waitMs(1, { ...OPTIONS, random: () => 0 }), 500);
  equal(waitMs(1, { ...OPTIONS, random: () => 0.5 }), 750);
  for (let step = 0; step < 100; step++) {
    const ms = waitMs(3, { ...OPTIONS, random: () => step / 100 });
    ok(ms >= 2000 && ms < 4000, `${ms}`);
  }
});

Deno.test("waitMs() of very many failures is still the longest", PURE, () => {
  equal(waitMs(5000, OPTIONS), 10_000);
});

Deno.test(
  "Backoff pauses longer each time, and what fails meanwhile counts once [T-B12]",
  PURE,
  async () => {
    const clock = new FakeClock();
    const backoff = new Backoff(clock, OPTIONS);
    equal(backoff.fail(), 1000);
    equal(backoff.fail(), undefined);
    await clock.advance(999);
    equal(backoff.fail(), undefined);
    await clock.advance(1);
    equal(backoff.fail(), 2000);
    equal(backoff.failingMs, 1000);
    await clock.advance(500);
    equal(backoff.failingMs, 1500);
  },
);

Deno.test("Backoff begins anew after a success", PURE, async () => {
  const clock = new FakeClock();
  const backoff = new Backoff(clock, OPTIONS);
  backoff.fail();
  await clock.advance(1000);
  backoff.fail();
  backoff.succeed();
  equal(backoff.failingMs, 0);
  await backoff.over(NEVER); // at once
  equal(clock.sleeping, 0);
  equal(backoff.fail(), 1000);
});

Deno.test(
  "Backoff waits for the end of a pause, also of one that came meanwhile",
  PURE,
  async () => {
    const clock = new FakeClock();
    const backoff = new Backoff(clock, OPTIONS);
    await backoff.over(NEVER);
    backoff.fail();
    let over = false;
    const waiting = backoff.over(NEVER).then(() => over = true);
    await clock.advance(999);
    equal(over, false);
    await clock.advance(1);
    await waiting;
    equal(clock.monotonic(), 1000);
  },
);

Deno.test("Backoff ends a wait with the reason of its signal [T-B08]", PURE, async () => {
  const clock = new FakeClock();
  const backoff = new Backoff(clock, OPTIONS);
  backoff.fail();
  const stop = new AbortController();
  const waiting = backoff.over(stop.signal);
  const reason = new Error("enough");
  stop.abort(reason);
  await rejects(waiting, reason);
});

Deno.test("Backoff goes by the monotonic clock alone [T-B22]", PURE, async () => {
  const clock = new FakeClock();
  const backoff = new Backoff(clock, OPTIONS);
  backoff.fail();
  clock.jump(31_536_000_000);
  equal(backoff.fail(), undefined);
  equal(backoff.failingMs, 0);
  const waiting = backoff.over(NEVER);
  clock.jump(-63_072_000_000);
  await clock.advance(1000);
  await waiting;
  equal(backoff.fail(), 2000);
});
