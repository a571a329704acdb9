/**
 * One served session, whatever the protocol: its channel, its waits, and how a command becomes an
 * answer.
 *
 * @module
 */

import type { Answer, SessionEnd } from "./answer.ts";
import { type CapabilityLists, Offer } from "./capabilities.ts";
import type { SeenCommand } from "./intervention.ts";
import type { CommonSettings } from "./settings.ts";
import {
  Channel,
  ClosedError,
  type Connection,
  Deadline,
  type ReceivedLine,
  systemClock,
  TimeoutError,
  type TranscriptEvent,
  WireLine,
} from "../wire/mod.ts";

/** Replies gather up to here before they are written without waiting for a pause of the client. */
const REPLY_OCTETS = 16 * 1024;

/** A session that reads lines and answers with replies. */
export abstract class LineSession<Reply, Settings extends CommonSettings = CommonSettings> {
  readonly channel: Channel;
  readonly settings: Settings;
  /** The limits of what the client is waited for. Those of writes are the channel's. */
  readonly patience: Deadline;
  readonly #hostname: string;
  readonly #offers: Readonly<Record<keyof CapabilityLists, Offer>>;
  /** Who has logged in. */
  user: string | undefined;
  /** Logins that failed. */
  failedLogins = 0;
  #secretNext = false;
  #farewell: Promise<void> | undefined;

  /**
   * Makes one.
   *
   * @param connection The connection to the client.
   * @param hostname The name of this server.
   * @param settings Limits, capabilities, and who listens.
   */
  constructor(connection: Connection, hostname: string, settings: Settings) {
    const { signal, clock = systemClock, onEvent } = settings;
    this.channel = new Channel(connection, {
      end: "S",
      lineLimit: Infinity, // lines that are too long are answered here, and what is held is bounded
      signal,
      clock,
      ...(onEvent === undefined ? {} : { onEvent: (event) => onEvent(this.#shown(event)) }),
    });
    this.patience = new Deadline(clock, (timer, limitMs) => {
      this.#farewell = this.#dismiss(new TimeoutError(timer, limitMs, this.channel.unread));
    });
    this.settings = settings;
    this.#hostname = hostname;
    const { clear, tls, authenticated } = settings.capabilities;
    this.#offers = {
      clear: new Offer(clear),
      tls: new Offer(tls),
      authenticated: new Offer(authenticated),
    };
  }

  /**
   * Puts replies where the next write takes them.
   *
   * @param replies The replies.
   */
  abstract say(...replies: readonly Reply[]): void;

  /** The reply that an error is, where it is one. */
  abstract replyOf(error: unknown): Reply | undefined;

  /** Whether the session ends with a reply. */
  protected abstract isLast(reply: Reply): boolean;

  /** The refusal of a line without end. */
  protected abstract flood(): Error;

  /** The last word to a client that is waited for in vain, if there is one. */
  protected abstract tooLate(): Reply | undefined;

  /** A line of the client without its secrets. */
  protected abstract hide(text: string): string;

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

  /** Upgrades to TLS, in good time. */
  async secureConnection(): Promise<void> {
    this.channel.deadline.arm("handshake", this.settings.limits.handshakeMs);
    await this.channel.startTls({ hostname: this.#hostname });
    this.channel.deadline.disarm();
  }

  /**
   * Reads a line. What was answered so far goes out before anything is waited for, so the replies to
   * one batch of commands leave in one write.
   *
   * @returns The line; `null` at the end of the stream.
   * @throws What {@linkcode LineSession.flood} gives, if it is so long that the session must end.
   */
  async line(): Promise<ReceivedLine | null> {
    const { commandMs, floodOctets } = this.settings.limits;
    let line = this.channel.takeLine();
    if (line !== undefined) return line;
    await this.flush();
    this.patience.arm("command", commandMs);
    while (line === undefined) {
      if (this.channel.buffered > floodOctets) throw this.flood();
      if (!await this.listen()) return null;
      line = this.channel.takeLine();
    }
    this.patience.disarm();
    return line;
  }

  /**
   * Reads once.
   *
   * @returns `false` at the end of the stream.
   */
  protected async listen(): Promise<boolean> {
    const more = await this.channel.fill();
    await this.#unlessDismissed();
    return more;
  }

  /** What comes during the last word comes too late. */
  async #unlessDismissed(): Promise<void> {
    if (this.#farewell === undefined) return;
    await this.#farewell;
    throw this.channel.reason;
  }

  /** Says the last word and closes. */
  async #dismiss(reason: TimeoutError): Promise<void> {
    const word = this.tooLate();
    try {
      if (word !== undefined) this.say(word);
      await this.flush();
    } catch {
      // The client is gone: nobody is there to hear it.
    }
    this.channel.kill(reason);
  }

  /** Closes. */
  close(): void {
    this.patience[Symbol.dispose]();
    this.channel.close();
  }

  /**
   * Says a challenge and reads the response, which no transcript shows.
   *
   * @param challenge The line of the challenge.
   * @returns The response.
   */
  async ask(challenge: string): Promise<string> {
    this.channel.put(new WireLine(challenge));
    this.#secretNext = true;
    try {
      const line = await this.line();
      if (line === null) throw this.gone();
      return line.text;
    } finally {
      this.#secretNext = false;
    }
  }

  /** The error of a stream that ends where more had to come. */
  gone(): ClosedError {
    return new ClosedError("Cannot read on: the client has closed the connection");
  }

  /** Writes the replies that wait. */
  async flush(): Promise<void> {
    if (this.channel.pending === 0) return;
    await this.#timed(() => this.channel.flush());
  }

  /** Writes the replies that wait, once they are many. */
  async relieve(): Promise<void> {
    if (this.channel.pending > REPLY_OCTETS) await this.flush();
  }

  /**
   * Writes octets behind the replies that wait. A few of them wait too.
   *
   * @param bytes The octets; they are left alone until it resolves.
   */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#timed(() => this.channel.writeContent(bytes));
  }

  async #timed(write: () => Promise<void>): Promise<void> {
    this.channel.deadline.arm("write", this.settings.limits.writeMs);
    await write();
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
    run: () => Answer<Reply> | Promise<Answer<Reply>>,
    skip?: () => Promise<void>,
  ): Promise<SessionEnd | undefined> {
    await this.#unlessDismissed();
    const intervention = await this.settings.intervene?.(command);
    let answer: Answer<Reply> = { replies: [] };
    if (intervention?.execute ?? true) answer = await this.#answer(run);
    else await skip?.();
    if (intervention?.reply === undefined) {
      this.say(...answer.replies);
      await answer.body?.();
    } else this.channel.putContent(intervention.reply);
    if (intervention !== undefined) {
      if (intervention.after !== undefined) this.channel.putContent(intervention.after);
      await this.flush();
      await intervention.end?.();
    }
    await this.relieve();
    if (answer.replies.some((reply) => this.isLast(reply))) return "dismissed";
    return await answer.next?.();
  }

  async #answer(run: () => Answer<Reply> | Promise<Answer<Reply>>): Promise<Answer<Reply>> {
    try {
      return await run();
    } catch (error) {
      const reply = this.replyOf(error);
      if (reply === undefined) throw error;
      return { replies: [reply] };
    }
  }

  /** Takes secrets out of what a transcript shows, by the state of the session. */
  #shown(event: TranscriptEvent): TranscriptEvent {
    if (event.kind !== "line" || event.end !== "C") return event;
    return { ...event, text: this.#secretNext ? "${hidden}" : this.hide(event.text) };
  }
}

/**
 * Takes the initial response out of AUTH.
 *
 * @param text A line of the client.
 * @returns The line as it may be shown.
 */
export function hideAuth(text: string): string {
  return text.replace(/^(\s*AUTH\s+\S+\s+)(?!=$)\S.*/i, "$1${hidden}");
}
