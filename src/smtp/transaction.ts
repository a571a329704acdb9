/**
 * One mail transaction as it goes: what was said, what was answered, and the receipt of it.
 *
 * @module
 */

import { ProtocolError } from "../wire/mod.ts";
import { type Command, DATA, RSET } from "./commands.ts";
import type { PreparedContent } from "./content.ts";
import type { PreparedEnvelope, RecipientPolicy } from "./envelope.ts";
import { SmtpLocalError } from "./errors.ts";
import type {
  AcceptedRecipient,
  ForwardPath,
  Outcome,
  Receipt,
  RejectedRecipient,
  Stage,
} from "./receipt.ts";
import { queueIdOf } from "./receipt.ts";
import type { SmtpReply } from "./reply.ts";

/** Codes that are positive, and yet no answer to a command of a transaction (T-R16). */
const WRONG_PHASE: ReadonlySet<number> = new Set([220, 221, 235, 334]);

const encoder = new TextEncoder();

/** A transaction: begun, answered bit by bit, and in the end a receipt. */
export class Transaction {
  /** The content. */
  readonly content: PreparedContent;
  /** Whether the content goes by BDAT. */
  readonly chunking: boolean;
  /** What to do when a recipient is refused. */
  readonly policy: RecipientPolicy;
  /** How many commands were written. */
  written = 0;
  /** How many of them were answered. */
  answered = 0;
  /** Whether the write that holds the end of the content has begun: from here on, doubt is possible. */
  ended = false;
  /** The octets of content that were written. */
  octets = 0;
  readonly #commands: Command[];
  readonly #recipients: readonly ForwardPath[];
  readonly #replies: SmtpReply[] = [];
  readonly #finals: (SmtpReply | undefined)[] = [];
  #accepted = 0;
  #firstAccepted = Infinity;
  #mail: SmtpReply | undefined;
  #data: SmtpReply | undefined;
  #final: SmtpReply | undefined;
  #contentReply = false;
  /** LMTP: how many recipients have their final reply, and where the next one is looked for. */
  #told = 0;
  #next = 0;

  /**
   * Prepares to send content to the recipients of an envelope.
   *
   * @param envelope The commands and recipients.
   * @param content The content.
   * @param options The policy, and whether BDAT is used.
   */
  constructor(
    envelope: PreparedEnvelope,
    content: PreparedContent,
    options: { readonly policy: RecipientPolicy; readonly chunking: boolean },
  ) {
    const { commands } = envelope;
    this.#commands = options.chunking ? [...commands] : [...commands, DATA];
    this.#recipients = envelope.recipients;
    this.content = content;
    this.policy = options.policy;
    this.chunking = options.chunking;
  }

  /** MAIL, RCPT …, DATA unless the content goes by BDAT; RSET before them if it begins anew. */
  get commands(): readonly Command[] {
    return this.#commands;
  }

  /** How many octets the commands take on the wire. */
  get commandOctets(): number {
    return this.#commands.reduce(
      (sum, { line }) => sum + encoder.encode(line.shown).length + 2,
      0,
    );
  }

  /** Puts RSET before the commands: the server may still hold another envelope. */
  beginAnew(): void {
    this.#commands.unshift(RSET);
  }

  /** How many recipients the server has taken. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Whether MAIL was refused. */
  get mailRefused(): boolean {
    return this.#mail !== undefined && !this.#mail.ok;
  }

  /** Whether any recipient was refused. */
  get anyRefused(): boolean {
    return this.#accepted < this.#replies.length;
  }

  /** The reply to DATA. */
  get data(): SmtpReply | undefined {
    return this.#data;
  }

  /** The command that is to be answered next; there is one while not all is answered. */
  get awaited(): Command {
    return this.#commands[this.answered] as Command;
  }

  /** Whether the replies so far settle what becomes of every recipient. */
  get decided(): boolean {
    if (this.mailRefused || (this.#data !== undefined && this.#data.code !== 354)) return true;
    if (this.#told > 0) return this.#told === this.#accepted;
    if (this.#final !== undefined || (this.policy === "all" && this.anyRefused)) return true;
    return this.#replies.length === this.#recipients.length && this.#accepted === 0;
  }

  /**
   * Takes the reply to the next command of the envelope.
   *
   * @param reply The reply.
   * @throws {ProtocolError} If no such reply belongs here, or RSET was refused.
   */
  answer(reply: SmtpReply): void {
    const { verb } = this.awaited;
    this.answered++;
    if (verb === "DATA") {
      if (reply.ok || (reply.class === "continue" && reply.code !== 354)) {
        throw misplaced(verb, reply);
      }
      this.#data = reply;
      return;
    }
    if (reply.class === "continue" || WRONG_PHASE.has(reply.code)) throw misplaced(verb, reply);
    switch (verb) {
      case "RSET":
        if (reply.ok) return;
        throw resetRefused(reply);
      case "MAIL":
        this.#mail = reply;
        return;
      default:
        this.#replies.push(reply);
        if (reply.ok && ++this.#accepted === 1) this.#firstAccepted = this.#replies.length - 1;
    }
  }

  /**
   * Takes the reply to the whole content.
   *
   * @param reply The reply.
   * @param early Whether it came before the content had ended.
   * @returns `true`: it answers for all recipients.
   * @throws {ProtocolError} If no such reply belongs here.
   */
  finish(reply: SmtpReply, early: boolean = false): true {
    checkFinal(reply);
    if (early && reply.ok) throw misplaced("the content", reply);
    this.#final = reply;
    this.#contentReply = early;
    return true;
  }

  /**
   * Takes an LMTP reply for the next accepted recipient (RFC 2033 section 4.2).
   *
   * @param reply The reply.
   * @returns Whether all accepted recipients are answered.
   * @throws {ProtocolError} If no such reply belongs here.
   */
  finishOne(reply: SmtpReply): boolean {
    checkFinal(reply);
    while (this.#next < this.#replies.length && !this.#replies[this.#next]?.ok) this.#next++;
    this.#finals[this.#next++] = reply;
    this.#final = reply;
    return ++this.#told === this.#accepted;
  }

  /**
   * What became of it, as far as it is known now.
   *
   * @param where The server, and whether the connection is verified TLS.
   * @param error What ended it early.
   * @returns The receipt.
   */
  receipt(where: { readonly host: string; readonly tls: boolean }, error?: unknown): Receipt {
    const lmtp = this.#told > 0;
    const accepted: AcceptedRecipient[] = [];
    const rejected: RejectedRecipient[] = [];
    const inDoubt: ForwardPath[] = [];
    const retry = error instanceof SmtpLocalError ? "never" : "later";
    for (const [index, recipient] of this.#recipients.entries()) {
      const reply = this.#replies[index];
      const final = lmtp ? this.#finals[index] : this.#final;
      if (this.mailRefused) rejected.push(refusal(recipient, this.#mail));
      else if (reply?.ok === false) {
        rejected.push(this.#refusedRecipient(recipient, reply, index));
      } else if (this.#data !== undefined && this.#data.code !== 354) {
        rejected.push(refusal(recipient, this.#data));
      } else if (reply !== undefined && final?.ok) {
        accepted.push(acceptance(recipient, reply, lmtp ? final : undefined));
      } else if (final !== undefined) rejected.push(refusal(recipient, final));
      else if (this.#doubtful) inDoubt.push(recipient);
      else rejected.push({ recipient, retry });
    }
    const stage = this.#stage();
    const reply = this.#replyOf(stage);
    const queueId = this.#final?.ok ? queueIdOf(this.#final.text) : undefined;
    const receipt: Writable<Receipt> = {
      outcome: this.#outcome(accepted, rejected, inDoubt),
      stage,
      accepted,
      rejected,
      inDoubt,
      host: where.host,
      tls: where.tls,
      octets: this.octets,
    };
    if (reply !== undefined) receipt.reply = reply;
    if (queueId !== undefined) receipt.queueId = queueId;
    if (error !== undefined) receipt.error = error;
    return receipt;
  }

  /** In a window the end is written before anybody is answered; after a farewell nobody is. */
  get #doubtful(): boolean {
    return this.ended && this.#replies.at(-1)?.code !== 421;
  }

  #refusedRecipient(recipient: ForwardPath, reply: SmtpReply, index: number): RejectedRecipient {
    // RFC 5321 section 4.5.3.1.10: 452, and from older servers 552, also mean "no more in this one".
    const full = (reply.code === 452 || reply.code === 552) && this.#firstAccepted < index;
    if (full && this.policy === "any") return { recipient, reply, retry: "next-transaction" };
    return refusal(recipient, reply);
  }

  #outcome(
    accepted: readonly unknown[],
    rejected: readonly RejectedRecipient[],
    inDoubt: readonly unknown[],
  ): Outcome {
    if (inDoubt.length > 0) return "in-doubt";
    if (accepted.length > 0) return rejected.length > 0 ? "partial" : "accepted";
    const answered = rejected.filter(({ reply }) => reply !== undefined);
    // A farewell with 421 answers for all who were not asked any more (S18).
    const farewell = answered.some(({ reply }) => reply?.code === 421);
    if (!this.decided && !farewell) return "not-sent";
    const forGood = answered.some(({ retry }) => retry === "never");
    const forNow = answered.some(({ retry }) => retry !== "never");
    // One refusal for good keeps a message for all from ever being sent; of one for any, the
    // recipients that were only deferred remain (S35).
    return (this.policy === "all" ? forGood : !forNow) ? "refused" : "deferred";
  }

  /** The last reply of a stage: what was pipelined behind a refusal says nothing about it. */
  #replyOf(stage: Stage): SmtpReply | undefined {
    if (stage === "mail") return this.#mail;
    if (stage === "rcpt") return this.#replies.at(-1);
    return this.#final ?? this.#data ?? this.#replies.at(-1);
  }

  #stage(): Stage {
    if (this.#contentReply) return "content";
    if (this.ended || this.#final !== undefined) return "final";
    if (this.#data?.code === 354 && this.#accepted > 0) return "content";
    if (this.octets > 0) return "content";
    if (this.#data !== undefined && this.#accepted > 0) return "data";
    if (this.#mail?.ok !== true) return "mail";
    if (this.#replies.length < this.#recipients.length || this.#accepted === 0) return "rcpt";
    if (this.policy === "all" && this.anyRefused) return "rcpt";
    return this.chunking ? "content" : "data";
  }
}

/**
 * The error of a refused RSET: nobody knows what the server remembers.
 *
 * @param reply The reply to RSET.
 * @returns The error, to end the session with.
 */
export function resetRefused(reply: SmtpReply): ProtocolError {
  return new ProtocolError(`Cannot begin anew: RSET was answered "${reply}"`);
}

/** What is still being put together. */
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function acceptance(
  recipient: ForwardPath,
  reply: SmtpReply,
  final: SmtpReply | undefined,
): AcceptedRecipient {
  const accepted: Writable<AcceptedRecipient> = { recipient, reply };
  if (final !== undefined) accepted.final = final;
  const forward = reply.code === 251 ? /<[^<>]*>/.exec(reply.text)?.[0] : undefined;
  if (forward !== undefined) accepted.forward = forward;
  return accepted;
}

function refusal(recipient: ForwardPath, reply: SmtpReply | undefined): RejectedRecipient {
  if (reply === undefined) return { recipient, retry: "later" };
  return { recipient, reply, retry: reply.class === "permanent" ? "never" : "later" };
}

function checkFinal(reply: SmtpReply): void {
  if (reply.class === "continue" || WRONG_PHASE.has(reply.code)) {
    throw misplaced("the content", reply);
  }
}

function misplaced(after: string, reply: SmtpReply): ProtocolError {
  return new ProtocolError(`Cannot take "${reply}" as the answer to ${after}`);
}
