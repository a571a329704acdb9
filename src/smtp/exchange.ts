/**
 * Commands out, replies in, in order: what all verbs and all deliveries go through.
 *
 * @module
 */

import {
  Channel,
  type ChannelOptions,
  ClosedError,
  type Connection,
  escapeControls,
  ProtocolError,
  WireError,
  type WireErrorContext,
} from "../wire/mod.ts";
import type { Command } from "./commands.ts";
import { SmtpError } from "./errors.ts";
import { ReplyParser, type SmtpReply } from "./reply.ts";
import { DEFAULT_TIMERS, type Timers } from "./timers.ts";

/** How long last words are waited for after a write failed, in milliseconds. */
const DRAIN_MS = 2_000;

/** One connection on which SMTP is spoken, and nothing more: no state of the protocol. */
export class Exchange {
  /** The connection. */
  readonly channel: Channel;
  /** The server, as the user named it. */
  readonly host: string;
  /** The limits. */
  readonly timers: Timers;
  #parser = new ReplyParser();
  #lastReply: SmtpReply | undefined;
  #lastLine = "";
  #stage = "connect";
  #writeError: unknown;

  /**
   * Speaks over an open connection.
   *
   * @param connection The connection; the exchange owns it.
   * @param host The server, as the user named it.
   * @param options Limits, and what the channel takes.
   */
  constructor(
    connection: Connection,
    host: string,
    options: ChannelOptions & { readonly timers?: Partial<Timers> | undefined },
  ) {
    this.channel = new Channel(connection, options);
    this.host = host;
    this.timers = { ...DEFAULT_TIMERS, ...options.timers };
  }

  /** The last complete reply. */
  get lastReply(): SmtpReply | undefined {
    return this.#lastReply;
  }

  /** What errors carry: where it happened, and what was said last. */
  get context(): WireErrorContext {
    return {
      host: this.host,
      stage: this.#stage.toLowerCase(),
      ...(this.#lastReply === undefined ? {} : { lastReply: `${this.#lastReply}` }),
      transcript: this.channel.tail,
    };
  }

  /** The last line of the last reply, uncensored: a challenge to be answered, never to be shown. */
  get lastLine(): string {
    return this.#lastLine;
  }

  /** Whether nothing more can be said. */
  get dead(): boolean {
    return this.channel.dead || this.#writeError !== undefined;
  }

  /** The stage for errors: what is being done, a verb or another word in any case. */
  set stage(stage: string) {
    this.#stage = stage;
  }

  /**
   * Says one command and waits for its reply.
   *
   * @param command The command.
   * @returns The reply, whatever its code.
   * @throws {WireError} If no complete reply comes.
   */
  async say(command: Command): Promise<SmtpReply> {
    this.quiet();
    this.#stage = command.verb;
    this.channel.put(command.line);
    const ms = this.timers[command.timer];
    await this.write(this.#flushing, Math.min(ms, this.timers.content));
    return await this.reply(command.verb, ms);
  }

  /**
   * Makes sure that nobody has spoken out of turn: a line that nobody asked for would be taken for
   * the answer to the next command (G1).
   *
   * @throws {unknown} If something is unread. A 421 is the server's farewell, and stays the reason.
   */
  quiet(): void {
    if (this.channel.buffered === 0) return;
    const said = this.replyAtOnce();
    const seen = said === undefined ? "an unfinished line" : `"${said}"`;
    throw this.fail(new ProtocolError(`Cannot go on: unsolicited data from the server, ${seen}`));
  }

  /**
   * Writes what was put.
   *
   * A failed write is not thrown here: the server's last words may explain it, so it is thrown by the
   * {@linkcode Exchange.reply} that does not find any (D6).
   *
   * @returns Whether it went through.
   */
  flush(): Promise<boolean> {
    return this.write(this.#flushing);
  }

  readonly #flushing = (): Promise<void> => this.channel.flush();

  /**
   * Runs a write under the limit for writes of content.
   *
   * @param write The write.
   * @param ms How long it may take, in milliseconds.
   * @returns Whether it went through.
   * @throws {unknown} If the channel is dead.
   */
  async write(write: () => Promise<void>, ms: number = this.timers.content): Promise<boolean> {
    this.channel.deadline.arm(`write ${this.#stage.toLowerCase()}`, ms);
    try {
      await write();
      return true;
    } catch (error) {
      if (this.channel.dead || !(error instanceof ClosedError)) throw this.fail(error);
      this.#writeError = error;
      return false;
    } finally {
      this.channel.deadline.disarm();
    }
  }

  /**
   * Reads the next reply.
   *
   * @param awaited What it answers, for errors.
   * @param ms How long to wait, in milliseconds.
   * @returns The reply.
   * @throws {WireError} If it does not come, or is none.
   */
  async reply(awaited: string, ms: number): Promise<SmtpReply> {
    const ready = this.replyAtOnce();
    if (ready !== undefined) return ready;
    const limit = this.#writeError === undefined ? ms : Math.min(ms, DRAIN_MS);
    this.channel.deadline.arm(`reply to ${awaited}`, limit);
    try {
      while (await this.channel.fill()) {
        const reply = this.#nextReply();
        if (reply !== undefined) return reply;
      }
    } catch (error) {
      throw this.fail(error);
    } finally {
      this.channel.deadline.disarm();
    }
    const parts = [escapeControls(this.#parser.partial), this.channel.unread];
    const partial = parts.filter((part) => part !== "").join(" / ");
    throw this.fail(
      this.#writeError ??
        new ClosedError(
          `Cannot read the reply to ${awaited}: "${this.host}" closed the connection` +
            (partial === "" ? "" : ` after "${partial}"`),
          { partial },
        ),
    );
  }

  /**
   * The next reply, if all of it is here.
   *
   * @returns The reply, or `undefined` if more must be read.
   * @throws {WireError} If what is here is no reply, or the channel is dead.
   */
  replyAtOnce(): SmtpReply | undefined {
    try {
      return this.#nextReply();
    } catch (error) {
      throw this.fail(error);
    }
  }

  #nextReply(): SmtpReply | undefined {
    for (let line = this.channel.takeLine(); line !== undefined; line = this.channel.takeLine()) {
      const reply = this.#parser.add(line);
      if (reply === undefined) continue;
      this.#lastReply = reply;
      this.#lastLine = line.uncensored ?? line.text;
      for (const note of reply.notes) this.channel.note("note", note);
      // RFC 5321 section 3.8: 421 may answer anything, and the server closes behind it.
      if (reply.code === 421) {
        this.fail(
          new ClosedError(`Cannot go on: "${this.host}" closes the connection with "${reply}"`),
        );
      }
      return reply;
    }
    return undefined;
  }

  /**
   * Ends the connection for a reason, with what is known about it.
   *
   * @param error The reason.
   * @returns The reason that stays, to be thrown.
   */
  fail(error: unknown): unknown {
    if (error instanceof WireError || error instanceof SmtpError) error.at(this.context);
    return this.channel.kill(error);
  }

  /**
   * Ends the connection for a reply that does not belong where it came.
   *
   * @param after What it answers.
   * @param reply The reply.
   * @returns The reason, to be thrown.
   */
  misplaced(after: string, reply: SmtpReply): unknown {
    return this.fail(new ProtocolError(`Cannot take "${reply}" as the answer to ${after}`));
  }
}
