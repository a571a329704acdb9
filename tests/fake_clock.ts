/**
 * A clock that tests turn: nothing sleeps, and each sleeper wakes exactly at its time.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import type { Clock, SleepOptions } from "../src/wire/mod.ts";

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** A {@linkcode Clock} that moves only by {@linkcode FakeClock.advance}. */
export class FakeClock implements Clock {
  readonly #start: number;
  readonly #sleepers = new Set<Sleeper>();
  #elapsed = 0;

  /** @param start The wall time at the beginning. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(ms: number, { signal }: SleepOptions = {}): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) {
      reject(signal.reason);
      return promise;
    }
    const abort = (): void => {
      this.#sleepers.delete(sleeper);
      reject(signal?.reason);
    };
    const sleeper: Sleeper = {
      at: this.#elapsed + ms,
      wake: () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", abort);
        resolve();
      },
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#sleepers.add(sleeper);
    return promise;
  }

  /**
   * Moves the time on. Sleepers wake one after the other, each at its time, and what they do then is
   * done before the time moves further; new sleepers within the stretch wake too.
   *
   * @param ms How far.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await setImmediate(); // lets everybody go to sleep who is about to
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.wake();
      await setImmediate();
    }
    this.#elapsed = end;
  }

  #next(end: number): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.at <= end && (next === undefined || sleeper.at < next.at)) next = sleeper;
    }
    return next;
  }
}
