/**
 * One call after the other: who speaks now, and what a signal does to them.
 *
 * @module
 */

import type { Channel } from "../wire/mod.ts";
import { Pop3LocalError } from "./errors.ts";
import type { IncomingMessage } from "./message.ts";

/** A run over many messages that holds the turn while its caller looks at a result. */
export interface Run {
  /** Whether the caller has a result in hand and has not asked for the next. */
  readonly suspended: boolean;
  /** Says NOOP between two answers. */
  keepAlive(): Promise<void>;
}

/** The calls of one session, in their order. */
export class Turns {
  readonly #channel: Channel;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** The run that has the turn. */
  run: Run | undefined;
  /** The message that has the turn until it is read. */
  message: IncomingMessage | undefined;

  /**
   * The calls over a channel.
   *
   * @param channel The channel, which a signal closes.
   */
  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Whether somebody has the turn. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /**
   * Waits for the turn.
   *
   * @returns What ends it.
   * @throws {Pop3LocalError} If the turn is the caller's already: it would wait for itself.
   */
  async take(): Promise<() => void> {
    if (this.run?.suspended) {
      throw new Pop3LocalError(
        "Cannot say anything inside a loop over messages: leave it first, or use its results after it",
      );
    }
    // Nobody has begun to read it, and now nobody will. What it throws, the next command throws too.
    if (this.message?.untouched) this.message.settle().catch(() => {});
    const before = this.#queue;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue = promise;
    // Who has the turn may never end it when the connection is gone.
    if (this.#waiting++ > 0) await Promise.race([before, this.#gone()]);
    return () => {
      this.#waiting--;
      resolve();
    };
  }

  #gone(): Promise<void> {
    const { gone } = this.#channel;
    return new Promise((resolve) => {
      if (gone.aborted) resolve();
      else gone.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /**
   * Does something when it is its turn.
   *
   * @param signal Closes the connection when it fires.
   * @param work What to do.
   * @returns What it gives.
   */
  async do<T>(signal: AbortSignal | undefined, work: () => T | Promise<T>): Promise<T> {
    const end = await this.take();
    try {
      using _abort = this.abortable(signal);
      return await work();
    } finally {
      end();
    }
  }

  /**
   * Lets a signal close the connection.
   *
   * @param signal The signal. If it has fired already, the connection is closed at once.
   * @returns What ends that.
   */
  abortable(signal: AbortSignal | undefined): Disposable {
    const abort = (): void => {
      this.#channel.kill(signal?.reason);
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
    return { [Symbol.dispose]: () => signal?.removeEventListener("abort", abort) };
  }
}
