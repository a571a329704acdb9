import { deepEqual, equal, rejects } from "node:assert/strict";
import { FakeClock } from "./fake_clock.ts";

Deno.test("FakeClock.advance() wakes sleepers in order of time, also those that sleep again", {
  permissions: "none",
}, async () => {
  const clock = new FakeClock(0);
  const woken: [string, number][] = [];
  const sleep = async (name: string, ...naps: number[]): Promise<void> => {
    for (const ms of naps) {
      await clock.sleep(ms);
      woken.push([name, clock.monotonic()]);
    }
  };
  const all = Promise.all([sleep("slow", 30), sleep("fast", 10, 10), sleep("late", 100)]);
  equal(clock.sleeping, 3);
  await clock.advance(30);
  deepEqual(woken, [["fast", 10], ["fast", 20], ["slow", 30]]);
  equal(clock.now(), 30);
  equal(clock.nextWaking, 100);
  await clock.advance(70);
  await all;
  equal(clock.sleeping, 0);
  equal(clock.nextWaking, Infinity);
});

Deno.test("FakeClock.sleep() ends with the reason of its signal", {
  permissions: "none",
}, async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const sleep = clock.sleep(10, { signal: stop.signal });
  stop.abort(new RangeError("enough"));
  await rejects(sleep, { name: "RangeError", message: "enough" });
  await rejects(clock.sleep(10, { signal: stop.signal }), { message: "enough" });
  equal(clock.sleeping, 0);
});

Deno.test("FakeClock.jump() moves the wall clock alone", { permissions: "none" }, () => {
  const clock = new FakeClock(1_000);
  clock.jump(-400);
  equal(clock.now(), 600);
  equal(clock.monotonic(), 0);
});
