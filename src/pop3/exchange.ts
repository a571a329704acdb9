/**
 * Commands out, replies in, in order: what all verbs and all windows go through.
 *
 * @module
 */

import {
  type BodyEnd,
  Channel,
  type ChannelOptions,
  type Clock,
  ClosedError,
  type Connection,
  ProtocolError,
  type ReceivedLine,
  systemClock,
  type TranscriptListener,
  WireError,
  type WireErrorContext,
} from "../wire/mod.ts";
import type { Pop3Command } from "./commands.ts";
import { Pop3Error } from "./errors.ts";
import { parsePop3Reply, type Pop3Reply } from "./reply.ts";
import { DEFAULT_POP3_TIMERS, type Pop3Timers } from "./timers.ts";

/** How long last words are waited for after a write failed, in milliseconds. */
const DRAIN_MS = 2_000;

/** What an exchange takes besides what its channel takes. */
export interface ExchangeOptions extends ChannelOptions {
  /** How long to wait for what. */
  readonly timers?: Partial<Pop3Timers> | undefined;
}

/** One connection on which POP3 is spoken, and nothing more: no state of the protocol. */
export class Exchange {
  /** The connection. */
  readonly channel: Channel;
  /** The server, as the user named it. */
  readonly host: string;
  /** The limits. */
  readonly timers: Pop3Timers;
  /** What time is measured by. */
  readonly clock: Clock;
  /** What ends a body; the greeting decides. */
  bodyEnd: BodyEnd = "crlf";
  /** What a window does before each read: it sends what it has room for. */
  beforeRead: (() => Promise<void>) | undefined;
  readonly #onEvent: TranscriptListener | undefined;
  readonly #began: number;
  /** The last complete status line, as text and as a reply. */
  #last: { readonly line: ReceivedLine; readonly reply: Pop3Reply } | undefined;
  #hide = (text: string): string => text;
  #stage = "connect";
  #lastSaid: number;
  #writeError: unknown;

  /**
   * Speaks over an open connection.
   *
   * @param connection The connection; the exchange owns it.
   * @param host The server, as the user named it.
   * @param options Limits, and what the channel takes.
   */
  constructor(connection: Connection, host: string, options: ExchangeOptions) {
    this.clock = options.clock ?? systemClock;
    this.#began = this.#lastSaid = this.clock.monotonic();
    this.channel = new Channel(connection, options);
    this.host = host;
    this.timers = { ...DEFAULT_POP3_TIMERS, ...options.timers };
    this.#onEvent = options.onEvent;
  }

  /** The last complete status line. */
  get lastReply(): Pop3Reply | undefined {
    return this.#last?.reply;
  }

  /** What stood behind its status, also where a secret in it must not be shown: to go on with. */
  get lastRest(): string {
    return this.#last?.line.uncensored?.replace(/^\S* ?/, "") ?? this.#last?.reply.rest ?? "";
  }

  /** Where it stands: for errors. */
  get context(): WireErrorContext {
    return {
      host: this.host,
      stage: this.#stage,
      ...(this.#last === undefined ? {} : { lastReply: `${this.#last.reply}` }),
      transcript: this.channel.tail,
    };
  }

  /** Whether nothing more can be said. */
  get dead(): boolean {
    return this.channel.dead || this.#writeError !== undefined;
  }

  /** When something was last said, on the monotonic clock. */
  get lastSaid(): number {
    return this.#lastSaid;
  }

  /** The stage for errors: what is being done. */
  set stage(stage: string) {
    this.#stage = stage;
  }

  /**
   * From now on keeps a secret out of what is shown of the server's lines; what is read from them
   * stays as it is.
   *
   * @param redact Gives text without the secret.
   */
  censor(redact: (text: string) => string): void {
    const before = this.#hide;
    this.#hide = (text) => redact(before(text));
    this.channel.censor((line) => {
      // The status stays, whatever the password is.
      const status = /^[-+]\S*(?: |$)/.exec(line)?.[0] ?? "";
      return status + redact(line.slice(status.length));
    });
  }

  /**
   * Text of the server as it may be shown.
   *
   * @param text The text.
   * @returns The text without secrets.
   */
  hide(text: string): string {
    return this.#hide(text);
  }

  /**
   * Says one command and waits for its status.
   *
   * @param command The command.
   * @returns The reply, positive or not.
   * @throws {WireError} If no reply comes.
   */
  async say(command: Pop3Command): Promise<Pop3Reply> {
    await this.send(command);
    return await this.reply(command.verb, this.timers[command.timer]);
  }

  /**
   * Says one line of an AUTH exchange and waits for what comes: a challenge or the end.
   *
   * @param command The line.
   * @returns The text of a challenge, or the last reply.
   * @throws {WireError} If nothing comes, or it is neither.
   */
  async converse(command: Pop3Command): Promise<Pop3Reply | string> {
    await this.send(command);
    const line = await this.#line(command.verb, this.timers[command.timer]);
    const text = line.uncensored ?? line.text;
    // Behind the plus there may be nothing, also no blank (Q13).
    if (text === "+" || text.startsWith("+ ")) return text.slice(2);
    return this.#parse(line);
  }

  /**
   * Says commands in one write. Their answers are then read one after the other.
   *
   * @param commands The commands.
   * @throws {unknown} If the channel is dead, or something is unread.
   */
  async send(...commands: readonly Pop3Command[]): Promise<void> {
    this.quiet();
    for (const { verb, line } of commands) {
      this.#stage = verb.toLowerCase();
      this.channel.put(line);
    }
    await this.flush();
  }

  /**
   * Makes sure that nobody has spoken out of turn: a line that nobody asked for would be taken for
   * the answer to the next command (G1).
   *
   * @throws {unknown} If something is unread, or the channel is dead.
   */
  quiet(): void {
    this.#throwIfDead();
    if (this.channel.buffered === 0) return;
    throw this.fail(
      new ProtocolError(
        `Cannot go on: unsolicited data from the server, "${this.channel.unread}"`,
      ),
    );
  }

  /**
   * Writes what was put.
   *
   * A failed write is not thrown here: the server's last words may explain it, so it is thrown by the
   * {@linkcode Exchange.reply} that does not find any.
   *
   * @throws {unknown} If the channel is dead.
   */
  async flush(): Promise<void> {
    if (this.channel.pending === 0 || this.#writeError !== undefined) return;
    this.#throwIfDead();
    this.#lastSaid = this.clock.monotonic();
    this.channel.deadline.arm(`write ${this.#stage}`, this.timers.reply);
    try {
      await this.channel.flush();
    } catch (error) {
      if (this.channel.dead || !(error instanceof ClosedError)) throw this.fail(error);
      this.#writeError = error;
    } finally {
      this.channel.deadline.disarm();
    }
  }

  /**
   * Reads the next status line.
   *
   * @param awaited What it answers, for errors.
   * @param ms How long to wait, in milliseconds.
   * @returns The reply.
   * @throws {WireError} If it does not come, or is none.
   */
  async reply(awaited: string, ms: number): Promise<Pop3Reply> {
    return this.replyAtOnce() ?? this.#parse(await this.#line(awaited, ms));
  }

  /**
   * Reads the lines behind a status, up to the lone dot.
   *
   * @param awaited What they answer, for errors.
   * @param most How many there may be.
   * @returns The lines, their doubled dots undone.
   * @throws {WireError} If they do not come, or there are too many.
   */
  async lines(awaited: string, most: number): Promise<string[]> {
    const lines: string[] = [];
    const take = (): boolean => {
      for (let texts = this.#listed(); texts.length > 0; texts = this.#listed()) {
        const ended = texts.at(-1) === ".";
        if (ended) texts.pop();
        if (lines.length + texts.length > most) {
          throw this.fail(
            new ProtocolError(`Cannot read the answer to ${awaited}: more than ${most} lines`),
          );
        }
        for (const text of texts) lines.push(text.startsWith(".") ? text.slice(1) : text);
        if (ended) return true;
      }
      return false;
    };
    if (take()) return lines;
    return await this.#within(`lines of ${awaited}`, this.timers.listing, async () => {
      do await this.fill(`next lines of ${awaited}`, this.timers.read); while (!take());
      return lines;
    });
  }

  /**
   * The next status line, if all of it is here.
   *
   * @returns The reply, or `undefined` if more must be read.
   * @throws {WireError} If what is here is no reply, or the channel is dead.
   */
  replyAtOnce(): Pop3Reply | undefined {
    const line = this.#here();
    return line === undefined ? undefined : this.#parse(line);
  }

  #parse(line: ReceivedLine): Pop3Reply {
    try {
      const reply = this.#repeated(line) ?? parsePop3Reply(line);
      this.#last = { line, reply };
      for (const note of reply.notes) this.channel.note("note", note);
      return reply;
    } catch (error) {
      throw this.fail(error);
    }
  }

  /** The answers to a window are often all the same. */
  #repeated({ text, bareLf }: ReceivedLine): Pop3Reply | undefined {
    const last = this.#last;
    return last?.line.text === text && last.line.bareLf === bareLf ? last.reply : undefined;
  }

  /** The next line, if all of it is here. */
  #here(): ReceivedLine | undefined {
    try {
      return this.channel.takeLine();
    } catch (error) {
      throw this.fail(error);
    }
  }

  /** The next lines of a listing, as far as they are here. */
  #listed(): string[] {
    try {
      return this.channel.takeLines(".");
    } catch (error) {
      throw this.fail(error);
    }
  }

  #line(awaited: string, ms: number): Promise<ReceivedLine> {
    return this.#within(`reply to ${awaited}`, ms, async () => {
      while (true) {
        await this.fill();
        const line = this.#here();
        if (line !== undefined) return line;
      }
    });
  }

  /**
   * Reads once.
   *
   * @param awaited What is waited for, for errors.
   * @param ms How long to wait, in milliseconds.
   * @throws {WireError} If nothing comes.
   */
  async fill(awaited: string = "", ms: number = Infinity): Promise<void> {
    if (this.beforeRead !== undefined) await this.beforeRead();
    this.#throwIfDead();
    const limit = this.#writeError === undefined ? ms : Math.min(ms, DRAIN_MS);
    this.channel.deadline.arm(awaited, limit);
    try {
      if (await this.channel.fill()) return;
    } catch (error) {
      throw this.fail(this.#writeError ?? error);
    } finally {
      this.channel.deadline.disarm();
    }
    const partial = this.channel.unread;
    throw this.fail(
      this.#writeError ?? new ClosedError(
        `Cannot read on: "${this.host}" closed the connection` +
          (partial === "" ? "" : ` after "${partial}"`),
        { partial },
      ),
    );
  }

  /**
   * Tells the listener of content that was read.
   *
   * @param bytes The octets as they came, dots included. They are copied.
   */
  heard(bytes: Uint8Array): void {
    this.#onEvent?.({
      at: this.clock.monotonic() - this.#began,
      end: "S",
      tls: this.channel.connection.security !== "clear",
      kind: "content",
      text: "",
      bytes: bytes.slice(),
    });
  }

  /**
   * Ends the connection for a reason, with what is known about it.
   *
   * @param error The reason.
   * @returns The reason that stays, to be thrown.
   */
  fail(error: unknown): unknown {
    if (error instanceof WireError || error instanceof Pop3Error) error.at(this.context);
    return this.channel.kill(error);
  }

  #throwIfDead(): void {
    if (this.channel.dead) throw this.channel.reason;
  }

  /** Does something under a limit for all of it. */
  async #within<T>(timer: string, ms: number, work: () => Promise<T>): Promise<T> {
    const { deadline } = this.channel;
    deadline.total(timer, ms);
    try {
      return await work();
    } finally {
      deadline.total(timer, undefined);
    }
  }
}
