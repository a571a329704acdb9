import { equal, ok } from "node:assert/strict";
import { Tempo } from "../../src/smtp/tempo.ts";
import { FakeClock } from "../fake_clock.ts";

function near(actual: number, expected: number): void {
  ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
}

Deno.test(
  "Tempo runs like the clock as long as nobody complains",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    await clock.advance(5000);
    const tempo = new Tempo(clock, 1000);
    equal(tempo.now(), 0);
    await clock.advance(12_345);
    equal(tempo.now(), 12_345);
    equal(tempo.until(10), 10);
    equal(tempo.until(0), 0);
  },
);

Deno.test(
  "Tempo.slowDown() multiplies, and stops short of a standstill",
  { permissions: "none" },
  () => {
    const tempo = new Tempo(new FakeClock(), 1000);
    tempo.slowDown(0.5);
    tempo.slowDown(0.5);
    equal(tempo.speed, 0.25);
    for (let i = 0; i < 50; i++) tempo.slowDown(0.5);
    equal(tempo.speed, 1 / 64);
  },
);

Deno.test("Tempo grows evenly back to full speed", { permissions: "none" }, async () => {
  const clock = new FakeClock();
  const tempo = new Tempo(clock, 100_000);
  tempo.slowDown(0.5);
  await clock.advance(20_000);
  near(tempo.speed, 0.7);
  near(tempo.now(), 20_000 * 0.6);
  await clock.advance(80_000);
  equal(tempo.speed, 1);
  near(tempo.now(), 50_000 * 0.75 + 50_000);
});

Deno.test(
  "Tempo sums up to the same however often it is asked",
  { permissions: "none" },
  async () => {
    const clock = new FakeClock();
    const [often, once] = [new Tempo(clock, 10_000), new Tempo(clock, 10_000)];
    often.slowDown(0.3);
    once.slowDown(0.3);
    for (let i = 0; i < 1000; i++) {
      await clock.advance(11.3);
      often.now();
    }
    near(often.now(), once.now());
    near(often.speed, once.speed);
  },
);

Deno.test.each([0.001, 1, 999, 30_000, 39_999, 40_001, 1e6])(
  "Tempo.until() says when %s ms of its time are over",
  { permissions: "none" },
  async (ms) => {
    const clock = new FakeClock();
    const tempo = new Tempo(clock, 60_000);
    tempo.slowDown(0.2);
    await clock.advance(1);
    const start = tempo.now();
    await clock.advance(tempo.until(ms));
    near(tempo.now() - start, ms);
  },
);
