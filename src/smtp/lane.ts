/**
 * Token buckets, and the waiting line before them.
 *
 * @module
 */

import type { Clock } from "../wire/mod.ts";
import type { Tempo } from "./tempo.ts";

/**
 * Timers are late by a millisecond or two. What was due so much earlier counts from when it was due,
 * or 1,000 a second would become 500.
 */
const TIMER_SLACK_MS = 5;

/** What is nearer is now: floating point does not add up to the last digit. */
const EPSILON_MS = 1e-6;

/**
 * A bucket that fills evenly and is kept as one number: the time at which it will be full again. All
 * times are of a {@linkcode Tempo}.
 */
export class TokenBucket {
  readonly #interval: number;
  readonly #burst: number;
  #fullAt = -Infinity;

  constructor(perSecond: number, burst: number) {
    this.#interval = 1000 / perSecond;
    this.#burst = burst;
  }

  /** How long until `count` may pass. */
  wait(count: number, now: number): number {
    if (count === 0) return 0;
    const spare = this.#burst - Math.min(count, this.#burst);
    return this.#fullAt - spare * this.#interval - now;
  }

  spend(count: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + count * this.#interval;
  }
}

/** A longer timer of the platform fires at once. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

interface Waiter {
  readonly counts: readonly number[];
  pass(): void;
  fail(reason: unknown): void;
}

/** A waiting line before one or more buckets: first come, first served. */
export class Lane {
  readonly #buckets: readonly TokenBucket[];
  readonly #tempo: Tempo;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiter>();
  #serving = false;
  #rouse: AbortController | undefined;
  #pausedUntil = -Infinity;
  #closed: { readonly reason: unknown } | undefined;

  constructor(buckets: readonly TokenBucket[], tempo: Tempo, clock: Clock) {
    this.#buckets = buckets;
    this.#tempo = tempo;
    this.#clock = clock;
  }

  get paused(): boolean {
    return this.#clock.monotonic() < this.#pausedUntil;
  }

  /** Takes `counts`, one number per bucket. */
  take(counts: readonly number[], signal: AbortSignal | undefined): Promise<void> | undefined {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed !== undefined) return Promise.reject(this.#closed.reason);
    if (this.#waiting.size === 0 && this.#delay(counts) === 0) {
      this.#spend(counts, 0);
      return undefined;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => waiter.fail(signal?.reason);
    const settle = (): void => {
      this.#waiting.delete(waiter);
      signal?.removeEventListener("abort", abort);
    };
    const waiter: Waiter = {
      counts,
      pass: () => {
        settle();
        resolve();
      },
      fail: (reason) => {
        settle();
        reject(reason);
        this.#rouse?.abort(); // it may have been the one all others wait for
      },
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.add(waiter);
    if (!this.#serving) this.#serve();
    return promise;
  }

  pause(ms: number): void {
    this.#pausedUntil = this.#clock.monotonic() + ms;
  }

  resume(): void {
    this.#pausedUntil = -Infinity;
    this.#rouse?.abort();
  }

  close(reason: unknown): void {
    this.#closed ??= { reason };
    for (const waiter of this.#waiting) waiter.fail(reason);
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    // A Set shows its iterator who came since, and hides who has left.
    for (const waiter of this.#waiting) {
      while (this.#waiting.has(waiter)) {
        const ms = this.#delay(waiter.counts);
        if (ms > 0) {
          await this.#sleep(ms);
        } else {
          this.#spend(waiter.counts, TIMER_SLACK_MS);
          waiter.pass();
        }
      }
    }
    this.#serving = false;
  }

  async #sleep(ms: number): Promise<void> {
    this.#rouse = new AbortController();
    try {
      await this.#clock.sleep(Math.min(ms, LONGEST_SLEEP_MS), { signal: this.#rouse.signal });
    } catch {
      // Roused: something has changed, and who called looks again.
    }
    this.#rouse = undefined;
  }

  /** Milliseconds until `counts` may pass, whole ones as timers count them. */
  #delay(counts: readonly number[]): number {
    const now = this.#tempo.now();
    let wait = 0;
    this.#buckets.forEach((bucket, i) => wait = Math.max(wait, bucket.wait(counts[i] ?? 0, now)));
    const ms = Math.max(this.#tempo.until(wait), this.#pausedUntil - this.#clock.monotonic());
    return Math.max(0, Math.ceil(ms - EPSILON_MS));
  }

  #spend(counts: readonly number[], slack: number): void {
    const now = this.#tempo.now() - slack;
    this.#buckets.forEach((bucket, i) => bucket.spend(counts[i] ?? 0, now));
  }
}
