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
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #expire: (timer: string, limitMs: number) => void;
  readonly #stop = new AbortController();
  #wait: Limit | undefined;
  #total: Limit | undefined;
  #watching = false;
  #wakesAt = Infinity;
  #rouse: AbortController | undefined;

  /**
   * Makes one.
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
    const at = this.#clock.monotonic() + ms;
    this.#wait = { timer, ms, at };
    this.#watch(at);
  }

  /** Ends the current wait. */
  disarm(): void {
    this.#wait = undefined;
  }

  /**
   * Sets, or with `undefined` removes, the limit of a longer stretch (a whole message, a whole run).
   *
   * @param timer What is limited; it is named in the error.
   * @param ms How long, in milliseconds.
   */
  total(timer: string, ms: number | undefined): void {
    if (ms === undefined) {
      this.#total = undefined;
    } else {
      const at = this.#clock.monotonic() + ms;
      this.#total = { timer, ms, at };
      this.#watch(at);
    }
  }

  /** Forgets all limits and stops watching. */
  [Symbol.dispose](): void {
    this.#wait = this.#total = undefined;
    this.#stop.abort();
    this.#rouse?.abort();
  }

  #watch(at: number): void {
    if (at === Infinity || this.#stop.signal.aborted) return;
    if (!this.#watching) {
      this.#watching = true;
      this.#sleep();
    } else if (at < this.#wakesAt) {
      this.#rouse?.abort(); // a nearer limit: the sleeper must wake earlier
    }
  }

  async #sleep(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const next = this.#next();
      if (next === undefined) break;
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
    this.#wakesAt = Infinity;
  }

  #next(): Limit | undefined {
    if (this.#wait === undefined || this.#total === undefined) return this.#wait ?? this.#total;
    return this.#wait.at <= this.#total.at ? this.#wait : this.#total;
  }
}

interface Limit {
  readonly timer: string;
  readonly ms: number;
  readonly at: number;
}
