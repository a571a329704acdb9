/**
 * Pulls bytes and gives lines, in linear time and with a limit on the length of a line.
 *
 * @module
 */

import { LineTooLongError } from "./errors.ts";

const CR = 13;
const LF = 10;
/** The size to which a buffer grows where content rushes in. */
const LARGE = 64 * 1024;

/** Where the bytes come from. */
export interface ByteSource {
  /** Reads at least one byte into `buffer`; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * A reader that never reads ahead of what is asked: {@linkcode LineReader.line} looks only at what has
 * arrived, {@linkcode LineReader.fill} reads once.
 *
 * Each byte is looked at once however the stream is cut (the scan remembers where it stopped), and
 * bytes are moved only when at least as many have been taken.
 *
 * @example Usage
 * ```ts
 * import { LineReader, memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * await server.write(new TextEncoder().encode("220 mail.example\r\n250"));
 * const reader = new LineReader(client);
 * await reader.fill();
 * equal(new TextDecoder().decode(reader.line(512)), "220 mail.example");
 * equal(reader.line(512), undefined); // the rest of the second line has yet to come
 * equal(reader.buffered, 3);
 * client.close();
 * server.close();
 * ```
 */
export class LineReader {
  readonly #source: ByteSource;
  #buffer: Uint8Array;
  #start = 0;
  #end = 0;
  #scanned = 0;
  #bareLf = false;

  /**
   * A reader with an empty buffer.
   *
   * @param source Where the bytes come from.
   * @param bufferSize The size of the buffer to begin with, in octets: two or more.
   */
  constructor(source: ByteSource, bufferSize: number = 16 * 1024) {
    this.#source = source;
    this.#buffer = new Uint8Array(Math.max(2, bufferSize));
  }

  /** How many octets have arrived and are not yet taken. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** Whether the line last given ended in a bare LF. */
  get bareLf(): boolean {
    return this.#bareLf;
  }

  /**
   * The next line without its end, if all of it has arrived. CRLF and bare LF end a line, a bare CR
   * does not.
   *
   * @param limit The longest line to accept, in octets without the line end.
   * @returns A view that is valid until the next {@linkcode LineReader.fill}, or `undefined`.
   * @throws {LineTooLongError} If there are more than `limit` octets and no line end among them.
   */
  line(limit: number): Uint8Array | undefined {
    // A line feed behind the last octet keeps the search out of stale ones.
    this.#buffer[this.#end] = LF;
    const at = this.#buffer.indexOf(LF, this.#scanned);
    if (at === this.#end) {
      this.#scanned = this.#end;
      // One more for the CR whose LF has yet to come.
      if (this.buffered > limit + 1) throw new LineTooLongError(limit);
      return undefined;
    }
    const begin = this.#start;
    this.#bareLf = at === begin || this.#buffer[at - 1] !== CR;
    const stop = this.#bareLf ? at : at - 1;
    if (stop - begin > limit) throw new LineTooLongError(limit);
    this.#start = this.#scanned = at + 1;
    return this.#buffer.subarray(begin, stop);
  }

  /**
   * Reads once.
   *
   * @returns Whether something arrived; `false` at the end of the stream.
   */
  async fill(): Promise<boolean> {
    this.#makeRoom();
    const count = await this.#source.read(this.#buffer.subarray(this.#end, -1));
    if (count === null) return false;
    this.#end += count;
    return true;
  }

  /**
   * Takes what has arrived, up to `max` octets, without looking for lines.
   *
   * @param max The most to take, in octets.
   * @returns A view that is valid until the next {@linkcode LineReader.fill}.
   */
  take(max: number = Infinity): Uint8Array {
    const stop = Math.min(this.#end, this.#start + max);
    const view = this.#buffer.subarray(this.#start, stop);
    this.#start = stop;
    this.#scanned = Math.max(this.#scanned, stop);
    return view;
  }

  /**
   * Shows what has arrived without taking it.
   *
   * @param max The most to show, in octets.
   * @returns A view that is valid until the next {@linkcode LineReader.fill}.
   */
  peek(max: number = Infinity): Uint8Array {
    return this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + max));
  }

  #makeRoom(): void {
    const size = this.#buffer.length;
    const room = size - 1 - this.#end; // the last octet is for the line feed of the search
    if (this.#start === this.#end) {
      // The last read filled it to the brim: content is coming, and more of it per read is faster.
      if (room === 0 && size < LARGE) this.#buffer = new Uint8Array(size * 2);
      this.#start = this.#end = this.#scanned = 0;
    } // Linear in all that is read: what is moved is never more than what was taken, or what a buffer
    // of half the size held. The first also spares reads of a few octets at the end of the buffer.
    else if (this.#start >= size / 2 && room < size / 4) this.#move(this.#buffer);
    else if (room === 0) this.#move(new Uint8Array(size * 2));
  }

  #move(target: Uint8Array): void {
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#scanned -= this.#start;
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = target;
  }
}
