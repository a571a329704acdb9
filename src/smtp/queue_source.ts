/**
 * From the queue of a pool to a session, past the limiter.
 *
 * @module
 */

import type { MessageSource, OutgoingMessage } from "./delivery.ts";
import type { Limiter } from "./limiter.ts";

/** Something that waits in a pool. */
export interface Queued {
  /** The message. */
  readonly message: OutgoingMessage;
}

/** How a source takes what waits. */
export interface QueueSourceOptions<J extends Queued> {
  /** Takes the next job, if there is one for this session. */
  readonly next: () => J | undefined;
  /** Waits a moment for a job to come. */
  readonly linger: () => Promise<void>;
  /** Asked before each message. */
  readonly limiter: Limiter;
  /** Ends all waits. */
  readonly signal: AbortSignal;
}

/** Gives a session the messages of a queue, each when the limiter lets it pass. */
export class QueueSource<J extends Queued> implements MessageSource {
  readonly #options: QueueSourceOptions<J>;
  #held: { readonly job: J; readonly pass: Promise<void> } | undefined;
  /** What the limiter said instead of letting a message pass. */
  failure: { readonly reason: unknown } | undefined;

  /**
   * Makes a source of a queue.
   *
   * @param options How to take from it.
   */
  constructor(options: QueueSourceOptions<J>) {
    this.#options = options;
  }

  /** The next message, if there is one and it may go at once. */
  take(): OutgoingMessage | undefined {
    if (this.#held !== undefined) return undefined;
    const { next, limiter, signal } = this.#options;
    const job = next();
    if (job === undefined) return undefined;
    const recipients = job.message.envelope.to.length;
    const pass = limiter.take({ messages: 1, recipients }, { signal });
    if (pass === undefined) return job.message;
    pass.catch(() => {}); // looked at in wait(), unless the session ends before
    this.#held = { job, pass };
    return undefined;
  }

  /** The next message when it may go; `undefined` when there is none, or it never may. */
  async wait(): Promise<OutgoingMessage | undefined> {
    await this.#options.linger();
    const message = this.take();
    if (message !== undefined || this.#held === undefined) return message;
    const { job, pass } = this.#held;
    try {
      await orAborted(pass, this.#options.signal);
    } catch (reason) {
      this.failure = { reason };
      return undefined;
    }
    this.#held = undefined;
    return job.message;
  }
}

/**
 * Waits for a limiter, which may not know about signals.
 *
 * @param pass What the limiter gave.
 * @param signal Ends the wait; it then rejects with its reason.
 */
export async function orAborted(pass: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([pass, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
