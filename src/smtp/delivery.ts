/**
 * From MAIL to the last reply, message after message: what is written when, what is read when, and
 * when nobody knows.
 *
 * With PIPELINING a message costs one turn: the end of one content and the envelope of the next share
 * a write. With CHUNKING and a window nothing is waited for while the window has room.
 *
 * @module
 */

import { ClosedError, ProtocolError } from "../wire/mod.ts";
import type { Capabilities } from "./capabilities.ts";
import { bdat, RSET } from "./commands.ts";
import { cancelContent, type Content, type ContentOptions, prepareContent } from "./content.ts";
import { type Envelope, prepareEnvelope, toForwardPath } from "./envelope.ts";
import type { Exchange } from "./exchange.ts";
import type { Receipt, RejectedRecipient } from "./receipt.ts";
import type { SmtpReply } from "./reply.ts";
import { Transaction } from "./transaction.ts";

/** A message with its envelope. */
export interface OutgoingMessage extends ContentOptions {
  /** Who sends to whom. */
  readonly envelope: Envelope;
  /** What is sent. */
  readonly content: Content;
  /** Sends by BDAT where the server offers CHUNKING; a binary message needs it. @default {false} */
  readonly chunking?: boolean;
}

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
  /** The next message if it is here already. */
  take(): M | undefined;
  /** The next message, or `undefined` at the end. */
  wait(): Promise<M | undefined>;
  /** No more will be asked for. */
  close?(): Promise<void> | void;
}

/** What a delivery must know of its session. */
export interface DeliveryContext {
  /** Whether each accepted recipient has a final reply of his own. */
  readonly lmtp: boolean;
  /** What the server offers now. */
  capabilities(): Capabilities;
  /** Whether the connection is verified TLS. */
  secure(): boolean;
}

/** The most unanswered octets of commands: less than any server's buffer (RFC 2920 section 3.1). */
const GROUP_OCTETS = 16 * 1024;
/** BDAT chunks of a stream gather to this size. */
const CHUNK_OCTETS = 256 * 1024;
/** How many chunks of one message may be unanswered. */
const CHUNK_WINDOW = 4;

/** One message on its way, or one that we refuse ourselves; both wait for their turn to be told. */
type Flight<M> =
  | { readonly message: M; readonly transaction: Transaction; readonly refusal?: never }
  | { readonly message: M; readonly transaction?: never; readonly refusal: Receipt };

/** Sends messages over one exchange. */
export class Delivery {
  readonly #exchange: Exchange;
  readonly #context: DeliveryContext;
  /** Whether the server may still hold an envelope that came to nothing. */
  #leftOpen = false;

  /**
   * Sends over an exchange.
   *
   * @param exchange Where commands go.
   * @param context What the session knows.
   */
  constructor(exchange: Exchange, context: DeliveryContext) {
    this.#exchange = exchange;
    this.#context = context;
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
    try {
      while (true) {
        if (flights.length === 0) {
          const message = source.take() ?? await source.wait();
          if (message === undefined) break;
          flights.push(this.#prepare(message));
        }
        const [head] = flights;
        if (head === undefined) break; // never: one was there, or was just pushed
        if (head.transaction !== undefined) {
          if (this.#windowed(head, options)) await this.#runWindow(flights, source, options);
          else await this.#runOne(flights, head, source, options);
        }
        flights.shift();
        const heard = tell(head.refusal ?? head.transaction.receipt(this.#where()));
        if (heard !== undefined) await heard;
      }
    } catch (error) {
      for (const flight of flights) {
        await cancelContent(flight.message.content, error);
        await tell(flight.refusal ?? flight.transaction.receipt(this.#where(), error));
      }
      // What is open cannot be closed in good order (a listener that threw, a source that failed).
      if (flights.some(({ transaction }) => (transaction?.written ?? 0) > 0)) {
        this.#exchange.fail(new ClosedError("Cannot use the session: sending was broken off"));
      }
      throw error;
    }
  }

  /** The plain course: envelope, content, end; the next envelope rides with the end. */
  async #runOne<M extends OutgoingMessage>(
    flights: Flight<M>[],
    { transaction, message }: Flight<M> & { readonly transaction: Transaction },
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
  ): Promise<void> {
    const { timers, channel } = this.#exchange;
    if (timers.total !== Infinity) channel.deadline.total("the whole message", timers.total);
    if (transaction.written === 0) {
      await this.#reset();
      this.#putGroup(transaction);
      await this.#exchange.flush();
    }
    if (!await this.#envelope(transaction)) {
      await cancelContent(message.content, new Error("The envelope was refused"));
    } else if (await this.#content(message, transaction, options)) {
      const following = source.take();
      if (following !== undefined) {
        const next = this.#prepare(following);
        flights.push(next);
        if (this.#canShare(next, options)) this.#putGroup(next.transaction);
      }
      transaction.ended = true;
      await this.#exchange.flush();
      await this.#final(transaction);
    }
    if (timers.total !== Infinity) channel.deadline.total("the whole message", undefined);
  }

  /**
   * Transactions back to back: writes until the window is full, then reads the replies to the oldest.
   */
  async #runWindow<M extends OutgoingMessage>(
    flights: Flight<M>[],
    source: MessageSource<M>,
    options: DeliveryOptions<M>,
  ): Promise<void> {
    const { window = 1 } = options;
    const [head] = flights;
    if (head?.transaction === undefined) return;
    if (!head.transaction.ended) {
      await this.#reset();
      await this.#putWhole(head.message, head.transaction, options);
    }
    // Refilled when half of it is answered, so that one write carries many messages.
    let last: Flight<M> = flights.at(-1) ?? head;
    const refill = flights.length <= window / 2;
    while (refill && flights.length < window && this.#windowed(last, options)) {
      const message = source.take();
      if (message === undefined) break;
      last = this.#prepare(message);
      flights.push(last);
      if (this.#windowed(last, options)) {
        await this.#putWhole(last.message, last.transaction, options);
      }
    }
    await this.#exchange.flush();
    await this.#answerWhole(head.transaction);
  }

  /** Makes a message ready, or says why this server cannot have it. */
  #prepare<M extends OutgoingMessage>(message: M): Flight<M> {
    try {
      const capabilities = this.#context.capabilities();
      const chunking = (message.chunking ?? false) && capabilities.has("CHUNKING");
      const content = prepareContent(message.content, message, capabilities, chunking);
      const envelope = prepareEnvelope(message.envelope, content, {
        capabilities,
        secure: this.#context.secure(),
      });
      const { policy } = message.envelope;
      return { message, transaction: new Transaction(envelope, content, { policy, chunking }) };
    } catch (error) {
      return { message, refusal: localRefusal(message.envelope, error, this.#where()) };
    }
  }

  /** Whether a message can go in a window: whole, by BDAT, and whoever is refused is just left out. */
  #windowed<M extends OutgoingMessage>(
    flight: Flight<M>,
    { window = 1 }: DeliveryOptions<M>,
  ): flight is Flight<M> & { readonly transaction: Transaction } {
    const { transaction } = flight;
    return window > 1 && transaction !== undefined && transaction.chunking &&
      transaction.policy === "any" && !this.#context.lmtp &&
      transaction.content.whole !== undefined && transaction.commands.length <= 100 &&
      this.#context.capabilities().pipelining;
  }

  /** Whether an envelope can follow the end of the message before in the same write. */
  #canShare<M extends OutgoingMessage>(
    flight: Flight<M>,
    options: DeliveryOptions<M>,
  ): flight is Flight<M> & { readonly transaction: Transaction } {
    return flight.transaction !== undefined && !this.#windowed(flight, options) &&
      !this.#leftOpen && this.#context.capabilities().pipelining;
  }

  /** Clears what an envelope that came to nothing may have left behind. */
  async #reset(): Promise<void> {
    if (!this.#leftOpen) {
      this.#exchange.quiet();
      return;
    }
    this.#checkReset(await this.#exchange.say(RSET));
    this.#leftOpen = false;
  }

  /**
   * Puts the next commands of an envelope: one without PIPELINING; with it as many as fit. DATA goes
   * along only where a refused recipient does not change its meaning.
   */
  #putGroup(transaction: Transaction): void {
    const { commands, policy } = transaction;
    const pipelining = this.#context.capabilities().pipelining;
    const { channel } = this.#exchange;
    const begin = channel.pending;
    do {
      const command = commands[transaction.written];
      if (command === undefined) return;
      if (command.verb === "DATA" && channel.pending > begin && policy === "all") return;
      channel.put(command.line);
      transaction.written++;
    } while (pipelining && channel.pending - begin < GROUP_OCTETS - 1024);
  }

  /**
   * Speaks the envelope to its end.
   *
   * @returns Whether the content is wanted.
   */
  async #envelope(transaction: Transaction): Promise<boolean> {
    const { commands } = transaction;
    while (true) {
      while (transaction.answered < transaction.written) {
        if (!this.#answerAtOnce(transaction)) await this.#answer(transaction);
      }
      if (transaction.written === commands.length) break;
      if (transaction.mailRefused) return false;
      const dataNext = commands[transaction.written]?.verb === "DATA";
      if (this.#hopeless(transaction, dataNext)) {
        this.#leftOpen = true;
        await this.#reset();
        return false;
      }
      this.#putGroup(transaction);
      await this.#exchange.flush();
    }
    return await this.#afterEnvelope(transaction);
  }

  #hopeless(transaction: Transaction, recipientsDone: boolean): boolean {
    return transaction.policy === "all"
      ? transaction.anyRefused
      : recipientsDone && transaction.accepted === 0;
  }

  async #afterEnvelope(transaction: Transaction): Promise<boolean> {
    const { data } = transaction;
    const wanted = data?.code === 354;
    if (transaction.mailRefused) {
      // S27: the server takes content that belongs to nothing. Neither a dot nor an octet is sent.
      if (wanted) {
        this.#exchange.fail(new ProtocolError("Cannot go on: 354 to DATA after MAIL was refused"));
      }
      return false;
    }
    if (transaction.chunking) {
      if (!this.#hopeless(transaction, true)) return true;
      this.#leftOpen = true;
      await this.#reset();
      return false;
    }
    if (transaction.accepted === 0) {
      if (wanted) await this.#sendNothing();
      else this.#leftOpen = true;
      return false;
    }
    if (!wanted) this.#leftOpen = true;
    return wanted;
  }

  /** RFC 2920 section 3.1: 354 although no recipient was taken is answered by a lone dot (S26). */
  async #sendNothing(): Promise<void> {
    if (this.#context.lmtp) {
      // No recipient, so no reply would come (S42).
      this.#exchange.fail(new ProtocolError("Cannot go on: 354 to DATA without any recipient"));
      return;
    }
    this.#exchange.channel.putContent(LONE_DOT);
    await this.#exchange.flush();
    await this.#exchange.reply("the lone dot", this.#exchange.timers.final);
  }

  /** Takes the next reply if it is here already, as most are behind the first one of a turn. */
  #answerAtOnce(transaction: Transaction): boolean {
    const reply = this.#exchange.replyAtOnce();
    if (reply === undefined) return false;
    this.#take(transaction, reply);
    return true;
  }

  async #answer(transaction: Transaction): Promise<void> {
    const command = transaction.awaited;
    if (command === undefined) return;
    this.#exchange.stage = command.verb.toLowerCase();
    this.#take(
      transaction,
      await this.#exchange.reply(command.verb, this.#exchange.timers[command.timer]),
    );
  }

  #take(transaction: Transaction, reply: SmtpReply): void {
    this.#breaking(() => transaction.answer(reply));
  }

  /**
   * Writes the content and puts its end.
   *
   * @returns Whether the end was put; without it the server has answered early, and it is over.
   */
  async #content<M extends OutgoingMessage>(
    message: M,
    transaction: Transaction,
    options: DeliveryOptions<M>,
  ): Promise<boolean> {
    const { content } = transaction;
    const { channel } = this.#exchange;
    const chunks = transaction.chunking ? new ChunkWriter(this.#exchange) : undefined;
    this.#exchange.stage = "content";
    try {
      if (content.whole !== undefined) {
        if (chunks === undefined) channel.putContent(content.whole);
        else chunks.add(content.whole);
        transaction.octets = content.whole.length;
      } else {
        for await (const piece of content.chunks()) {
          if (chunks === undefined) await this.#exchange.write(() => channel.writeContent(piece));
          else await chunks.write(piece);
          transaction.octets += piece.length;
          if (this.#exchange.dead || chunks?.refusal !== undefined) break;
        }
        await chunks?.settle();
      }
      const refusal = chunks?.refusal;
      if (refusal !== undefined) {
        this.#breaking(() => transaction.finish(refusal, true));
        this.#leftOpen = true;
        return false;
      }
      if (!this.#exchange.dead && options.beforeEnd !== undefined) await options.beforeEnd(message);
    } catch (error) {
      // S44: the end is never written, so the server throws away what it has.
      this.#exchange.fail(new ClosedError("Cannot go on: the content broke off", { cause: error }));
      throw error;
    }
    if (this.#exchange.dead) {
      // A write failed: the server's last words decide, if there are any (D06).
      const reply = await this.#exchange.reply("the content", this.#exchange.timers.final);
      this.#breaking(() => transaction.finish(reply, true));
      this.#exchange.fail(new ClosedError("Cannot go on: the server has closed the connection"));
      return false;
    }
    if (chunks === undefined) channel.putContent(content.end());
    else {
      transaction.ended = true;
      await chunks.end(content.end());
    }
    return true;
  }

  async #final(transaction: Transaction): Promise<void> {
    this.#exchange.stage = "final";
    const { final } = this.#exchange.timers;
    if (this.#context.lmtp) {
      let all = false;
      while (!all) {
        const reply = await this.#exchange.reply("the content", final);
        this.#breaking(() => all = transaction.finishOne(reply));
      }
      return;
    }
    const reply = await this.#exchange.reply("the content", final);
    this.#breaking(() => transaction.finish(reply));
    if (transaction.chunking && !reply.ok) this.#leftOpen = true;
  }

  /** Puts a whole transaction: RSET, MAIL, RCPT, BDAT LAST and the content. */
  async #putWhole<M extends OutgoingMessage>(
    message: M,
    transaction: Transaction,
    options: DeliveryOptions<M>,
  ): Promise<void> {
    const whole = transaction.content.whole ?? NOTHING;
    await options.beforeEnd?.(message);
    const { channel } = this.#exchange;
    // RFC 3030 section 2: after a refused chunk only RSET makes the state known again, and whether
    // the transaction before this one was refused is not known yet.
    channel.put(RSET.line);
    for (const command of transaction.commands) channel.put(command.line);
    transaction.written = transaction.commands.length;
    channel.put(bdat(whole.length, true).line);
    transaction.ended = true;
    transaction.octets = whole.length;
    await this.#exchange.write(() => channel.writeContent(whole));
  }

  /** Reads all replies to a transaction that was put as a whole. */
  async #answerWhole(transaction: Transaction): Promise<void> {
    const reset = await this.#exchange.reply("RSET", this.#exchange.timers.command);
    this.#checkReset(reset);
    while (transaction.answered < transaction.written) {
      if (!this.#answerAtOnce(transaction)) await this.#answer(transaction);
    }
    const reply = this.#exchange.replyAtOnce() ??
      await this.#exchange.reply("the content", this.#exchange.timers.final);
    this.#leftOpen = !reply.ok;
    if (transaction.accepted > 0) return this.#breaking(() => transaction.finish(reply));
    // The chunk of a transaction without recipients must be refused.
    if (reply.ok) {
      throw this.#exchange.fail(new ProtocolError(`Cannot take "${reply}" to content for nobody`));
    }
  }

  #checkReset(reply: SmtpReply): void {
    if (!reply.ok) {
      throw this.#exchange.fail(
        new ProtocolError(`Cannot begin anew: RSET was answered "${reply}"`),
      );
    }
  }

  #breaking(take: () => void): void {
    try {
      take();
    } catch (error) {
      throw this.#exchange.fail(error);
    }
  }

  #where(): { readonly host: string; readonly tls: boolean } {
    return { host: this.#exchange.host, tls: this.#context.secure() };
  }
}

/** Writes content as BDAT chunks and keeps count of their replies. */
class ChunkWriter {
  readonly #exchange: Exchange;
  #pending: Uint8Array[] = [];
  #size = 0;
  #unanswered = 0;
  #refusal: SmtpReply | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The first negative reply to a chunk: the transaction is over. */
  get refusal(): SmtpReply | undefined {
    return this.#refusal;
  }

  /** Keeps octets for the next chunk; they must stay as they are. */
  add(piece: Uint8Array): void {
    this.#pending.push(piece);
    this.#size += piece.length;
  }

  /** Writes a chunk if there is enough for one, and keeps a copy of the octets for the next. */
  async write(piece: Uint8Array): Promise<void> {
    if (this.#size > 0 && this.#size + piece.length > CHUNK_OCTETS) {
      await this.#chunk(false);
      this.#unanswered++;
      while (this.#unanswered >= CHUNK_WINDOW) await this.#answer();
    }
    this.add(piece.slice());
  }

  /** Reads the replies to all chunks under way, those behind a refused one included (S50). */
  async settle(): Promise<void> {
    while (this.#unanswered > 0) await this.#answer();
  }

  /** Puts the last chunk, with what ends the content. */
  async end(end: Uint8Array): Promise<void> {
    if (end.length > 0) this.add(end);
    await this.#chunk(true);
  }

  async #chunk(last: boolean): Promise<void> {
    const { channel } = this.#exchange;
    channel.put(bdat(this.#size, last).line);
    for (const piece of this.#pending) {
      await this.#exchange.write(() => channel.writeContent(piece));
    }
    if (!last) await this.#exchange.flush();
    this.#pending = [];
    this.#size = 0;
  }

  async #answer(): Promise<void> {
    const reply = await this.#exchange.reply("BDAT", this.#exchange.timers.chunk);
    this.#unanswered--;
    if (!reply.ok) this.#refusal ??= reply;
  }
}

const LONE_DOT: Uint8Array = new TextEncoder().encode(".\r\n");
const NOTHING = new Uint8Array(0);

/**
 * The receipt of a message that we do not even try.
 *
 * @param envelope Who was to get it.
 * @param error Why not.
 * @param where The server, and whether the connection is verified TLS.
 * @param retry When to try again.
 * @returns The receipt.
 */
export function localRefusal(
  envelope: Envelope,
  error: unknown,
  where: { readonly host: string; readonly tls: boolean },
  retry: "never" | "later" = "never",
): Receipt {
  const rejected = envelope.to.flatMap((entry): RejectedRecipient[] => {
    const address = typeof entry === "object" && "address" in entry ? entry.address : entry;
    try {
      return [{ recipient: toForwardPath(address), retry }];
    } catch {
      return []; // no address at all: the error says so
    }
  });
  return {
    outcome: "not-sent",
    stage: "mail",
    accepted: [],
    rejected,
    inDoubt: [],
    host: where.host,
    tls: where.tls,
    octets: 0,
    error,
  };
}
