/**
 * A rate that several machines share: each message has a slot of time, and slots are handed out in one
 * place.
 *
 * @module
 */

import type { Limiter, LimiterCost } from "../../../smtp/mod.ts";
import type { Clock } from "../../../wire/mod.ts";

/** Some slots, one after the other. */
export interface Slots {
  /** In how many milliseconds the first one comes. */
  readonly inMs: number;
  /** How many there are. */
  readonly count: number;
}

/** How long after its time a slot may still be used, in milliseconds. */
const LATE_MS = 50;

/** Lets each message pass in its slot. */
export class SlotLimiter implements Limiter {
  readonly #reserve: (count: number) => Promise<Slots>;
  readonly #clock: Clock;
  readonly #apartMs: number;
  readonly #chunk: number;
  #nextMs = 0;
  #left = 0;
  /** Who asks waits for who asked before. */
  #turn: Promise<void> = Promise.resolve();

  /**
   * Makes one.
   *
   * @param reserve Reserves the next slots for this machine alone.
   * @param messagesPerSecond How many slots a second has.
   * @param clock Its monotonic side is used.
   */
  constructor(
    reserve: (count: number) => Promise<Slots>,
    messagesPerSecond: number,
    clock: Clock,
  ) {
    this.#reserve = reserve;
    this.#clock = clock;
    this.#apartMs = 1000 / messagesPerSecond;
    // What a machine that dies has reserved and not used is lost: a twentieth of a second at most.
    this.#chunk = Math.max(1, Math.floor(messagesPerSecond / 20));
  }

  take(
    { messages = 0 }: LimiterCost,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> | undefined {
    if (messages === 0) return undefined;
    const pass = this.#turn.then(() => this.#pass(messages, options.signal));
    this.#turn = pass.catch(() => {}); // who asked hears of it
    return pass;
  }

  /** The server's complaints are each machine's own affair. */
  report(): void {}

  async #pass(messages: number, signal: AbortSignal | undefined): Promise<void> {
    for (let taken = 0; taken < messages;) {
      signal?.throwIfAborted();
      const nowMs = this.#clock.monotonic();
      // A slot that was not used in its time is gone: used later, it would crowd the next ones.
      while (this.#left > 0 && this.#nextMs < nowMs - LATE_MS) this.#use();
      if (this.#left === 0) {
        const { inMs, count } = await this.#reserve(this.#chunk);
        this.#nextMs = this.#clock.monotonic() + inMs;
        this.#left = count;
        continue;
      }
      const waitMs = this.#nextMs - nowMs;
      this.#use();
      taken++;
      if (waitMs > 0) await this.#clock.sleep(waitMs, signal === undefined ? {} : { signal });
    }
  }
  #use(): void {
    this.#nextMs += this.#apartMs;
    this.#left--;
  }
}
