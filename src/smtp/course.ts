/**
 * The course of one transaction: envelope, content, end, and what is read between them.
 *
 * @module
 */

import { ClosedError, ProtocolError } from "../wire/mod.ts";
import { ChunkWriter } from "./chunk_writer.ts";
import { bdat, RSET } from "./commands.ts";
import type { Exchange } from "./exchange.ts";
import { type DeliveryContext, GROUP_OCTETS } from "./flight.ts";
import type { SmtpReply } from "./reply.ts";
import { resetRefused, type Transaction } from "./transaction.ts";

const LONE_DOT: Uint8Array = new TextEncoder().encode(".\r\n");
const NOTHING = new Uint8Array(0);

/** Conducts transactions over one exchange, step by step. */
export class Course {
  readonly #exchange: Exchange;
  readonly #context: DeliveryContext;
  /** Whether the server may hold an envelope of no message under way: the next begins with RSET. */
  leftOpen = false;

  /**
   * Speaks over an exchange.
   *
   * @param exchange Where commands go.
   * @param context What the session knows.
   */
  constructor(exchange: Exchange, context: DeliveryContext) {
    this.#exchange = exchange;
    this.#context = context;
  }

  /**
   * Puts the next commands of an envelope: one without PIPELINING; with it as many as fit. DATA goes
   * along only where a refused recipient does not change its meaning.
   *
   * @param transaction The transaction.
   * @param anew Whether it begins with RSET.
   */
  putGroup(transaction: Transaction, anew: boolean = false): void {
    if (anew) transaction.beginAnew();
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
   * Takes the replies that are here. Usually they are those to the whole envelope and its content is
   * wanted: then there is nothing to wait for, and else {@linkcode Course.envelope} goes on from here.
   *
   * @param transaction The transaction, its first commands written.
   * @returns Whether all was answered and the content is wanted.
   */
  wanted(transaction: Transaction): boolean {
    return this.#answered(transaction) && transaction.data?.code === 354 &&
      !transaction.mailRefused && transaction.accepted > 0;
  }

  /**
   * Speaks the envelope to its end.
   *
   * @param transaction The transaction, its first commands written.
   * @returns Whether the content is wanted.
   */
  async envelope(transaction: Transaction): Promise<boolean> {
    const { commands } = transaction;
    while (true) {
      await this.answers(transaction);
      if (transaction.written === commands.length) break;
      if (transaction.mailRefused) return false;
      if (this.#hopeless(transaction, commands[transaction.written]?.verb === "DATA")) return false;
      this.#exchange.quiet();
      this.putGroup(transaction);
      await this.#exchange.flush();
    }
    return this.#settled(transaction);
  }

  /** Whether nobody will get the message, so that the envelope need not go on. */
  #hopeless(transaction: Transaction, recipientsDone: boolean): boolean {
    const hopeless = transaction.policy === "all"
      ? transaction.anyRefused
      : recipientsDone && transaction.accepted === 0;
    if (hopeless) this.leftOpen = true;
    return hopeless;
  }

  #settled(transaction: Transaction): boolean | Promise<boolean> {
    const go = transaction.data?.code === 354;
    if (transaction.mailRefused) {
      // S27: the server takes content that belongs to nothing. Neither a dot nor an octet is sent.
      if (go) {
        this.#exchange.fail(new ProtocolError("Cannot go on: 354 to DATA after MAIL was refused"));
      }
      return false;
    }
    if (transaction.chunking) return !this.#hopeless(transaction, true);
    if (!go) this.leftOpen = true;
    else if (transaction.accepted === 0) return this.#sendNothing();
    return go;
  }

  /** RFC 2920 section 3.1: 354 although no recipient was taken is answered by a lone dot (S26). */
  async #sendNothing(): Promise<false> {
    if (this.#context.lmtp) {
      // No recipient, so no reply would come (S42).
      this.#exchange.fail(new ProtocolError("Cannot go on: 354 to DATA without any recipient"));
      return false;
    }
    this.#exchange.channel.putContent(LONE_DOT);
    await this.#exchange.flush();
    await this.#exchange.reply("the lone dot", this.#exchange.timers.final);
    return false;
  }

  /**
   * Reads the replies to all commands that were written; most are here behind the first of a turn.
   *
   * @param transaction The transaction.
   */
  async answers(transaction: Transaction): Promise<void> {
    while (!this.#answered(transaction)) {
      const { verb, timer } = transaction.awaited;
      this.#answer(transaction, await this.#exchange.reply(verb, this.#exchange.timers[timer]));
    }
  }

  /** Takes the replies that are here, and says whether they are all. */
  #answered(transaction: Transaction): boolean {
    while (transaction.answered < transaction.written) {
      this.#exchange.stage = transaction.awaited.verb;
      const reply = this.#exchange.replyAtOnce();
      if (reply === undefined) return false;
      this.#answer(transaction, reply);
    }
    return true;
  }

  #answer(transaction: Transaction, reply: SmtpReply): void {
    const command = transaction.awaited;
    this.#taking(() => transaction.answer(reply));
    if (command === RSET) this.leftOpen = false;
  }

  /**
   * Writes the content and puts its end. If it throws, the end is never written, and the server throws
   * away what it has (S44).
   *
   * @param transaction The transaction, its envelope accepted.
   * @param beforeEnd Awaited before the end is put.
   * @returns Whether the end was put; without it the server has answered early, and it is over.
   */
  async content(
    transaction: Transaction,
    beforeEnd: (() => void | Promise<void>) | undefined,
  ): Promise<boolean> {
    const { content } = transaction;
    const { channel } = this.#exchange;
    const chunks = transaction.chunking ? new ChunkWriter(this.#exchange) : undefined;
    this.#exchange.stage = "content";
    if (content.whole === undefined) await this.#stream(transaction, chunks);
    const refusal = chunks?.refusal;
    if (refusal !== undefined) {
      this.leftOpen = true;
      this.#taking(() => transaction.finish(refusal, true));
      return false;
    }
    const end = content.end();
    if (this.#exchange.dead) return await this.#lastWords(transaction);
    this.#exchange.quiet();
    if (beforeEnd !== undefined) await beforeEnd();
    if (content.whole !== undefined) {
      if (chunks === undefined) channel.putContent(content.whole);
      else chunks.add(content.whole);
      transaction.octets = content.whole.length;
    }
    if (chunks === undefined) channel.putContent(end);
    else {
      await chunks.end(end, () => transaction.ended = true);
      if (!transaction.ended) return await this.#lastWords(transaction);
    }
    return true;
  }

  /** Writes content that comes bit by bit, for as long as the server wants it. */
  async #stream(transaction: Transaction, chunks: ChunkWriter | undefined): Promise<void> {
    const { channel } = this.#exchange;
    for await (const piece of transaction.content.chunks(channel.gone)) {
      if (chunks === undefined) await this.#exchange.write(() => channel.writeContent(piece));
      else await chunks.write(piece);
      transaction.octets += piece.length;
      if (this.#exchange.dead || chunks?.refusal !== undefined) break;
    }
    await chunks?.settle();
  }

  /** A write failed: what the server said before decides, if there is anything (T-D06). */
  async #lastWords(transaction: Transaction): Promise<false> {
    const reply = await this.#exchange.reply("the content", this.#exchange.timers.final);
    this.#taking(() => transaction.finish(reply, true));
    this.#exchange.fail(new ClosedError("Cannot go on: the server has closed the connection"));
    return false;
  }

  /** Reads what the server says to the whole content. */
  finalReply(): Promise<SmtpReply> {
    this.#exchange.stage = "final";
    return this.#exchange.reply("the content", this.#exchange.timers.final);
  }

  /**
   * Takes what the server said to the whole content; in LMTP for the next accepted recipient.
   *
   * @param transaction The transaction, its end written.
   * @param reply The reply.
   * @returns Whether no more of them will come.
   */
  final(transaction: Transaction, reply: SmtpReply): boolean {
    if (transaction.chunking && !reply.ok) this.leftOpen = true;
    return this.#taking(() =>
      this.#context.lmtp ? transaction.finishOne(reply) : transaction.finish(reply)
    );
  }

  /**
   * Puts a transaction with all of its content: RSET, MAIL, RCPT and BDAT LAST.
   *
   * @param transaction The transaction.
   */
  async putWhole(transaction: Transaction): Promise<void> {
    const { whole = NOTHING } = transaction.content;
    const { channel } = this.#exchange;
    // RFC 3030 section 2: after a refused chunk only RSET makes the state known again, and whether
    // the transaction before this one was refused is not known yet.
    transaction.beginAnew();
    for (const command of transaction.commands) channel.put(command.line);
    transaction.written = transaction.commands.length;
    channel.put(bdat(whole.length, true).line);
    transaction.ended = true;
    transaction.octets = whole.length;
    await this.#exchange.write(() => channel.writeContent(whole));
  }

  /**
   * Reads all replies to a transaction that was put as a whole.
   *
   * @param transaction The transaction.
   */
  async answerWhole(transaction: Transaction): Promise<void> {
    await this.answers(transaction);
    const reply = await this.finalReply();
    if (!reply.ok) this.leftOpen = true;
    if (transaction.accepted > 0) this.#taking(() => transaction.finish(reply));
    else if (reply.ok || reply.class === "continue") {
      // The chunk of a transaction without recipients must be refused.
      throw this.#exchange.misplaced("content for nobody", reply);
    }
  }

  /**
   * Leaves no envelope behind when nothing follows. Whatever comes of it changes no result (S37): if
   * RSET fails, the session is over.
   */
  async close(): Promise<void> {
    if (!this.leftOpen || this.#exchange.dead) return;
    try {
      const reply = await this.#exchange.say(RSET);
      if (!reply.ok) this.#exchange.fail(resetRefused(reply));
      this.leftOpen = false;
    } catch {
      // The exchange keeps the reason for whoever comes next.
    }
  }

  #taking<T>(take: () => T): T {
    try {
      return take();
    } catch (error) {
      throw this.#exchange.fail(error);
    }
  }
}
