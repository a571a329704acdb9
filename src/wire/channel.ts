/**
 * A connection that is spoken over: lines in, lines and content out, deadlines, a transcript.
 *
 * A channel is usable or dead. What kills it (an end of stream, a deadline, an abort, a breach of the
 * protocol) is kept and thrown at whoever comes later; a dead channel never sends another octet.
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";
import type { Connection, StartTlsOptions } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { ClosedError, ProtocolError, TimeoutError, WireError } from "./errors.ts";
import { escapeControls } from "./escape.ts";
import { LineReader } from "./line_reader.ts";
import type { TranscriptEvent, TranscriptListener } from "./transcript.ts";
import type { WireLine } from "./wire_line.ts";

/** How a channel is made. */
export interface ChannelOptions {
  /** Which end this is. @default {"C"} */
  readonly end?: "C" | "S";
  /** @default {systemClock} */
  readonly clock?: Clock;
  /** Ends everything: the connection is closed and every wait rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said. */
  readonly onEvent?: TranscriptListener | undefined;
  /** The longest line to accept, in octets. @default {8192} */
  readonly lineLimit?: number;
}

/** One received line. */
export interface ReceivedLine {
  /** The text: UTF-8, or Latin-1 where it is no valid UTF-8. */
  readonly text: string;
  /** The octets, only where the text is no valid UTF-8. */
  readonly raw?: Uint8Array;
  /** Whether it ended in a lone LF. */
  readonly bareLf: boolean;
}

/** How many lines an error carries. */
const TAIL = 12;
/** Commands and small content gather here and leave in one write. */
const OUT_SIZE = 64 * 1024;

/** A connection, its reader, its deadline and its transcript. */
export class Channel {
  #connection: Connection;
  #reader: LineReader;
  readonly #lineLimit: number;
  readonly #clock: Clock;
  readonly #end: "C" | "S";
  readonly #peer: "C" | "S";
  readonly #onEvent: TranscriptListener | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #began: number;
  readonly #tail: { readonly end: "C" | "S"; readonly text: string }[] = [];
  #out: Uint8Array = new Uint8Array(2048);
  #outLength = 0;
  #flushes = 0;
  #reads = 0;
  #dead: { readonly reason: unknown } | undefined;
  #censor: ((text: string) => string) | undefined;
  /** The limits of what is waited for. */
  readonly deadline: Deadline;

  /**
   * Makes one.
   *
   * @param connection An open connection. The channel owns it from now on.
   * @param options Which end this is, clock, signal, listener, limits.
   */
  constructor(connection: Connection, options: ChannelOptions = {}) {
    this.#connection = connection;
    this.#lineLimit = options.lineLimit ?? 8192;
    this.#clock = options.clock ?? systemClock;
    this.#end = options.end ?? "C";
    this.#peer = this.#end === "C" ? "S" : "C";
    this.#onEvent = options.onEvent;
    this.#signal = options.signal;
    this.#began = this.#clock.monotonic();
    this.#reader = this.#newReader();
    this.deadline = new Deadline(this.#clock, (timer, limitMs) => {
      this.kill(new TimeoutError(timer, limitMs, decode(this.#reader.peek(80))));
    });
    if (this.#signal?.aborted) this.#abort();
    else this.#signal?.addEventListener("abort", this.#abort, { once: true });
    this.note("open", "");
  }

  /** The connection below: for its ends and its security. */
  get connection(): Connection {
    return this.#connection;
  }

  /** How many octets have arrived and are not yet read. */
  get buffered(): number {
    return this.#reader.buffered;
  }

  /** Whether the channel is dead. */
  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** What killed it. */
  get reason(): unknown {
    return this.#dead?.reason;
  }

  /** How many writes were made: with one write per turn this counts the turns. */
  get writes(): number {
    return this.#flushes;
  }

  /** How many reads were made. */
  get reads(): number {
    return this.#reads;
  }

  /** The last lines of both ends, as they may be shown. */
  get tail(): readonly string[] {
    return this.#tail.map(({ end, text }) => `${end}: ${escapeControls(text).slice(0, 200)}`);
  }

  /**
   * From now on passes what the peer says through a censor: a server may echo a password.
   *
   * @param censor Gives the text without secrets; censors add up.
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
    this.#said(this.#peer, seen.text);
    return seen;
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
            partial: escapeControls(decode(this.#reader.peek(80))),
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
    this.#reads++;
    try {
      return await this.#reader.fill();
    } catch (error) {
      this.#throwIfDead();
      if (error instanceof Deno.errors.UnexpectedEof) return false;
      throw this.kill(
        new ClosedError(`Cannot read: ${reasonText(error)}`, {
          cause: error,
          partial: escapeControls(decode(this.#reader.peek(80))),
        }),
      );
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
   */
  put(line: WireLine): void {
    const text = line.expose();
    // Three octets are the most that one UTF-16 unit becomes in UTF-8.
    this.#reserve(text.length * 3 + 2);
    this.#outLength += encode(text, this.#out, this.#outLength);
    this.#out[this.#outLength++] = 13;
    this.#out[this.#outLength++] = 10;
    this.#said(this.#end, line.shown);
  }

  /**
   * Adds octets of content to what the next {@linkcode Channel.flush} writes.
   *
   * @param bytes The octets as they go out. They are copied.
   */
  putContent(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#reserve(bytes.length);
    this.#out.set(bytes, this.#outLength);
    this.#outLength += bytes.length;
    this.#content(bytes);
  }

  /** How many octets wait for the next {@linkcode Channel.flush}. */
  get pending(): number {
    return this.#outLength;
  }

  /** Forgets what was put and not yet flushed. */
  discard(): void {
    this.#outLength = 0;
  }

  /**
   * Writes all that was put, in one write.
   *
   * @throws {WireError} If the channel is dead or dies.
   */
  async flush(): Promise<void> {
    if (this.#outLength === 0) return;
    const bytes = this.#out.subarray(0, this.#outLength);
    this.#outLength = 0;
    await this.#write(bytes);
    if (this.#out.length > OUT_SIZE) this.#out = new Uint8Array(OUT_SIZE);
  }

  /**
   * Writes octets of content, after all that was put before.
   *
   * @param bytes The octets as they go out. They are not copied: leave them alone until it resolves.
   * @throws {WireError} If the channel is dead or dies.
   */
  async writeContent(bytes: Uint8Array): Promise<void> {
    if (this.#outLength + bytes.length <= OUT_SIZE / 2) return this.putContent(bytes);
    await this.flush();
    this.#content(bytes);
    await this.#write(bytes);
  }

  /**
   * Upgrades to TLS.
   *
   * @param options What the client must know.
   * @throws {ProtocolError} If anything is unread: it came in the clear and must not count inside TLS.
   * @throws {TlsError} If the handshake or the check of the certificate fails.
   */
  async startTls(options: StartTlsOptions): Promise<void> {
    this.#throwIfDead();
    // RFC 3207 section 4: an attacker on the way could have put it there (T-S03, T-S04).
    if (this.#reader.buffered > 0) {
      const seen = escapeControls(decode(this.#reader.peek(80)));
      throw this.kill(
        new ProtocolError(`Cannot start TLS: unread data after the reply to STARTTLS: "${seen}"`),
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
    this.#reader = this.#newReader();
    this.note("tls", "");
  }

  /**
   * Hands the bare connection to somebody else; this channel is then over.
   *
   * @returns The connection, open and with nothing unread.
   * @throws {ProtocolError} If anything is unread.
   */
  release(): Connection {
    this.#throwIfDead();
    if (this.#reader.buffered > 0) {
      throw this.kill(new ProtocolError("Cannot hand over the connection: unread data"));
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
    this.#onEvent?.({
      at: this.#clock.monotonic() - this.#began,
      end: this.#end,
      tls: this.#connection.security !== "clear",
      kind,
      text,
    });
  }

  #throwIfDead(): void {
    if (this.#dead !== undefined) throw this.#dead.reason;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#throwIfDead();
    this.#flushes++;
    try {
      await this.#connection.write(bytes);
    } catch (error) {
      this.#throwIfDead();
      // Not dead yet: the peer's last words may still be readable (D6, F7).
      throw new ClosedError(`Cannot write: ${reasonText(error)}`, { cause: error });
    }
  }

  #reserve(more: number): void {
    const need = this.#outLength + more;
    if (need <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(need, this.#out.length * 2));
    larger.set(this.#out.subarray(0, this.#outLength));
    this.#out = larger;
  }

  #newReader(): LineReader {
    return new LineReader(this.#connection);
  }

  #said(end: "C" | "S", text: string): void {
    this.#tail.push({ end, text });
    if (this.#tail.length > TAIL) this.#tail.shift();
    if (this.#onEvent !== undefined) {
      this.#onEvent({
        at: this.#clock.monotonic() - this.#began,
        end,
        tls: this.#connection.security !== "clear",
        kind: "line",
        text,
      });
    }
  }

  #content(bytes: Uint8Array): void {
    this.#onEvent?.({
      at: this.#clock.monotonic() - this.#began,
      end: this.#end,
      tls: this.#connection.security !== "clear",
      kind: "content",
      text: "",
      bytes: bytes.slice(),
    });
  }

  #censored(line: ReceivedLine): ReceivedLine {
    if (this.#censor === undefined) return line;
    const text = this.#censor(line.text);
    return text === line.text ? line : { text, bareLf: line.bareLf };
  }

  readonly #abort = (): void => {
    this.kill(this.#signal?.reason);
  };

  #detach(): void {
    this.deadline[Symbol.dispose]();
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}

const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeLine(bytes: Uint8Array, bareLf: boolean): ReceivedLine {
  const ascii = shortAscii(bytes);
  if (ascii !== undefined) return { text: ascii, bareLf };
  try {
    return { text: utf8.decode(bytes), bareLf };
  } catch {
    return { text: decode(bytes), raw: bytes.slice(), bareLf };
  }
}

/** Most lines are short and ASCII: a call into the platform costs more than writing them here. */
function encode(text: string, into: Uint8Array, at: number): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return encoder.encodeInto(text, into.subarray(at)).written;
    into[at + index] = code;
  }
  return text.length;
}

/** Most lines are short and ASCII: a call into the platform costs more than looking at them here. */
function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > 80) return undefined;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] as number > 127) return undefined; // in range
  return decode(bytes);
}

/** Latin-1 as it is; the platform's decoder of that name is Windows-1252. */
function decode(bytes: Uint8Array): string {
  // apply() takes anything with a length and indices, whatever its type says.
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

function reasonText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
