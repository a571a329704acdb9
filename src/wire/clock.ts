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
   * @param ms How long to sleep, in milliseconds.
   * @param options `signal` ends the sleep early; a `background` sleep does not keep the program alive.
   */
  sleep(ms: number, options?: SleepOptions): Promise<void>;
}

/** How a {@linkcode Clock.sleep} may end early, and whether it keeps the program alive. */
export interface SleepOptions {
  /** Ends the sleep; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** @default {false} */
  readonly background?: boolean;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, { signal, background = false } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      if (background) Deno.unrefTimer(timer);
      function abort(): void {
        clearTimeout(timer);
        reject(signal?.reason);
      }
      signal?.addEventListener("abort", abort, { once: true });
    }),
};
