import { deepEqual, equal } from "node:assert/strict";
import { Deadline } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";

interface World extends Disposable {
  readonly clock: FakeClock;
  readonly deadline: Deadline;
  readonly expired: [timer: string, limitMs: number, at: number][];
}

function world(): World {
  const clock = new FakeClock();
  const expired: World["expired"] = [];
  const deadline = new Deadline(clock, (timer, limitMs) => {
    expired.push([timer, limitMs, clock.monotonic()]);
  });
  return { clock, deadline, expired, [Symbol.dispose]: () => deadline[Symbol.dispose]() };
}

const pure = { permissions: "none" } as const;

Deno.test("Deadline.arm() expires once, with the timer's name and limit", pure, async () => {
  using w = world();
  w.deadline.arm("greeting", 300);
  await w.clock.advance(299);
  deepEqual(w.expired, []);
  await w.clock.advance(1);
  deepEqual(w.expired, [["greeting", 300, 300]]);
  w.deadline.arm("reply", 10);
  await w.clock.advance(1_000);
  equal(w.expired.length, 1);
  equal(w.clock.sleeping, 0);
});

Deno.test("Deadline.arm() of no time at all expires at once", pure, () => {
  using w = world();
  w.deadline.arm("reply", 0);
  deepEqual(w.expired, [["reply", 0, 0]]);
});

Deno.test("Deadline.disarm() ends the wait, and the watch ends by itself", pure, async () => {
  using w = world();
  w.deadline.arm("reply", 100);
  w.deadline.disarm();
  await w.clock.advance(100);
  deepEqual(w.expired, []);
  equal(w.clock.sleeping, 0);
  w.deadline.arm("reply", 50);
  await w.clock.advance(50);
  deepEqual(w.expired, [["reply", 50, 150]]);
});

Deno.test("Deadline.arm() moves a limit that was set before", pure, async () => {
  using w = world();
  w.deadline.arm("first", 100);
  await w.clock.advance(90);
  w.deadline.arm("later", 100);
  await w.clock.advance(99);
  deepEqual(w.expired, []);
  await w.clock.advance(1);
  deepEqual(w.expired, [["later", 100, 190]]);
});

Deno.test("Deadline.arm() with a nearer limit wakes the watch earlier", pure, async () => {
  using w = world();
  w.deadline.arm("long", 10_000);
  w.deadline.arm("short", 10);
  await w.clock.advance(10);
  deepEqual(w.expired, [["short", 10, 10]]);
});

Deno.test("Deadline has one sleeper, however often it is armed", pure, async () => {
  using w = world();
  for (let turn = 0; turn < 1_000; turn++) {
    w.deadline.arm("write", 180);
    w.deadline.disarm();
    w.deadline.arm("reply", 300);
    w.deadline.disarm();
    equal(w.clock.sleeping, 1);
  }
  w.deadline.total("message", 5);
  await w.clock.advance(5);
  deepEqual(w.expired, [["message", 5, 5]]);
});

Deno.test(
  "Deadline.total() ends what never stays silent for long [S25] [T-X04]",
  pure,
  async () => {
    using w = world();
    w.deadline.total("message", 1_000);
    for (let octet = 0; octet < 20; octet++) {
      w.deadline.arm("reply", 60);
      await w.clock.advance(59);
      w.deadline.disarm();
    }
    deepEqual(w.expired, [["message", 1_000, 1_000]]);
  },
);

Deno.test("Deadline.total() of undefined removes the limit and leaves the wait", pure, async () => {
  using w = world();
  w.deadline.total("message", 10);
  w.deadline.arm("reply", 30);
  w.deadline.total("message", undefined);
  await w.clock.advance(30);
  deepEqual(w.expired, [["reply", 30, 30]]);
});

Deno.test("Deadline takes Infinity for no limit", pure, async () => {
  using w = world();
  w.deadline.arm("short", 10);
  w.deadline.arm("reply", Infinity);
  w.deadline.total("message", Infinity);
  await w.clock.advance(1e12);
  deepEqual(w.expired, []);
  equal(w.clock.sleeping, 0);
});

Deno.test("Deadline goes by the monotonic clock alone", pure, async () => {
  using w = world();
  w.deadline.arm("reply", 100);
  w.clock.jump(86_400_000);
  await w.clock.advance(99);
  deepEqual(w.expired, []);
  w.clock.jump(-86_400_000);
  await w.clock.advance(1);
  equal(w.expired.length, 1);
});

Deno.test("Deadline forgets everything when disposed", pure, async () => {
  using w = world();
  w.deadline.arm("reply", 10);
  w.deadline.total("message", 20);
  w.deadline[Symbol.dispose]();
  await w.clock.advance(100);
  equal(w.clock.sleeping, 0);
  w.deadline.arm("reply", 10);
  await w.clock.advance(100);
  deepEqual(w.expired, []);
});

Deno.test("Deadline.arm() right after the end leaves nothing behind", pure, async () => {
  using w = world();
  w.deadline.arm("reply", 10);
  await w.clock.advance(1);
  w.deadline[Symbol.dispose]();
  w.deadline.arm("reply", 10); // before the sleeper has heard of the end
  w.deadline.total("message", 10);
  await w.clock.advance(0);
  equal(w.clock.sleeping, 0);
});
