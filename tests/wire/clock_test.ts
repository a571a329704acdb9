import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { systemClock } from "../../src/wire/mod.ts";

const pure = { permissions: "none" } as const;

Deno.test("systemClock.sleep() resolves in its time", pure, async () => {
  const began = systemClock.monotonic();
  await systemClock.sleep(2);
  ok(systemClock.monotonic() - began >= 1);
});

Deno.test("systemClock.sleep() rejects with the reason of its signal", pure, async () => {
  const stop = new AbortController();
  const reason = new RangeError("enough");
  const sleep = systemClock.sleep(60_000, { signal: stop.signal });
  stop.abort(reason);
  await rejects(sleep, (error) => error === reason);
  await rejects(systemClock.sleep(1, { signal: stop.signal }), (error) => error === reason);
});

for (const ms of [Infinity, 2 ** 31, 1e12]) {
  Deno.test(`systemClock.sleep() of ${ms} ms is no timer that fires at once`, pure, async () => {
    const stop = new AbortController();
    let woken = false;
    const sleep = systemClock.sleep(ms, { signal: stop.signal, background: true })
      .then(() => woken = true);
    await systemClock.sleep(5); // a timer that does not fit becomes one of 1 ms
    equal(woken, false);
    stop.abort(new Error("over"));
    await rejects(sleep, { message: "over" });
  });
}

Deno.test("systemClock.sleep() of more than a timer can hold takes several", pure, async () => {
  const original = globalThis.setTimeout;
  const delays: unknown[] = [];
  Object.assign(globalThis, {
    setTimeout(wake: () => void, ms: number) {
      delays.push(ms);
      queueMicrotask(wake);
    },
  });
  try {
    await systemClock.sleep(2 ** 32);
  } finally {
    Object.assign(globalThis, { setTimeout: original });
  }
  deepEqual(delays, [2 ** 31 - 1, 2 ** 31 - 1, 2]);
});
