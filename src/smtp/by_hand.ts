/**
 * A mail transaction that is spoken command by command: what MAIL has announced binds what follows.
 *
 * @module
 */

import type { Capabilities } from "./capabilities.ts";
import { bdat, DATA } from "./commands.ts";
import {
  cancelContent,
  type Content,
  type ContentOptions,
  prepareContent,
  type PreparedContent,
} from "./content.ts";
import { SmtpLocalError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { MailParameters } from "./parameters.ts";
import type { ForwardPath } from "./receipt.ts";
import type { SmtpReply } from "./reply.ts";

/** How far a transaction is. */
interface State {
  /** What MAIL announced; `undefined` if the caller said it in words of his own. */
  readonly parameters: MailParameters | undefined;
  /** How many recipients were accepted. */
  readonly accepted: number;
  /** Whether content has begun by BDAT: it cannot go on by DATA (RFC 3030 section 2). */
  readonly chunked: boolean;
}

const NOTHING: State = { parameters: {}, accepted: 0, chunked: false };
/** Positive codes that answer something else. */
const WRONG_PHASE: ReadonlySet<number> = new Set([220, 221, 235]);

/**
 * The error of a command that must not be said now.
 *
 * @param verb The verb.
 * @param why Why not.
 * @returns The error, to be thrown.
 */
export function refusal(verb: string, why: string): SmtpLocalError {
  return new SmtpLocalError(`Cannot say ${verb}: ${why}`);
}

/**
 * Ends the connection for a code that belongs to another phase (T-R16).
 *
 * @param exchange The connection.
 * @param after What the reply answers.
 * @param reply The reply.
 * @param expect Codes that are no breach here.
 * @throws {ProtocolError} If it belongs elsewhere.
 */
export function checkPhase(
  exchange: Exchange,
  after: string,
  reply: SmtpReply,
  expect: readonly number[] = [],
): void {
  const elsewhere = reply.class === "continue" || WRONG_PHASE.has(reply.code);
  if (elsewhere && !expect.includes(reply.code)) throw exchange.misplaced(after, reply);
}

/** The transaction of a session, by hand. */
export class HandTransaction {
  readonly #exchange: Exchange;
  readonly #lmtp: boolean;
  #state: State = NOTHING;
  #finals: readonly SmtpReply[] = [];

  /**
   * Follows what is said over an exchange.
   *
   * @param exchange Where to speak.
   * @param lmtp Whether each recipient has a final reply of his own.
   */
  constructor(exchange: Exchange, lmtp: boolean) {
    this.#exchange = exchange;
    this.#lmtp = lmtp;
  }

  /** Whether a transaction was begun and not ended. */
  get open(): boolean {
    return this.#state !== NOTHING;
  }

  /** The replies to the last content. */
  get finals(): readonly SmtpReply[] {
    return this.#finals;
  }

  /**
   * MAIL was accepted.
   *
   * @param parameters What it announced; `undefined` if nobody knows.
   */
  begin(parameters: MailParameters | undefined): void {
    this.#state = { ...NOTHING, parameters };
  }

  /** A recipient was accepted. */
  accept(): void {
    this.#state = { ...this.#state, accepted: this.#state.accepted + 1 };
  }

  /** The server has forgotten it. */
  forget(): void {
    this.#state = NOTHING;
  }

  /**
   * Checks that a recipient can be named.
   *
   * @param path The recipient.
   * @throws {SmtpLocalError} If MAIL should have said something for it.
   */
  checkRecipient(path: ForwardPath): void {
    const { parameters } = this.#state;
    if (path === "Postmaster" || !path.needsSmtpUtf8 || parameters === undefined) return;
    if (!parameters.smtpUtf8) {
      throw refusal("RCPT", "the mailbox is not ASCII, and MAIL did not say `smtpUtf8`");
    }
  }

  /**
   * Speaks DATA and the content.
   *
   * @param content The content.
   * @param options What is known of it.
   * @param offered What the server offers.
   * @returns The reply to the content, in LMTP the last one; or the reply to DATA if that was not 354.
   */
  async data(content: Content, options: ContentOptions, offered: Capabilities): Promise<SmtpReply> {
    let wanted = false;
    try {
      const ready = this.#prepare(content, options, offered);
      const go = await this.#exchange.say(DATA);
      // Without a recipient LMTP would never answer to content (S42).
      const breach = go.code === 354
        ? this.#lmtp && this.#state.accepted === 0
        : go.ok || go.class === "continue";
      if (breach) throw this.#exchange.misplaced("DATA", go);
      wanted = go.code === 354;
      return wanted ? await this.#final(await this.#write(ready)) : go;
    } finally {
      if (!wanted) await cancelContent(content, new Error("DATA was refused")); // S45
    }
  }

  #prepare(content: Content, options: ContentOptions, offered: Capabilities): PreparedContent {
    const { parameters, chunked } = this.#state;
    if (chunked) throw refusal("DATA", "the content has begun with BDAT");
    if (parameters === undefined) return prepareContent(content, options, offered, false);
    if (parameters.body === "BINARYMIME") throw refusal("DATA", "binary content goes by BDAT");
    const body = parameters.body ?? "7BIT";
    const ready = prepareContent(content, { body, ...options }, offered, false);
    if (ready.body === "8BITMIME" && body === "7BIT") {
      throw refusal("DATA", "the content is 8-bit, and MAIL did not say `body`");
    }
    if (ready.utf8Headers && !parameters.smtpUtf8) {
      throw refusal("DATA", "header fields are in UTF-8, and MAIL did not say `smtpUtf8`");
    }
    return ready;
  }

  /** Writes content and its end; gives whether all of it went out. */
  async #write(ready: PreparedContent): Promise<boolean> {
    const { channel } = this.#exchange;
    this.#exchange.stage = "content";
    try {
      if (ready.whole !== undefined) channel.putContent(ready.whole);
      else {
        for await (const piece of ready.chunks(channel.gone)) {
          if (!await this.#exchange.write(() => channel.writeContent(piece))) break;
        }
      }
    } catch (error) {
      throw this.#exchange.fail(error); // without its end the server throws it away (S44)
    }
    if (this.#exchange.dead) return false;
    channel.putContent(ready.end());
    await this.#exchange.flush();
    return true;
  }

  /** The reply to the content, or in LMTP one for each recipient; it ends the transaction. */
  async #final(whole: boolean): Promise<SmtpReply> {
    const { accepted } = this.#state;
    const finals: SmtpReply[] = [];
    this.#finals = finals;
    this.#state = NOTHING;
    let reply: SmtpReply;
    do {
      reply = await this.#exchange.reply("the content", this.#exchange.timers.final);
      // What did not go out as a whole cannot have been accepted.
      if (reply.ok && !whole) throw this.#exchange.misplaced("the content", reply);
      checkPhase(this.#exchange, "the content", reply);
      finals.push(reply);
    } while (this.#lmtp && finals.length < accepted);
    return reply;
  }

  /**
   * Speaks one chunk of content (RFC 3030).
   *
   * @param chunk Its octets.
   * @param last Whether it is the last one.
   * @returns The reply; in LMTP to the last chunk the last of several.
   */
  async bdat(chunk: Uint8Array, last: boolean): Promise<SmtpReply> {
    const { line } = bdat(chunk.length, last);
    const { channel, timers } = this.#exchange;
    this.#exchange.quiet();
    this.#exchange.stage = "bdat";
    const chunked = { ...this.#state, chunked: true };
    channel.put(line);
    await this.#exchange.write(() => channel.writeContent(chunk));
    await this.#exchange.flush();
    if (last && chunked.accepted > 0) {
      const reply = await this.#final(true);
      // After a refusal only RSET makes the state known again (RFC 3030 section 2).
      if (!this.#finals.some(({ ok }) => ok)) this.#state = chunked;
      return reply;
    }
    const reply = await this.#exchange.reply("BDAT", last ? timers.final : timers.chunk);
    checkPhase(this.#exchange, "BDAT", reply);
    this.#state = chunked;
    return reply;
  }
}
