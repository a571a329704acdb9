/**
 * One end's talk over a connection: lines and octets in and out, each wait with its limit.
 *
 * @module
 */

import {
  Channel,
  type Clock,
  ClosedError,
  type Connection,
  LineTooLongError,
  type ReceivedLine,
  type StartTlsOptions,
  type TranscriptEvent,
  type TranscriptListener,
  WireLine,
} from "../../wire/mod.ts";
import type { FilledLine } from "./fill.ts";
import { MAX_LINE_OCTETS, MAX_SHOWN } from "../limits.ts";
import { type Pace, PacedConnection } from "./paced_connection.ts";
import type { End } from "../step.ts";
import { cut, Stop } from "./stop.ts";
import { explainWire, type Wait, type WaitLimit } from "./wire_failure.ts";

/** How a talk is held. */
export interface TalkOptions {
  /** Which end this is. */
  readonly end: End;
  /** What times go by. */
  readonly clock: Clock;
  /** Ends everything. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said. */
  readonly onEvent?: TranscriptListener | undefined;
  /** The most that is sent, in octets. */
  readonly maxBytes: number;
  /** How long a write may take, in milliseconds. */
  readonly writeMs: number;
}

const LF = 10;
// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const CONTROL = /[\x00-\x1f\x7f]/;
const encoder = new TextEncoder();

/**
 * One end of a session. It pulls: it reads only when somebody waits for input, for a read that is
 * pending would be in the way of TLS.
 */
export class Talk {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #began: number;
  readonly #end: End;
  readonly #listener: TranscriptListener | undefined;
  readonly #maxBytes: number;
  /** A read that a silence has begun. */
  #reading: Promise<boolean> | undefined;
  #sent = 0;
  #unwritten: ClosedError | undefined;
  #closed = false;
  /** What may be shown of a line that is being put as octets. */
  #replyShown: string | undefined;
  /** What was said. */
  readonly transcript: TranscriptEvent[] = [];
  /** How this end writes. */
  readonly pace: Pace = { size: 0, delayMs: 0 };
  /** Gives what may be shown of the peer's next lines. */
  veil: (text: string) => string = (text) => text;

  /**
   * Begins a talk.
   *
   * @param connection The connection. The talk owns it from now on.
   * @param options Which end this is, clock, signal, limits.
   */
  constructor(connection: Connection, options: TalkOptions) {
    const { end, clock, signal, onEvent, maxBytes, writeMs } = options;
    this.#clock = clock;
    this.#began = clock.monotonic();
    this.#end = end;
    this.#listener = onEvent;
    this.#maxBytes = maxBytes;
    const watch = {
      begin: () => this.#channel.deadline.arm("write", writeMs),
      end: () => this.#channel.deadline.disarm(),
    };
    this.#channel = new Channel(new PacedConnection(connection, this.pace, clock, watch), {
      end,
      clock,
      signal,
      lineLimit: MAX_LINE_OCTETS,
      onEvent: (event) => this.#hear(event),
    });
    this.#channel.censor((text) => this.veil(text));
  }

  /** Whether the connection is closed, by whomever. */
  get over(): boolean {
    return this.#closed || this.#channel.dead;
  }

  /** Whether anything is put and not written. */
  get writing(): boolean {
    return this.#channel.pending > 0;
  }

  /** How many octets have arrived that nobody has read. */
  get buffered(): number {
    return this.#channel.buffered;
  }

  /** The beginning of what has arrived, as it may be shown. */
  get unread(): string {
    return this.#channel.unread;
  }

  /** Whether a secret may be sent: inside TLS that was checked, or within this machine. */
  get secure(): boolean {
    const { security, remote } = this.#channel.connection;
    return security === "verified" || remote.transport === "unix";
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#clock.monotonic() - this.#began;
  }

  /**
   * Limits the whole.
   *
   * @param ms How long it may take, in milliseconds.
   */
  limitTotal(ms: number): void {
    this.#channel.deadline.total("run", ms);
  }

  /**
   * Adds a line to the next write.
   *
   * @param line The line; CRLF is added.
   */
  put({ text, shown }: FilledLine): void {
    const line = new WireLine(text, { shown });
    this.#count(encoder.encode(text).length + 2);
    this.#channel.put(line);
  }

  /**
   * Adds a line of a reply to the next write. It may hold what no command may: tabs in a banner, control
   * characters in a message of a maildrop.
   *
   * @param line The line; CRLF is added.
   * @throws {SyntaxError} If it would be two lines.
   */
  putReply(line: FilledLine): void {
    if (!CONTROL.test(line.text) || line.text.includes("\n")) return this.put(line);
    this.#replyShown = line.shown;
    try {
      this.putOctets(encoder.encode(`${line.text}\r\n`));
    } finally {
      this.#replyShown = undefined;
    }
  }

  /**
   * Adds octets to the next write.
   *
   * @param bytes The octets.
   */
  putOctets(bytes: Uint8Array): void {
    this.#count(bytes.length);
    this.#channel.putContent(bytes);
  }

  /**
   * Writes what was put, in one write. If that fails, the peer's last words can still be heard: it is
   * told by the next wait, or by {@linkcode Talk.checkWritten}.
   */
  async flush(): Promise<void> {
    try {
      await this.#channel.flush();
    } catch (error) {
      if (this.#channel.dead || !(error instanceof ClosedError)) {
        throw this.#explain(error);
      }
      this.#unwritten ??= error;
    }
  }

  /** Stops if something could not be written. */
  checkWritten(): void {
    if (this.#unwritten !== undefined) throw this.#explain(this.#unwritten);
  }

  /**
   * Reads a line.
   *
   * @param limit How long it may take.
   * @returns The line; nothing if the peer closed before one began.
   */
  async readLine(limit: WaitLimit): Promise<ReceivedLine | undefined> {
    return await this.#wait(limit, async () => {
      while (true) {
        const line = this.#channel.takeLine();
        if (line !== undefined) {
          if (line.bareLf) this.#channel.note("note", "a line ends in LF alone");
          return line;
        }
        if (!await this.#fill()) {
          if (this.buffered === 0) return undefined;
          throw closedWithin(this.unread);
        }
      }
    });
  }

  /**
   * Reads a line of a message.
   *
   * @param limit How long it may take.
   * @returns The line; nothing if the peer closed before one began.
   */
  async readContentLine(limit: WaitLimit): Promise<ReceivedLine | undefined> {
    return await this.#wait(limit, async () => {
      let looked = 0;
      while (true) {
        const seen = this.#channel.peek();
        const at = seen.indexOf(LF, looked);
        if (at >= 0) return this.#contentLine(at);
        looked = seen.length;
        if (looked > MAX_LINE_OCTETS) throw new LineTooLongError(MAX_LINE_OCTETS);
        if (!await this.#fill()) {
          if (this.buffered === 0) return undefined;
          throw closedWithin(this.unread);
        }
      }
    });
  }

  #contentLine(at: number): ReceivedLine {
    const bytes = this.#channel.take(at + 1).slice();
    const bareLf = bytes[at - 1] !== 13;
    this.#content(bytes);
    return { text: new TextDecoder().decode(bytes.subarray(0, bareLf ? -1 : -2)), bareLf };
  }

  /**
   * Reads octets that must be these. It ends at the first that is another.
   *
   * @param expected The octets.
   * @param limit How long it may take without progress.
   * @returns Where it differs, with what stands there; nothing if it does not.
   */
  async readOctets(
    expected: Uint8Array,
    limit: WaitLimit,
  ): Promise<{ readonly at: number; readonly seen: string } | undefined> {
    let at = 0;
    while (at < expected.length) {
      await this.#wait(limit, async () => {
        if (this.buffered === 0 && !await this.#fill()) throw closedWithin("");
      });
      const part = this.#channel.take(expected.length - at).slice();
      this.#content(part);
      const from = at;
      const differs = part.findIndex((octet, index) => octet !== expected[from + index]);
      if (differs >= 0) {
        const seen = new TextDecoder().decode(part.subarray(differs, differs + MAX_SHOWN));
        return { at: at + differs, seen: cut(seen) };
      }
      at += part.length;
    }
    return undefined;
  }

  /**
   * Waits, and listens whether the peer says anything.
   *
   * @param ms How long, in milliseconds.
   * @returns What it said; nothing if it was silent.
   */
  async listen(ms: number): Promise<string | undefined> {
    if (this.buffered > 0) return this.unread;
    this.#reading ??= this.#channel.fill();
    const reading = this.#reading;
    reading.catch(() => {}); // whoever reads next hears of it
    const over = new AbortController();
    const slept = this.#clock.sleep(ms, { signal: over.signal }).then(() => true, () => false);
    try {
      const silent = await Promise.race([slept, reading.then(() => false)]);
      return silent ? undefined : this.buffered > 0 ? this.unread : "the end of the connection";
    } catch (error) {
      throw this.#explain(error);
    } finally {
      over.abort();
    }
  }

  /**
   * Waits on purpose.
   *
   * @param ms How long, in milliseconds.
   */
  async sleep(ms: number): Promise<void> {
    try {
      await this.#clock.sleep(ms, { signal: this.#channel.gone });
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /**
   * Waits for the peer's close.
   *
   * @param limit How long it may take.
   * @returns What the peer said instead.
   */
  async readClose(limit: WaitLimit): Promise<string | undefined> {
    try {
      const more = this.buffered > 0 || await this.#wait(limit, () => this.#fill());
      return more ? this.unread : undefined;
    } catch (error) {
      // However it ended, it has ended.
      if (error instanceof Stop && error.facts.id === "unexpected-close") return undefined;
      throw error;
    }
  }

  /**
   * Begins TLS.
   *
   * @param options What a client must know.
   * @param limit How long it may take.
   */
  async startTls(options: StartTlsOptions, limit: WaitLimit): Promise<void> {
    await this.#wait(limit, () => this.#channel.startTls(options));
  }

  /**
   * Notes what happened.
   *
   * @param kind What.
   * @param text What may be shown of it.
   */
  note(kind: TranscriptEvent["kind"], text: string = ""): void {
    this.#channel.note(kind, text);
  }

  /** Closes in good order. Nothing that was put and not written is written. */
  close(): void {
    this.#closed = true;
    this.#channel.close();
  }

  /** Breaks the connection. */
  drop(): void {
    this.#closed = true;
    const { connection } = this.#channel;
    if (connection instanceof PacedConnection) connection.drop();
    this.#channel.close();
  }

  /** Forgets what was put and not written. */
  discard(): void {
    this.#channel.discard();
  }

  async #fill(): Promise<boolean> {
    const reading = this.#reading ?? this.#channel.fill();
    this.#reading = undefined;
    return await reading;
  }

  async #wait<T>(limit: WaitLimit, work: () => Promise<T>): Promise<T> {
    const began = this.#clock.monotonic();
    this.#channel.deadline.arm("reply", limit.ms);
    try {
      return await work();
    } catch (error) {
      throw this.#explain(error, { limit, waitedMs: this.#clock.monotonic() - began });
    } finally {
      this.#channel.deadline.disarm();
    }
  }

  #explain(error: unknown, wait?: Wait): unknown {
    return explainWire(error, { ...wait, buffered: this.buffered, unread: this.unread });
  }

  #count(octets: number): void {
    this.#sent += octets;
    if (this.#sent <= this.#maxBytes) return;
    throw new Stop({
      id: "limit",
      expected: `at most ${this.#maxBytes} octets to send`,
      actual: "more",
    });
  }

  /** Content of the peer: a channel hears lines and gives octets, but keeps no record of those. */
  #content(bytes: Uint8Array): void {
    const end = this.#end === "C" ? "S" : "C";
    const tls = this.#channel.connection.security !== "clear";
    this.#hear({ at: this.elapsed, end, tls, kind: "content", text: "", bytes });
  }

  #hear(heard: TranscriptEvent): void {
    const { bytes: _, ...rest } = heard;
    const event = this.#replyShown === undefined
      ? heard
      : { ...rest, kind: "line" as const, text: this.#replyShown };
    this.transcript.push(event);
    this.#listener?.(event);
  }
}

function closedWithin(partial: string): ClosedError {
  return new ClosedError("Cannot read: the connection ended", { partial });
}
