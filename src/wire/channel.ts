/**
 * A connection that is spoken over: lines in, lines and content out, deadlines, a transcript.
 *
 * A channel is usable or dead. What kills it (an end of stream, a deadline, an abort, a breach of the
 * protocol) is kept and thrown at whoever comes later; a dead channel never sends another octet.
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";
import { type Connection, formatEndpoint, type StartTlsOptions } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { ClosedError, ProtocolError, TimeoutError, WireError } from "./errors.ts";
import { escapeControls } from "./escape.ts";
import { LineReader } from "./line_reader.ts";
import { OutBuffer } from "./out_buffer.ts";
import { decodeLine, decodeLoosely, type ReceivedLine } from "./received_line.ts";
import { Recorder } from "./recorder.ts";
import { explainTls } from "./tls_failure.ts";
import type { TranscriptEvent, TranscriptListener } from "./transcript.ts";
import type { WireLine } from "./wire_line.ts";

/** How a channel is made. */
export interface ChannelOptions {
  /** Which end this is. @default {"C"} */
  readonly end?: "C" | "S";
  /** What deadlines and the transcript go by. @default {systemClock} */
  readonly clock?: Clock;
  /** Ends everything: the connection is closed and every wait rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said. */
  readonly onEvent?: TranscriptListener | undefined;
  /** The longest line to accept, in octets. @default {8192} */
  readonly lineLimit?: number;
}

const LF = 10;
/** How many octets are looked at for what an error shows of an unread line. */
const SHOWN = 512;
/** Content up to this size waits for what follows, in octets. */
const SMALL = 32 * 1024;

/**
 * A connection, its reader, its deadline and its transcript.
 *
 * One read and one write may be under way at a time.
 *
 * @example Usage
 * ```ts
 * import { Channel, memoryPair, type TranscriptEvent, WireLine } from "@mailwright/mailwright/wire";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * await server.write(new TextEncoder().encode("220 mail.example ready\r\n"));
 *
 * const events: TranscriptEvent[] = [];
 * const channel = new Channel(client, { onEvent: (event) => events.push(event) });
 * channel.deadline.arm("greeting", 5_000);
 * equal((await channel.readLine())?.text, "220 mail.example ready");
 * channel.deadline.disarm();
 * channel.put(new WireLine("AUTH PLAIN AGEAYg==", { shown: "AUTH PLAIN ***" }));
 * await channel.flush();
 * channel.close();
 * server.close();
 *
 * deepEqual(events.filter(({ kind }) => kind === "line").map(({ end, text }) => `${end}: ${text}`), [
 *   "S: 220 mail.example ready",
 *   "C: AUTH PLAIN ***",
 * ]);
 * ```
 */
export class Channel {
  #connection: Connection;
  #reader: LineReader;
  readonly #lineLimit: number;
  readonly #end: "C" | "S";
  readonly #peer: "C" | "S";
  readonly #recorder: Recorder;
  readonly #signal: AbortSignal | undefined;
  readonly #out = new OutBuffer();
  #writes = 0;
  #reads = 0;
  #reading = false;
  #unwritable: ClosedError | undefined;
  #dead: { readonly reason: unknown } | undefined;
  #gone: AbortController | undefined;
  #censor: ((text: string) => string) | undefined;
  /** The limits of what is waited for. */
  readonly deadline: Deadline;

  /**
   * A channel over an open connection.
   *
   * @param connection The connection. The channel owns it from now on.
   * @param options Which end this is, clock, signal, listener, limits.
   */
  constructor(connection: Connection, options: ChannelOptions = {}) {
    this.#connection = connection;
    this.#lineLimit = options.lineLimit ?? 8192;
    this.#end = options.end ?? "C";
    this.#peer = this.#end === "C" ? "S" : "C";
    this.#signal = options.signal;
    this.#reader = new LineReader(connection);
    const { clock = systemClock } = options;
    this.#recorder = new Recorder(clock, connection.security !== "clear", options.onEvent);
    this.deadline = new Deadline(clock, (timer, limitMs) => {
      this.kill(new TimeoutError(timer, limitMs, this.unread));
    });
    this.note("open", "");
    if (this.#signal?.aborted) this.#abort();
    else this.#signal?.addEventListener("abort", this.#abort, { once: true });
  }

  /** The connection below: for its ends and its security. */
  get connection(): Connection {
    return this.#connection;
  }

  /** How many octets have arrived and are not yet read. */
  get buffered(): number {
    return this.#reader.buffered;
  }

  /** The beginning of what has arrived and is not yet read, as it may be shown. */
  get unread(): string {
    const text = decodeLoosely(this.#reader.peek(SHOWN));
    return escapeControls(this.#censor?.(text) ?? text).slice(0, 80);
  }

  /** Whether the channel is dead. */
  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** What killed it. */
  get reason(): unknown {
    return this.#dead?.reason;
  }

  /** Fires with the reason when the channel dies: for a wait on anything but the connection. */
  get gone(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#dead !== undefined) this.#gone.abort(this.#dead.reason);
    return this.#gone.signal;
  }

  /** How many writes were made: with one write per turn this counts the turns. */
  get writes(): number {
    return this.#writes;
  }

  /** How many reads were made. */
  get reads(): number {
    return this.#reads;
  }

  /** The last lines of both ends, as they may be shown. */
  get tail(): readonly string[] {
    return this.#recorder.tail;
  }

  /**
   * From now on passes what the peer says through a censor: a server may echo a password.
   *
   * @param censor Gives a line without secrets, those that it knows by then; censors add up. It may be
   *   asked about many lines at once: if it leaves these as they are, it would leave each of them.
   */
  censor(censor: (text: string) => string): void {
    const before = this.#censor;
    this.#censor = before === undefined ? censor : (text) => censor(before(text));
  }

  /**
   * A received line, if all of it is here.
   *
   * @returns The line, or `undefined` if more must be read.
   * @throws {LineTooLongError} If it is too long; the channel is then dead.
   */
  takeLine(): ReceivedLine | undefined {
    this.#throwIfDead();
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#reader.line(this.#lineLimit);
    } catch (error) {
      throw this.kill(error);
    }
    if (bytes === undefined) return undefined;
    const line = decodeLine(bytes, this.#reader.bareLf);
    const seen = this.#censored(line);
    this.#recorder.line(this.#peer, seen.text);
    return seen;
  }

  /**
   * Takes all received lines that are here, up to one that ends them: the fast way through a listing.
   *
   * @param last The text of the line that ends them; it is among them if it is here.
   * @returns Their texts as they were received, censored or not; none if more must be read.
   * @throws {LineTooLongError} If one is too long, at the latest when it is the first; the channel is
   *   then dead.
   * @throws {unknown} The reason, if a listener ends the channel.
   */
  takeLines(last: string): string[] {
    let line = this.takeLine();
    if (line === undefined) return [];
    const texts = [textOf(line)];
    const plain = this.#plainLines();
    let begin = 0;
    while (texts.at(-1) !== last && begin < plain.length) {
      const end = plain.indexOf("\n", begin);
      const stop = end > begin && plain[end - 1] === "\r" ? end - 1 : end;
      if (stop - begin > this.#lineLimit) break; // the next call refuses it
      texts.push(plain.slice(begin, stop));
      begin = end + 1;
    }
    this.#reader.take(begin);
    for (const text of this.#recorder.worthNoting(texts.slice(1))) {
      this.#throwIfDead(); // whoever listens may have had enough
      this.#recorder.line(this.#peer, text);
    }
    while (plain === "" && texts.at(-1) !== last && (line = this.takeLine()) !== undefined) {
      texts.push(textOf(line));
    }
    return texts;
  }

  /**
   * Reads a line.
   *
   * @returns The line, or `null` if the stream ends before one begins.
   * @throws {WireError} If the stream ends within a line, or the channel dies.
   */
  async readLine(): Promise<ReceivedLine | null> {
    while (true) {
      const line = this.takeLine();
      if (line !== undefined) return line;
      if (!await this.fill()) {
        if (this.#reader.buffered === 0) return null;
        throw this.kill(
          new ClosedError("Cannot read a line: the connection ended within it", {
            partial: this.unread,
          }),
        );
      }
    }
  }

  /**
   * Reads once.
   *
   * @returns `false` at the end of the stream; an end without TLS's own farewell counts as one.
   * @throws {WireError} If the channel is dead or dies.
   */
  async fill(): Promise<boolean> {
    this.#throwIfDead();
    this.#idle("read");
    this.#reads++;
    this.#reading = true;
    try {
      return await this.#reader.fill();
    } catch (error) {
      this.#throwIfDead();
      if (error instanceof Deno.errors.UnexpectedEof) return false;
      // In TLS 1.3 the server's verdict on the client comes behind the handshake.
      if (error instanceof Deno.errors.InvalidData) {
        throw this.kill(explainTls(error, formatEndpoint(this.#connection.remote)));
      }
      throw this.kill(
        new ClosedError(`Cannot read: ${reasonText(error)}`, {
          cause: error,
          partial: this.unread,
        }),
      );
    } finally {
      this.#reading = false;
    }
  }

  /**
   * Takes octets that have arrived: for content that is not lines.
   *
   * @param max The most to take, in octets.
   * @returns A view that is valid until the next {@linkcode Channel.fill}.
   */
  take(max: number = Infinity): Uint8Array {
    return this.#reader.take(max);
  }

  /**
   * Shows octets that have arrived without taking them.
   *
   * @param max The most to show, in octets.
   * @returns A view that is valid until the next {@linkcode Channel.fill}.
   */
  peek(max: number = Infinity): Uint8Array {
    return this.#reader.peek(max);
  }

  /**
   * Adds a line to what the next {@linkcode Channel.flush} writes.
   *
   * @param line The line; CRLF is added.
   * @throws {WireError} If the channel is dead.
   */
  put(line: WireLine): void {
    this.#throwIfDead();
    this.#out.line(line.expose());
    this.#recorder.line(this.#end, line.shown);
  }

  /**
   * Adds octets of content to what the next {@linkcode Channel.flush} writes.
   *
   * @param bytes The octets as they go out. They are copied.
   * @throws {WireError} If the channel is dead.
   */
  putContent(bytes: Uint8Array): void {
    this.#throwIfDead();
    if (bytes.length === 0) return;
    this.#out.content(bytes);
    this.#recorder.content(this.#end, bytes);
  }

  /** How many octets wait for the next {@linkcode Channel.flush}. */
  get pending(): number {
    return this.#out.length;
  }

  /** Forgets what was put and not yet flushed. The transcript has it all the same. */
  discard(): void {
    this.#out.clear();
  }

  /**
   * Writes all that was put, in one write.
   *
   * @throws {ClosedError} If the write fails. What the peer has said before can still be read.
   * @throws {WireError} If the channel is dead or dies.
   */
  flush(): Promise<void> {
    return this.#out.length === 0 ? Promise.resolve() : this.#write(this.#out.take(), "gathered");
  }

  /**
   * Writes octets of content, after all that was put before. A few of them are only put, to leave with
   * what follows: the last ones need a {@linkcode Channel.flush}.
   *
   * @param bytes The octets as they go out. They are not copied: leave them alone until it resolves.
   * @throws {ClosedError} If the write fails. What the peer has said before can still be read.
   * @throws {WireError} If the channel is dead or dies.
   */
  async writeContent(bytes: Uint8Array): Promise<void> {
    if (this.#out.length + bytes.length <= SMALL) return this.putContent(bytes);
    await this.flush();
    this.#throwIfDead();
    this.#recorder.content(this.#end, bytes);
    await this.#write(bytes, "caller");
  }

  /**
   * Upgrades to TLS.
   *
   * @param options What the client must know.
   * @throws {ProtocolError} If anything is unread: it came in the clear and must not count inside TLS.
   * @throws {TlsError} If the handshake or the check of the certificate fails.
   * @throws {TypeError} If a read is under way: the platform would lose the connection (T-S17).
   */
  async startTls(options: StartTlsOptions): Promise<void> {
    this.#throwIfDead();
    this.#idle("start TLS");
    // RFC 3207 section 4: an attacker on the way could have put it there (T-S03, T-S04).
    if (this.#reader.buffered > 0) {
      throw this.kill(
        new ProtocolError(
          `Cannot start TLS: unread data after the reply to STARTTLS: "${this.unread}"`,
        ),
      );
    }
    try {
      const upgraded = await this.#connection.startTls(options);
      if (this.dead) upgraded.close();
      this.#throwIfDead();
      this.#connection = upgraded;
    } catch (error) {
      this.#throwIfDead();
      throw this.kill(error);
    }
    // Nothing of the old reader counts inside TLS.
    this.#reader = new LineReader(this.#connection);
    this.#recorder.tls = true;
    this.note("tls", "");
  }

  /**
   * Hands the bare connection to somebody else; this channel is then over.
   *
   * @returns The connection, open and with nothing unread.
   * @throws {ProtocolError} If anything is unread.
   * @throws {TypeError} If a read is under way.
   */
  release(): Connection {
    this.#throwIfDead();
    this.#idle("hand over the connection");
    if (this.#reader.buffered > 0) {
      throw this.kill(
        new ProtocolError(`Cannot hand over the connection: unread data "${this.unread}"`),
      );
    }
    this.#dead = {
      reason: new ClosedError("Cannot use the session: its connection was handed on"),
    };
    this.#detach();
    this.note("turn", "");
    return this.#connection;
  }

  /**
   * Ends the channel for a reason: closes the connection, keeps the reason for whoever comes later.
   *
   * @param reason Why. The first reason stays.
   * @returns The reason that stays, to be thrown.
   */
  kill(reason: unknown): unknown {
    if (this.#dead === undefined) {
      if (reason instanceof WireError) reason.at({ transcript: this.tail });
      this.#dead = { reason };
      this.#detach();
      this.#connection.close();
      this.note("close", "");
      this.#gone?.abort(reason);
    }
    return this.#dead.reason;
  }

  /** Closes the connection in good order. */
  close(): void {
    this.kill(new ClosedError("Cannot use the session: it is closed"));
  }

  /**
   * Adds an event that is no line to the transcript.
   *
   * @param kind What happened.
   * @param text What may be shown of it.
   */
  note(kind: TranscriptEvent["kind"], text: string): void {
    this.#recorder.note(this.#end, kind, text);
  }

  #throwIfDead(): void {
    if (this.#dead !== undefined) throw this.#dead.reason;
  }

  /** Refuses what must not meet a pending read (D1). */
  #idle(purpose: string): void {
    if (this.#reading) throw new TypeError(`Cannot ${purpose}: a read is under way`);
  }

  /** Writes octets; what was gathered goes back to where it gathers. */
  async #write(bytes: Uint8Array, from: "gathered" | "caller"): Promise<void> {
    this.#throwIfDead();
    // How much of it went out is unknown: what came behind it would mean something else.
    if (this.#unwritable !== undefined) throw this.#unwritable;
    this.#writes++;
    try {
      await this.#connection.write(bytes);
      if (from === "gathered") this.#out.giveBack(bytes);
    } catch (error) {
      this.#throwIfDead();
      // Not dead yet: the peer's last words may still be readable (D6, F7).
      this.#unwritable = new ClosedError(`Cannot write: ${reasonText(error)}`, { cause: error });
      throw this.#unwritable;
    }
  }

  #censored(line: ReceivedLine): ReceivedLine {
    if (this.#censor === undefined) return line;
    // Where a line is no UTF-8, a secret in it may be all the same.
    const readings = line.raw === undefined ? [line.text] : [line.text, decodeLoosely(line.raw)];
    for (const reading of readings) {
      const text = this.#censor(reading);
      if (text !== reading) return { text, bareLf: line.bareLf, uncensored: line.text };
    }
    return line;
  }

  /**
   * The lines that are here as one text: to decode and to censor them one by one costs more. Empty
   * where it has to be.
   */
  #plainLines(): string {
    const ahead = this.#reader.peek();
    const octets = ahead.subarray(0, ahead.lastIndexOf(LF) + 1);
    const text = decodeLoosely(octets);
    const ascii = text.length === octets.length && !text.includes("\ufffd");
    return ascii && (this.#censor?.(text) ?? text) === text ? text : "";
  }

  readonly #abort = (): void => {
    this.kill(this.#signal?.reason);
  };

  #detach(): void {
    this.deadline[Symbol.dispose]();
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}

function textOf({ text, uncensored }: ReceivedLine): string {
  return uncensored ?? text;
}

function reasonText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
