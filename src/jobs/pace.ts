/**
 * How long to wait before the next try.
 *
 * @module
 */

import type { Clock } from "../wire/mod.ts";

/** How waits grow. */
export interface WaitOptions {
  /** The first wait, in milliseconds. */
  readonly baseMs: number;
  /** The longest, in milliseconds. */
  readonly maxMs: number;
  /** A number from 0 up to 1, so that not everybody comes back at once. */
  readonly random: () => number;
}

/**
 * Tells how long to wait: twice as long each time, half of it by chance.
 *
 * @param failures How often it has failed, at least once.
 * @param options How waits grow.
 * @returns Milliseconds.
 */
export function waitMs(failures: number, { baseMs, maxMs, random }: WaitOptions): number {
  const longest = Math.min(baseMs * 2 ** Math.max(failures - 1, 0), maxMs);
  return longest * (1 + random()) / 2;
}

/** Pauses after failures, on the monotonic clock. */
export class Backoff {
  readonly #clock: Clock;
  readonly #options: WaitOptions;
  #failures = 0;
  #sinceMs: number | undefined;
  #untilMs = -Infinity;

  /**
   * Nothing has failed yet.
   *
   * @param clock Its monotonic side is used.
   * @param options How pauses grow.
   */
  constructor(clock: Clock, options: WaitOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** How long nothing but failures came, in milliseconds; 0 after a success. */
  get failingMs(): number {
    return this.#sinceMs === undefined ? 0 : this.#clock.monotonic() - this.#sinceMs;
  }

  /**
   * Something has failed. What fails during a pause was begun before it, and counts as one.
   *
   * @returns The length of a new pause, in milliseconds; `undefined` during one.
   */
  fail(): number | undefined {
    const nowMs = this.#clock.monotonic();
    if (nowMs < this.#untilMs) return undefined;
    this.#sinceMs ??= nowMs;
    const ms = waitMs(++this.#failures, this.#options);
    this.#untilMs = nowMs + ms;
    return ms;
  }

  /** Something has succeeded. */
  succeed(): void {
    this.#failures = 0;
    this.#sinceMs = undefined;
    this.#untilMs = -Infinity;
  }

  /**
   * Waits for the end of the pause.
   *
   * @param signal Ends the wait; it then rejects with the signal's reason.
   */
  async over(signal: AbortSignal): Promise<void> {
    while (true) {
      const left = this.#untilMs - this.#clock.monotonic();
      if (left <= 0) return;
      await this.#clock.sleep(left, { signal });
    }
  }
}
