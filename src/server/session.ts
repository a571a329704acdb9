/**
 * One served session of SMTP or LMTP: its state.
 *
 * @module
 */

import type { ServedSession, SmtpBackend } from "./backend.ts";
import { RefusalError } from "./errors.ts";
import { hideAuth, LineSession } from "./line_session.ts";
import { badSequence, refusal } from "./refusal.ts";
import { reply, replyLines, type ServerReply } from "./reply.ts";
import type { SessionSettings } from "./settings.ts";
import type { Transaction } from "./transaction.ts";
import type { Connection } from "../wire/mod.ts";

/** The state of one session. */
export class ServerSession extends LineSession<ServerReply, SessionSettings> {
  readonly backend: SmtpBackend;
  /** The name of EHLO, HELO or LHLO. */
  client: string | undefined;
  /** Whether extensions were asked for: EHLO or LHLO, not HELO. */
  extended = false;
  /** The open transaction. */
  transaction: Transaction | undefined;
  /** Whether the greeting has turned the client away: only QUIT is left. */
  turnedAway = false;
  /** Messages accepted. */
  messages = 0;
  /** Commands since the last accepted message. */
  commands = 0;

  /**
   * Makes one.
   *
   * @param connection The connection to the client.
   * @param backend What is served.
   * @param settings How.
   */
  constructor(connection: Connection, backend: SmtpBackend, settings: SessionSettings) {
    super(connection, backend.hostname, settings);
    this.backend = backend;
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

  /**
   * Reads more content.
   *
   * @throws {ClosedError} If the stream ends.
   */
  async fill(): Promise<void> {
    await this.flush();
    this.patience.arm("content", this.settings.limits.contentMs);
    const more = await this.listen();
    this.patience.disarm();
    if (!more) throw this.gone();
  }

  override say(...replies: readonly ServerReply[]): void {
    const enhanced = this.offer.has("ENHANCEDSTATUSCODES");
    for (const reply of replies) {
      for (const line of replyLines(reply, { enhanced })) this.channel.put(line);
    }
  }

  override replyOf(error: unknown): ServerReply | undefined {
    return error instanceof RefusalError ? error.reply : undefined;
  }

  // 421 is the last word to any command (RFC 5321 section 3.8).
  protected override isLast({ code }: ServerReply): boolean {
    return code === 421;
  }

  protected override flood(): RefusalError {
    return refusal(421, "4.5.2", "Line too long");
  }

  // RFC 5321 section 3.8: who closes because of the time says 421 first.
  protected override tooLate(): ServerReply {
    return reply(421, "4.4.2", `${this.backend.hostname} has waited too long`);
  }

  protected override hide(text: string): string {
    return hideAuth(text);
  }
}
