/**
 * One served session of POP3: its state.
 *
 * @module
 */

import { hideAuth, LineSession } from "./line_session.ts";
import type { Maildrop, MaildropMessage, Pop3Backend, Pop3ServedSession } from "./pop3_backend.ts";
import { Pop3RefusalError } from "./pop3_errors.ts";
import { lastNo, no } from "./pop3_refusal.ts";
import { pop3ReplyLine, type Pop3ServerReply } from "./pop3_reply.ts";
import type { MaildropSettings } from "./settings.ts";
import { type Connection, WireLine } from "../wire/mod.ts";

/** The state of one session. */
export class MaildropSession extends LineSession<Pop3ServerReply, MaildropSettings> {
  readonly backend: Pop3Backend;
  /** Whether the greeting is out. A refusal in its place turns the client away. */
  greeted = false;
  /** Who wants to log in: what the last command said, if that was USER. */
  claimed: string | undefined;
  /** Whether the client has asked for UTF-8. */
  utf8 = false;
  /** Commands that were refused. */
  refusals = 0;
  /** The open maildrop: the session is in the TRANSACTION state. */
  maildrop: Maildrop | undefined;
  /** What DELE has marked. */
  readonly marked: Set<MaildropMessage> = new Set();
  /** What RETR has given. */
  readonly retrieved: Set<MaildropMessage> = new Set();

  /**
   * Makes one.
   *
   * @param connection The connection to the client.
   * @param backend What is served.
   * @param settings How.
   */
  constructor(connection: Connection, backend: Pop3Backend, settings: MaildropSettings) {
    super(connection, backend.hostname, settings);
    this.backend = backend;
  }

  /** What the backend may know. */
  get facts(): Pop3ServedSession {
    const { security, remote } = this.channel.connection;
    return { user: this.user, utf8: this.utf8, security, remote };
  }

  /**
   * Refuses a command that is not offered.
   *
   * @param keyword The capability it needs.
   */
  demand(keyword: string): void {
    if (!this.offer.has(keyword)) throw no("Command not available here");
  }

  /** The open maildrop; refuses a command before the login. */
  demandMaildrop(): Maildrop {
    if (this.maildrop === undefined) throw no("Log in first");
    return this.maildrop;
  }

  /** The messages that are not marked, with their numbers. */
  *messages(): Generator<readonly [number: number, message: MaildropMessage]> {
    for (const [index, message] of this.demandMaildrop().messages.entries()) {
      if (message !== undefined && !this.marked.has(message)) yield [index + 1, message];
    }
  }

  /**
   * A message by its number.
   *
   * @param number The number as the client wrote it.
   */
  message(number: string): MaildropMessage {
    if (!/^[1-9]\d{0,9}$/.test(number)) throw no("This is no number of a message");
    const message = this.demandMaildrop().messages[Number(number) - 1];
    if (message === undefined) throw no("No such message");
    if (this.marked.has(message)) throw no("The message is marked as deleted");
    return message;
  }

  /** Lets go of the maildrop. What is marked stays what it is: a message. */
  async leave(): Promise<void> {
    const open = this.maildrop;
    this.maildrop = undefined;
    await open?.close();
  }

  /**
   * Writes lines behind the replies that wait, and the dot that ends them.
   *
   * @param lines Lines that do not begin with a dot.
   */
  async list(lines: Iterable<string>): Promise<void> {
    for (const line of lines) {
      this.channel.put(new WireLine(line));
      await this.relieve();
    }
    this.channel.put(new WireLine("."));
  }

  override say(...replies: readonly Pop3ServerReply[]): void {
    for (const reply of replies) {
      if (!reply.ok) this.refusals++;
      this.channel.put(pop3ReplyLine(reply, this.offer));
    }
  }

  override replyOf(error: unknown): Pop3ServerReply | undefined {
    return error instanceof Pop3RefusalError ? error.reply : undefined;
  }

  protected override isLast({ ok, last = false }: Pop3ServerReply): boolean {
    return last || (!ok && !this.greeted);
  }

  protected override flood(): Pop3RefusalError {
    return lastNo("Line too long");
  }

  // RFC 1939 section 3: the autologout closes without a response.
  protected override tooLate(): undefined {}

  protected override hide(text: string): string {
    return hideAuth(text).replace(/^(\s*(?:PASS|APOP\s+\S+)\s).*/i, "$1${hidden}");
  }
}
