/**
 * A clock that goes only when a test turns it.
 *
 * @module
 */

import type { Clock, SleepOptions } from "../src/wire/mod.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * A {@linkcode Clock} in the hand of a test: `await clock.advance(5_000)` is five seconds.
 *
 * Whoever sleeps is woken in order of time, and what runs then may sleep again within the same
 * advance. Between two wakings everything that waits for no time gets its turn.
 */
export class FakeClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #sleepers = new Set<Sleeper>();

  /** Begins at a wall time, in milliseconds since 1970. */
  constructor(wall: number = Date.UTC(2026, 0, 1)) {
    this.#wall = wall;
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** When the first of them wakes, on the monotonic side; `Infinity` if nobody sleeps. */
  get nextWaking(): number {
    return Math.min(...[...this.#sleepers].map(({ at }) => at));
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sleep(ms: number, { signal }: SleepOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper: Sleeper = {
        at: this.#monotonic + Math.max(0, ms),
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Lets time pass, on both sides. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    while (this.nextWaking <= end) {
      this.#goTo(this.nextWaking);
      const due = [...this.#sleepers].filter(({ at }) => at <= this.#monotonic);
      for (const { wake } of due) wake();
      await settle();
    }
    this.#goTo(end);
  }

  /** Sets the wall clock forward or, negative, back: somebody corrected it. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #goTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }
}

/** Lets everything run that waits for no time: a real timer of zero comes after all of it. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
