/**
 * How fast we may go: asked before work is dispatched, told what the server said about it.
 *
 * @module
 */

import { type Clock, systemClock } from "../wire/mod.ts";
import { Lane, TokenBucket } from "./lane.ts";
import { Tempo } from "./tempo.ts";

/** What a piece of work takes; what is absent is none. */
export interface LimiterCost {
  /** Messages that will be sent. */
  readonly messages?: number;
  /** Recipients that will be named. */
  readonly recipients?: number;
  /** Connections that will be opened. */
  readonly connections?: number;
}

/** What a limiter may learn from: the code of a reply, or whether a connection came about. */
export type LimiterOutcome = { readonly code: number } | { readonly connected: boolean };

/**
 * Lets work pass at the pace that a server and its owner allow.
 *
 * One limiter is shared by all connections to a host. A job may hand in one of its own, for example
 * one that several machines share.
 */
export interface Limiter {
  /**
   * Asks before the work begins.
   *
   * @param cost What the work takes.
   * @param options `signal` ends the wait; it then rejects with the signal's reason.
   * @returns `undefined` if the work may begin at once, else a promise that resolves when it may.
   */
  take(
    cost: LimiterCost,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void> | undefined;
  /**
   * Tells what came of the work. What the limiter does not learn from, it ignores.
   *
   * @param outcome The code of a reply, or whether a connection came about.
   */
  report(outcome: LimiterOutcome): void;
}

/**
 * The limiter that lets everything pass, at no cost.
 *
 * @example Usage
 * ```ts
 * import { UNLIMITED } from "@mailwright/mailwright/smtp";
 * import { equal } from "node:assert/strict";
 *
 * equal(UNLIMITED.take({ messages: 1_000_000 }), undefined);
 * ```
 */
export const UNLIMITED: Limiter = Object.freeze({
  take: () => undefined,
  report: () => {},
});

/** What a {@linkcode TokenBucketLimiter} does of its own accord. */
export type LimiterEvent =
  /** The server complained: from now on all rates are multiplied by `speed`. */
  | { readonly kind: "slowed"; readonly code: number; readonly speed: number }
  /** Connections failed, `failures` times in a row: none is opened for `ms` milliseconds. */
  | { readonly kind: "paused"; readonly failures: number; readonly ms: number };

/** How fast, and how to react. */
export interface TokenBucketLimiterOptions {
  /** Messages. @default {Infinity} */
  readonly messagesPerSecond?: number;
  /** Recipients. @default {Infinity} */
  readonly recipientsPerSecond?: number;
  /** New connections. @default {Infinity} */
  readonly connectionsPerSecond?: number;
  /** How much of each may pass at once after a quiet time, a whole number. @default {1} */
  readonly burst?: number;
  /** What a complaint of the server multiplies the rates with, below 1. @default {0.5} */
  readonly slowDown?: number;
  /** How long the way back from a standstill to the full rates takes, in milliseconds. @default {600_000} */
  readonly recoveryMs?: number;
  /** The pause after the first failed connection; each further one doubles it. @default {1_000} */
  readonly pauseMs?: number;
  /** The longest pause. @default {60_000} */
  readonly maxPauseMs?: number;
  /** Its monotonic side is used. @default {systemClock} */
  readonly clock?: Clock;
  /** A number from 0 up to 1, for the jitter of pauses. @default {Math.random} */
  readonly random?: () => number;
  /** Called when it slows down or pauses. */
  readonly onEvent?: (event: LimiterEvent) => void;
}

/**
 * Token buckets for messages, recipients and new connections, each per second.
 *
 * Who asks first passes first; new connections wait in a line of their own, so that a message for an
 * open connection does not wait behind them. Work larger than the burst passes when the bucket is
 * full, and what follows waits the longer.
 *
 * The replies 421, 450, 451, 452 and 454 slow all rates down, at most once in a second, and quiet
 * brings them back slowly. A rate that is not set has nothing to slow. Failed connections pause
 * further ones, longer each time.
 *
 * @example Usage
 * ```ts
 * import { TokenBucketLimiter } from "@mailwright/mailwright/smtp";
 * import { equal, ok } from "node:assert/strict";
 *
 * using limiter = new TokenBucketLimiter({ messagesPerSecond: 100, burst: 2 });
 * equal(limiter.take({ messages: 1 }), undefined); // the burst passes at once
 * equal(limiter.take({ messages: 1 }), undefined);
 * await limiter.take({ messages: 1 }); // 10 ms later
 * limiter.report({ code: 421 });
 * ok(limiter.speed < 0.6); // half, and growing again
 * ```
 */
export class TokenBucketLimiter implements Limiter {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onEvent: (event: LimiterEvent) => void;
  readonly #slowDown: number;
  readonly #pauseMs: number;
  readonly #maxPauseMs: number;
  readonly #tempo: Tempo;
  readonly #mail: Lane;
  readonly #connections: Lane;
  #slowedAt = -Infinity;
  #failures = 0;

  /**
   * Makes one.
   *
   * @param options How fast, and how to react.
   * @throws {RangeError} If a number makes no sense.
   */
  constructor(options: TokenBucketLimiterOptions) {
    const {
      messagesPerSecond = Infinity,
      recipientsPerSecond = Infinity,
      connectionsPerSecond = Infinity,
      burst = 1,
      slowDown = 0.5,
      recoveryMs = 600_000,
      pauseMs = 1000,
      maxPauseMs = 60_000,
      clock = systemClock,
      random = Math.random,
      onEvent = () => {},
    } = options;
    const rates = { messagesPerSecond, recipientsPerSecond, connectionsPerSecond };
    for (const [name, rate] of Object.entries(rates)) {
      if (!(rate > 0)) throw unusable(name, rate, "a number above 0");
    }
    for (const [name, ms] of Object.entries({ recoveryMs, pauseMs, maxPauseMs })) {
      if (!(ms > 0 && ms < Infinity)) throw unusable(name, ms, "a number above 0");
    }
    if (!(slowDown > 0 && slowDown < 1)) {
      throw unusable("slowDown", slowDown, "a number between 0 and 1");
    }
    if (!(Number.isSafeInteger(burst) && burst > 0)) {
      throw unusable("burst", burst, "a whole number above 0");
    }
    this.#clock = clock;
    this.#random = random;
    this.#onEvent = onEvent;
    this.#slowDown = slowDown;
    this.#pauseMs = pauseMs;
    this.#maxPauseMs = maxPauseMs;
    this.#tempo = new Tempo(clock, recoveryMs);
    const lane = (...rates: number[]): Lane =>
      new Lane(rates.map((rate) => new TokenBucket(rate, burst)), this.#tempo, clock);
    this.#mail = lane(messagesPerSecond, recipientsPerSecond);
    this.#connections = lane(connectionsPerSecond);
  }

  /** What the rates are multiplied with at the moment: 1 is full speed. */
  get speed(): number {
    return this.#tempo.speed;
  }

  /**
   * Asks before the work begins.
   *
   * @param cost What the work takes.
   * @param options `signal` ends the wait; it then rejects with the signal's reason.
   * @returns `undefined` if the work may begin at once, else a promise that resolves when it may.
   * @throws {RangeError} If a cost is negative or no number.
   */
  take(
    cost: LimiterCost,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> | undefined {
    const { messages = 0, recipients = 0, connections = 0 } = cost;
    for (const count of [messages, recipients, connections]) {
      if (!(count >= 0 && count < Infinity)) {
        throw new RangeError(`Cannot take "${count}" from a limiter: expected a number from 0`);
      }
    }
    const mail = [messages, recipients];
    const turn = connections === 0 ? undefined : this.#connections.take([connections], signal);
    return turn === undefined
      ? this.#mail.take(mail, signal)
      : turn.then(() => this.#mail.take(mail, signal));
  }

  /**
   * Tells what came of the work.
   *
   * @param outcome The code of a reply, or whether a connection came about.
   */
  report(outcome: LimiterOutcome): void {
    if ("code" in outcome) {
      if (COMPLAINTS.has(outcome.code)) this.#slow(outcome.code);
    } else if (outcome.connected) {
      this.#failures = 0;
      this.#connections.resume();
    } else if (!this.#connections.paused) { // else it was tried before the pause
      this.#pause();
    }
  }

  /**
   * Ends all waits, also those that come later.
   *
   * @param reason What they reject with; without one, an error that says so.
   */
  close(reason: unknown = new Error("Cannot wait for a limiter: it is closed")): void {
    this.#mail.close(reason);
    this.#connections.close(reason);
  }

  /** Ends all waits. */
  [Symbol.dispose](): void {
    this.close();
  }

  #slow(code: number): void {
    const now = this.#clock.monotonic();
    // One complaint rarely comes alone: each connection and each recipient has its own reply.
    if (now - this.#slowedAt < COMPLAINTS_TOGETHER_MS) return;
    this.#slowedAt = now;
    this.#tempo.slowDown(this.#slowDown);
    this.#onEvent({ kind: "slowed", code, speed: this.#tempo.speed });
  }

  #pause(): void {
    const longest = Math.min(this.#pauseMs * 2 ** this.#failures, this.#maxPauseMs);
    this.#failures++;
    // Half of it is jitter, so that several machines do not come back together.
    const ms = longest * (1 + this.#random()) / 2;
    this.#connections.pause(ms);
    this.#onEvent({ kind: "paused", failures: this.#failures, ms });
  }
}

/** What says "not so fast", among other things (RFC 5321 section 4.2.3). */
const COMPLAINTS: ReadonlySet<number> = new Set([421, 450, 451, 452, 454]);
const COMPLAINTS_TOGETHER_MS = 1000;

function unusable(name: string, value: number, expected: string): RangeError {
  return new RangeError(`Cannot use "${value}" as ${name}: expected ${expected}`);
}
