/**
 * One served session: its state, its channel, and how a command becomes an answer.
 *
 * @module
 */

import type { Answer, SessionEnd } from "./answer.ts";
import type { ServedSession, SmtpBackend } from "./backend.ts";
import { type CapabilityLists, Offer } from "./capabilities.ts";
import { RefusalError } from "./errors.ts";
import type { SeenCommand } from "./intervention.ts";
import { badSequence, refusal, replyLines, type ServerReply } from "./reply.ts";
import type { SessionSettings } from "./settings.ts";
import type { Transaction } from "./transaction.ts";
import {
  Channel,
  ClosedError,
  type Connection,
  type ReceivedLine,
  type TranscriptEvent,
} from "../wire/mod.ts";

/** Replies gather up to here before they are written without waiting for a pause of the client. */
const REPLY_OCTETS = 16 * 1024;

/** The state of one session. */
export class ServerSession {
  readonly channel: Channel;
  readonly backend: SmtpBackend;
  readonly settings: SessionSettings;
  readonly #offers: Readonly<Record<keyof CapabilityLists, Offer>>;
  /** The name of EHLO, HELO or LHLO. */
  client: string | undefined;
  /** Whether extensions were asked for: EHLO or LHLO, not HELO. */
  extended = false;
  /** Who has logged in. */
  user: string | undefined;
  /** The open transaction. */
  transaction: Transaction | undefined;
  /** Whether the greeting has turned the client away: only QUIT is left. */
  turnedAway = false;
  /** Messages accepted. */
  messages = 0;
  /** Commands since the last accepted message. */
  commands = 0;
  /** Logins that failed. */
  failedLogins = 0;
  /** Whether the line that comes next is a secret. */
  secretNext = false;

  /**
   * Makes one.
   *
   * @param connection The connection to the client.
   * @param backend What is served.
   * @param settings How.
   */
  constructor(connection: Connection, backend: SmtpBackend, settings: SessionSettings) {
    const { signal, clock, onEvent } = settings;
    this.channel = new Channel(connection, {
      end: "S",
      lineLimit: Infinity, // lines that are too long are answered here, and what is held is bounded
      signal,
      ...(clock === undefined ? {} : { clock }),
      ...(onEvent === undefined ? {} : { onEvent: (event) => onEvent(this.#shown(event)) }),
    });
    this.backend = backend;
    this.settings = settings;
    const { clear, tls, authenticated } = settings.capabilities;
    this.#offers = {
      clear: new Offer(clear),
      tls: new Offer(tls),
      authenticated: new Offer(authenticated),
    };
  }

  /** Whether the connection is inside TLS. */
  get secure(): boolean {
    return this.channel.connection.security !== "clear";
  }

  /** What is offered now. */
  get offer(): Offer {
    if (this.user !== undefined) return this.#offers.authenticated;
    return this.secure ? this.#offers.tls : this.#offers.clear;
  }

  /** What is offered inside TLS, to tell what is missing here from what is unknown. */
  get secureOffer(): Offer {
    return this.#offers.tls;
  }

  /** The octets a message may have. */
  get largest(): number {
    return Math.min(this.offer.size, this.settings.limits.messageOctets);
  }

  /** What the backend may know. */
  get facts(): ServedSession {
    const { security, remote } = this.channel.connection;
    const { protocol } = this.settings;
    return { protocol, client: this.client, user: this.user, security, remote };
  }

  /**
   * Refuses a command that is not offered.
   *
   * @param keyword The capability it needs.
   */
  demand(keyword: string): void {
    if (!this.offer.has(keyword)) throw refusal(502, "5.5.1", "Command not implemented here");
  }

  /** Refuses a command before the client has introduced itself. */
  demandHello(): void {
    if (this.client !== undefined) return;
    throw badSequence(this.settings.protocol === "lmtp" ? "Send LHLO first" : "Send EHLO first");
  }

  /** Refuses a command within a transaction. */
  demandNoTransaction(): void {
    if (this.transaction !== undefined) throw badSequence("A mail transaction is open");
  }

  /** Forgets the transaction. */
  async reset(): Promise<void> {
    const open = this.transaction;
    this.transaction = undefined;
    await open?.abort();
  }

  /** Forgets all that the client has said (RFC 3207 section 4.2). */
  async forget(): Promise<void> {
    await this.reset();
    this.client = undefined;
    this.extended = false;
    this.user = undefined;
  }

  /** Upgrades to TLS, in good time. */
  async secureConnection(): Promise<void> {
    this.channel.deadline.arm("handshake", this.settings.limits.handshakeMs);
    await this.channel.startTls({ hostname: this.backend.hostname });
    this.channel.deadline.disarm();
  }

  /**
   * Reads a line. What was answered so far goes out before anything is waited for, so the replies to
   * one batch of commands leave in one write.
   *
   * @returns The line; `null` at the end of the stream.
   * @throws {RefusalError} If it is so long that the session must end.
   */
  async line(): Promise<ReceivedLine | null> {
    const { commandMs, floodOctets } = this.settings.limits;
    let line = this.channel.takeLine();
    if (line !== undefined) return line;
    await this.flush();
    this.channel.deadline.arm("command", commandMs);
    while (line === undefined) {
      if (this.channel.buffered > floodOctets) throw refusal(421, "4.5.2", "Line too long");
      if (!await this.channel.fill()) return null;
      line = this.channel.takeLine();
    }
    this.channel.deadline.disarm();
    return line;
  }

  /**
   * Reads more content.
   *
   * @throws {ClosedError} If the stream ends.
   */
  async fill(): Promise<void> {
    await this.flush();
    this.channel.deadline.arm("content", this.settings.limits.contentMs);
    const more = await this.channel.fill();
    this.channel.deadline.disarm();
    if (!more) throw this.gone();
  }

  /** The error of a stream that ends where more had to come. */
  gone(): ClosedError {
    return new ClosedError("Cannot read on: the client has closed the connection");
  }

  /** Writes the replies that wait. */
  async flush(): Promise<void> {
    if (this.channel.pending === 0) return;
    this.channel.deadline.arm("write", this.settings.limits.writeMs);
    await this.channel.flush();
    this.channel.deadline.disarm();
  }

  /**
   * Does what a command asks for, unless somebody steps in, and answers.
   *
   * @param command What is shown to who may step in.
   * @param run What the command does.
   * @param skip What is done in its place if it takes no effect.
   * @returns How the session ended, if it did.
   */
  async perform(
    command: SeenCommand,
    run: () => Answer | Promise<Answer>,
    skip?: () => Promise<void>,
  ): Promise<SessionEnd | undefined> {
    const intervention = await this.settings.intervene?.(command);
    let answer: Answer = { replies: [] };
    if (intervention?.execute ?? true) answer = await this.#answer(run);
    else await skip?.();
    if (intervention?.reply === undefined) this.say(...answer.replies);
    else this.channel.putContent(intervention.reply);
    if (intervention !== undefined) {
      if (intervention.after !== undefined) this.channel.putContent(intervention.after);
      await this.flush();
      await intervention.end?.();
    }
    if (this.channel.pending > REPLY_OCTETS) await this.flush();
    // 421 is the last word to any command (RFC 5321 section 3.8).
    if (answer.replies.some(({ code }) => code === 421)) return "dismissed";
    return await answer.next?.();
  }

  async #answer(run: () => Answer | Promise<Answer>): Promise<Answer> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return { replies: [error.reply] };
    }
  }

  /**
   * Puts replies where the next write takes them.
   *
   * @param replies The replies.
   */
  say(...replies: readonly ServerReply[]): void {
    const enhanced = this.offer.has("ENHANCEDSTATUSCODES");
    for (const reply of replies) {
      for (const line of replyLines(reply, { enhanced })) this.channel.put(line);
    }
  }

  /** Takes secrets out of what a transcript shows, by the state of the session. */
  #shown(event: TranscriptEvent): TranscriptEvent {
    if (event.kind !== "line" || event.end !== "C") return event;
    const text = this.secretNext
      ? "${hidden}"
      : event.text.replace(/^(\s*AUTH\s+\S+\s+)(?!=$)\S.*/i, "$1${hidden}");
    return { ...event, text };
  }
}
