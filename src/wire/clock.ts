/**
 * The clock of all layers: passed in, so that tests can turn it.
 *
 * @module
 */

/** Time as the layers see it. */
export interface Clock {
  /** Wall time, milliseconds since 1970. It may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. Deadlines and rates use only this. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds, or rejects with the signal's reason.
   *
   * @param ms How long to sleep, in milliseconds; `Infinity` sleeps until the signal.
   * @param options `signal` ends the sleep early; a `background` sleep does not keep the program alive.
   */
  sleep(ms: number, options?: SleepOptions): Promise<void>;
}

/** How a {@linkcode Clock.sleep} may end early, and whether it keeps the program alive. */
export interface SleepOptions {
  /** Ends the sleep; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Whether the program may end although somebody sleeps. @default {false} */
  readonly background?: boolean;
}

/** The most that a timer of the platform can hold: a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The clock of the machine.
 *
 * @example Usage
 * ```ts
 * import { systemClock } from "@mailwright/mailwright/wire";
 * import { ok, rejects } from "node:assert/strict";
 *
 * const began = systemClock.monotonic();
 * await systemClock.sleep(5);
 * ok(systemClock.monotonic() > began);
 *
 * const sleep = systemClock.sleep(Infinity, { signal: AbortSignal.abort(new Error("enough")) });
 * await rejects(sleep, { message: "enough" });
 * ```
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, { signal, background = false } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let timer: ReturnType<typeof setTimeout>;
      const wait = (left: number): void => {
        timer = setTimeout(() => {
          if (left > LONGEST_TIMER) return wait(left - LONGEST_TIMER);
          signal?.removeEventListener("abort", abort);
          resolve();
        }, Math.min(left, LONGEST_TIMER));
        if (background) Deno.unrefTimer(timer);
      };
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      wait(ms);
    }),
};
