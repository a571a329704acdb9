/**
 * A clock for servers that a test holds at a place.
 *
 * @module
 */

import { type Clock, type SleepOptions, systemClock } from "../src/wire/mod.ts";

/**
 * A {@linkcode Clock} whose pauses of {@linkcode HeldClock.pauseMs} last until the test lets them go: what
 * it does meanwhile has the time it takes. All else goes by the clock of the machine.
 */
export class HeldClock implements Clock {
  readonly #gone = Promise.withResolvers<void>();
  /** The pause that is meant: less than a client waits for an answer. */
  readonly pauseMs = 240_000;

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  sleep(ms: number, options?: SleepOptions): Promise<void> {
    const sleep = systemClock.sleep(ms, options);
    return ms === this.pauseMs ? Promise.race([this.#gone.promise, sleep]) : sleep;
  }

  /** Ends these pauses, and those that come. */
  letGo(): void {
    this.#gone.resolve();
  }
}
