/**
 * Message after message: what is written when, what is read when, and when nobody knows.
 *
 * With PIPELINING a message costs one turn: the end of one content and the envelope of the next share
 * a write. With CHUNKING and a window nothing is waited for while the window has room.
 *
 * @module
 */

import { ClosedError, WireError } from "../wire/mod.ts";
import { Course } from "./course.ts";
import type { Exchange } from "./exchange.ts";
import {
  cancelFlight,
  type DeliveryContext,
  type Flight,
  GROUP_OCTETS,
  type OutgoingMessage,
  prepareFlight,
  type Transacting,
} from "./flight.ts";
import type { Receipt } from "./receipt.ts";
import type { Transaction } from "./transaction.ts";

export { type DeliveryContext, localRefusal, type OutgoingMessage } from "./flight.ts";

/** How messages are sent. */
export interface DeliveryOptions<M extends OutgoingMessage = OutgoingMessage> {
  /**
   * How many message ends may be unanswered. More than one takes effect for messages with `chunking`
   * and the policy `any` only: DATA cannot go on before it is answered. @default {1}
   */
  readonly window?: number;
  /**
   * Awaited after the last octet of content and before the write that holds the end of the message:
   * the last moment in which nothing can be in doubt. If it throws, the message is not sent.
   */
  readonly beforeEnd?: (message: M) => void | Promise<void>;
}

/** Where messages come from: at once if there is one, or after a wait. */
export interface MessageSource<M extends OutgoingMessage = OutgoingMessage> {
  /** The next message if it is here already. What is wrong with the source is for `wait` to say. */
  take(): M | undefined;
  /** The next message, or `undefined` at the end. */
  wait(): Promise<M | undefined>;
  /** No more will be asked for. */
  close?(): Promise<void> | void;
}

/** Sends messages over one exchange. */
export class Delivery {
  readonly #exchange: Exchange;
  readonly #context: DeliveryContext;
  readonly #course: Course;
  /** The octets of commands in the window that are not answered. */
  #unanswered = 0;

  /**
   * Sends over an exchange.
   *
   * @param exchange Where commands go.
   * @param context What the session knows.
   */
  constructor(exchange: Exchange, context: DeliveryContext) {
    this.#exchange = exchange;
    this.#context = context;
    this.#course = new Course(exchange, context);
  }

  /**
   * Sends messages in order and tells one receipt for each.
   *
   * A local refusal is a receipt with its `error`. When the connection fails, the messages under way
   * get their receipts, and then the error is thrown.
   *
   * @param source The messages.
   * @param options Window, and what to do before a message ends.
   * @param tell Hears the receipts, in the order of the messages. Nothing more is written before the
   *   promise resolves that it may return.
   */
  async run<M extends OutgoingMessage>(
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
    tell: (receipt: Receipt) => Promise<void> | void,
  ): Promise<void> {
    const flights: Flight<M>[] = [];
    const where = { host: this.#exchange.host, tls: this.#context.secure() };
    try {
      while (true) {
        if (flights.length === 0) {
          const message = source.take() ?? await this.#next(source);
          if (message === undefined) return await this.#course.close();
          flights.push(this.#prepare(message, options));
        }
        const [head] = flights;
        if (head === undefined) break; // never: one was there, or was just pushed
        if (head.transaction === undefined) await cancelFlight(head, head.refusal.error);
        else await this.#runHead(flights, head, source, options);
        flights.shift();
        const heard = tell(head.refusal ?? head.transaction.receipt(where));
        if (heard !== undefined) await heard;
      }
    } catch (error) {
      // What is open cannot be closed in good order (a listener that threw, a source that failed).
      if (flights.some(({ transaction }) => (transaction?.written ?? 0) > 0)) {
        const reason = "Cannot use the session: sending was broken off";
        this.#exchange.fail(new ClosedError(reason, { cause: error }));
      }
      for (const flight of flights) {
        await cancelFlight(flight, error);
        await tell(flight.refusal ?? flight.transaction.receipt(where, error));
      }
      throw error;
    }
  }

  /** Waits for a message; an abort does not wait with it. */
  async #next<M extends OutgoingMessage>(source: MessageSource<M>): Promise<M | undefined> {
    const { gone } = this.#exchange.channel;
    const cut = Promise.withResolvers<never>();
    const abort = (): void => cut.reject(gone.reason);
    gone.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([source.wait(), cut.promise]);
    } finally {
      gone.removeEventListener("abort", abort);
    }
  }

  #prepare<M extends OutgoingMessage>(message: M, options: DeliveryOptions<M>): Flight<M> {
    const { host } = this.#exchange;
    return prepareFlight(message, this.#context, { host, window: options.window ?? 1 });
  }

  /** Brings the oldest message to its end; others may set out meanwhile. */
  async #runHead<M extends OutgoingMessage>(
    flights: Flight<M>[],
    head: Transacting<M>,
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
  ): Promise<void> {
    const { channel, timers } = this.#exchange;
    channel.deadline.total("the whole message", timers.total);
    try {
      if (head.room > 0) await this.#runWindow(flights, head, source, options);
      else await this.#runOne(flights, head, source, options);
    } catch (error) {
      // S16: what was answered counts, whatever became of the connection behind it.
      if (!(error instanceof WireError && head.transaction.decided)) throw error;
      await cancelFlight(head, error);
    }
    channel.deadline.total("the whole message", undefined);
  }

  /** The plain course: envelope, content, end; the next envelope rides with the end. */
  async #runOne<M extends OutgoingMessage>(
    flights: Flight<M>[],
    { transaction, message }: Transacting<M>,
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
  ): Promise<void> {
    const course = this.#course;
    const { beforeEnd } = options;
    if (transaction.written === 0) {
      this.#exchange.quiet();
      course.putGroup(transaction, course.leftOpen);
      await this.#exchange.flush();
    }
    if (!course.wanted(transaction) && !await course.envelope(transaction)) {
      return await transaction.content.cancel(new Error("The envelope was refused"));
    }
    if (!await course.content(transaction, beforeEnd && (() => beforeEnd(message)))) return;
    if (flights.length === 1) this.#ready(flights, source, options);
    const next = flights[1];
    // RFC 3030 section 2: behind a BDAT that may be refused only RSET makes the state known.
    if (next !== undefined && this.#canShare(next)) {
      course.putGroup(next.transaction, transaction.chunking);
    }
    transaction.ended = true;
    await this.#exchange.flush();
    // The one behind the next is made ready while the server has something to do.
    if (flights.length === 2) this.#ready(flights, source, options);
    while (!course.final(transaction, await course.finalReply())) {
      // LMTP: another accepted recipient has a reply of his own.
    }
  }

  /** Makes the next message ready if there is one. */
  #ready<M extends OutgoingMessage>(
    flights: Flight<M>[],
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
  ): void {
    const message = source.take();
    if (message !== undefined) flights.push(this.#prepare(message, options));
  }

  /** Whether an envelope can follow the end of the message before in the same write. */
  #canShare<M>(flight: Flight<M>): flight is Transacting<M> {
    return flight.transaction !== undefined && flight.room === 0 &&
      this.#context.capabilities().pipelining;
  }

  /** Transactions back to back: the window is filled, then the oldest of them is answered. */
  async #runWindow<M extends OutgoingMessage>(
    flights: Flight<M>[],
    head: Transacting<M>,
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
  ): Promise<void> {
    // Refilled when half of it is answered, so that one write carries many messages.
    const half = flights.length <= (options.window ?? 1) / 2 &&
      this.#unanswered <= GROUP_OCTETS / 2;
    if (half || !head.transaction.ended) await this.#fillWindow(flights, source, options);
    if (head.failure !== undefined) throw head.failure.reason;
    await this.#course.answerWhole(head.transaction);
    this.#unanswered -= head.room;
  }

  /** Writes whole messages until the window is full or the next one does not belong into it. */
  async #fillWindow<M extends OutgoingMessage>(
    flights: Flight<M>[],
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
  ): Promise<void> {
    if (this.#unanswered === 0) this.#exchange.quiet();
    const ready = await this.#gather(flights, source, options);
    for (const transaction of ready) {
      if (this.#exchange.dead) break;
      await this.#course.putWhole(transaction);
    }
    await this.#exchange.flush();
  }

  /** What can be put now, all of it announced: between the first and the last nothing is awaited. */
  async #gather<M extends OutgoingMessage>(
    flights: Flight<M>[],
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
  ): Promise<Transaction[]> {
    const { window = 1, beforeEnd } = options;
    const ready: Transaction[] = [];
    for (let at = 0; at < window; at++) {
      if (at === flights.length) this.#ready(flights, source, options);
      const flight = flights[at];
      if (flight === undefined) break;
      const { transaction } = flight;
      if (transaction === undefined || transaction.ended) continue;
      if (!this.#fits(flight)) break;
      try {
        if (beforeEnd !== undefined) await beforeEnd(flight.message);
      } catch (reason) {
        flight.failure = { reason }; // what is on its way is answered first
        break;
      }
      this.#unanswered += flight.room;
      ready.push(transaction);
    }
    return ready;
  }

  /** Whether a message can be put behind those in the window. */
  #fits<M>({ room, failure }: Transacting<M>): boolean {
    return room > 0 && failure === undefined &&
      (this.#unanswered === 0 || this.#unanswered + room <= GROUP_OCTETS);
  }
}
