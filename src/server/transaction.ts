/**
 * One mail transaction: from MAIL to the end of the content, or to RSET.
 *
 * @module
 */

import type { MessageSink } from "./backend.ts";
import type { EnvelopeRecipient, EnvelopeSender, ReceivedEnvelope } from "./envelope.ts";
import { RefusalError } from "./errors.ts";
import { refusal } from "./refusal.ts";
import type { ServerReply } from "./reply.ts";

/** Content that goes on and on after it has been refused. The session ends. */
export class OverrunError extends Error {
  override readonly name = "OverrunError";
}

/** The state of a transaction, and the way of its content into the sink. */
export class Transaction implements ReceivedEnvelope {
  readonly sender: EnvelopeSender;
  readonly recipients: EnvelopeRecipient[] = [];
  #sink: MessageSink | undefined;
  #failure: ServerReply | undefined;
  #octets = 0;

  /**
   * Begins one.
   *
   * @param sender What MAIL said.
   */
  constructor(sender: EnvelopeSender) {
    this.sender = sender;
  }

  /** Whether content has begun. */
  get begun(): boolean {
    return this.#sink !== undefined || this.failed;
  }

  /** Whether the content has been refused. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Gives the sink of the content that begins.
   *
   * @param sink Takes the content.
   */
  begin(sink: MessageSink): void {
    this.#sink = sink;
  }

  /**
   * Takes content. Once it is refused, the rest is counted and forgotten.
   *
   * @param chunk Octets of content.
   * @param limits How many octets it may have, and how many more are put up with.
   * @throws {OverrunError} If it goes far beyond the limit.
   */
  async write(
    chunk: Uint8Array,
    { most, overrun }: { readonly most: number; readonly overrun: number },
  ): Promise<void> {
    this.#octets += chunk.length;
    if (this.#octets > most + overrun) {
      throw new OverrunError(`Cannot read the message: more than ${most} and ${overrun} octets`);
    }
    if (this.#octets > most) await this.refuse(TOO_LARGE);
    if (this.#sink === undefined || chunk.length === 0) return;
    try {
      await this.#sink.write(chunk);
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      await this.refuse(error.reply);
    }
  }

  /**
   * Refuses the content. The first reason stays.
   *
   * @param reply What the client is told in the end.
   */
  async refuse(reply: ServerReply): Promise<void> {
    this.#failure ??= reply;
    await this.abort();
  }

  /** Forgets the content. */
  async abort(): Promise<void> {
    const sink = this.#sink;
    this.#sink = undefined;
    await sink?.abort();
  }

  /**
   * Ends the content.
   *
   * @returns The final replies of the sink, or the reason of the refusal.
   * @throws {RefusalError} If the content was refused.
   */
  async finish(): Promise<readonly ServerReply[]> {
    const sink = this.#sink;
    this.#sink = undefined;
    if (this.#failure !== undefined) throw new RefusalError(this.#failure);
    return await sink?.finish() ?? [];
  }
}

/** RFC 1870 section 6.3. */
export const TOO_LARGE: ServerReply = refusal(
  552,
  "5.3.4",
  "Message exceeds the fixed maximum size",
).reply;
