/**
 * A clock whose sleepers wake at once.
 *
 * @module
 */

import type { Clock } from "../../src/wire/mod.ts";

/** A clock whose sleepers wake at once: time passes as they wish. */
export class EagerClock implements Clock {
  #ms = 0;

  now(): number {
    return Date.UTC(2026, 10, 21) + this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  async sleep(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
    if (ms !== Infinity) this.#ms += Math.max(ms, 0);
  }
}
