/**
 * Deadlines and signals: both end a wait by closing the connection, and both come back as the reason.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/**
 * The limits of one connection: one for the current wait, one for a longer stretch.
 *
 * Setting a limit costs a look at the clock. One sleeping timer watches; when it wakes too early,
 * because the limit has moved on, it sleeps again. So a session of a million replies makes no million
 * timers.
 *
 * @example Usage
 * ```ts
 * import { Deadline, systemClock } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const expired: string[] = [];
 * using deadline = new Deadline(systemClock, (timer, ms) => expired.push(`${timer} ${ms}`));
 * deadline.arm("greeting", 5);
 * await systemClock.sleep(50);
 * equal(expired[0], "greeting 5");
 * ```
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #expire: (timer: string, limitMs: number) => void;
  #wait: Limit | undefined;
  #total: Limit | undefined;
  #over = false;
  #watching = false;
  #wakesAt = 0;
  #rouse: AbortController | undefined;

  /**
   * A watch without limits.
   *
   * @param clock The clock to go by; only its monotonic side is used.
   * @param expire Called once when a limit is over: it closes the connection.
   */
  constructor(clock: Clock, expire: (timer: string, limitMs: number) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /**
   * Sets the limit of the current wait.
   *
   * @param timer What is waited for; it is named in the error.
   * @param ms How long, in milliseconds; `Infinity` is no limit.
   */
  arm(timer: string, ms: number): void {
    this.#wait = this.#limit(timer, ms);
    this.#watch();
  }

  /** Ends the current wait. */
  disarm(): void {
    this.#wait = undefined;
  }

  /**
   * Sets, or with `undefined` removes, the limit of a longer stretch (a whole message, a whole run).
   *
   * @param timer What is limited; it is named in the error.
   * @param ms How long, in milliseconds; `Infinity` is no limit.
   */
  total(timer: string, ms: number | undefined): void {
    this.#total = ms === undefined ? undefined : this.#limit(timer, ms);
    this.#watch();
  }

  /** Forgets all limits and stops watching. */
  [Symbol.dispose](): void {
    this.#wait = this.#total = undefined;
    this.#over = true;
    this.#rouse?.abort();
  }

  #limit(timer: string, ms: number): Limit | undefined {
    return ms === Infinity ? undefined : { timer, ms, at: this.#clock.monotonic() + ms };
  }

  #watch(): void {
    const next = this.#next();
    if (next === undefined) return;
    if (!this.#watching) {
      this.#watching = true;
      this.#sleep();
    } else if (next.at < this.#wakesAt) {
      this.#rouse?.abort(); // a nearer limit: the sleeper must wake earlier
    }
  }

  async #sleep(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const left = next.at - this.#clock.monotonic();
      if (left <= 0) {
        this[Symbol.dispose]();
        this.#expire(next.timer, next.ms);
        break;
      }
      this.#wakesAt = next.at;
      this.#rouse = new AbortController();
      try {
        await this.#clock.sleep(left, { signal: this.#rouse.signal, background: true });
      } catch {
        // Roused by a nearer limit or by the end: the loop looks again.
      }
    }
    this.#watching = false;
  }

  /** The nearer limit; none any more once the watch is over, whatever is set after that. */
  #next(): Limit | undefined {
    if (this.#over) return undefined;
    if (this.#wait === undefined || this.#total === undefined) return this.#wait ?? this.#total;
    return this.#wait.at <= this.#total.at ? this.#wait : this.#total;
  }
}

interface Limit {
  readonly timer: string;
  readonly ms: number;
  readonly at: number;
}
