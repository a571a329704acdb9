/**
 * Finds the end of a dot-stuffed body in what has arrived, without copying it (RFC 1939 section 3).
 *
 * A pull reader keeps what is not consumed. So octets whose meaning depends on those to come are left
 * where they are, and the only state is whether a line begins.
 *
 * @module
 */

import type { BodyEnd } from "../wire/mod.ts";

const LF = 10;
const CR = 13;
const DOT = 46;
const NO_WORDS = new Uint32Array(0);

/** Cuts a body into runs of content. */
export class BodyCutter {
  readonly #lf: boolean;
  #lineBegins = true;
  #bareLf = false;
  #ended = false;
  #consumed = 0;
  /** The octets in fours: to call indexOf for each line costs nearly twice the time. */
  #words: Uint32Array = NO_WORDS;

  /**
   * A cutter at the start of a body.
   *
   * @param bodyEnd What ends a line: with `lf`, a lone LF does too.
   */
  constructor(bodyEnd: BodyEnd) {
    this.#lf = bodyEnd === "lf";
  }

  /** Whether the lone dot has been seen. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a lone LF has been seen. */
  get bareLf(): boolean {
    return this.#bareLf;
  }

  /** How many octets the last run took, the dots that are no content included. */
  get consumed(): number {
    return this.#consumed;
  }

  /**
   * The next run of content.
   *
   * @param bytes What has arrived and was not consumed.
   * @returns A view of it: empty at the end, and if more must arrive first.
   */
  cut(bytes: Uint8Array): Uint8Array {
    let from = 0;
    if (this.#lineBegins && bytes[0] === DOT) {
      const end = this.#endAt(bytes, 0);
      if (end !== 0) return this.#stop(bytes, end);
      from = 1; // it was doubled, or should have been
    }
    const to = this.#runEnd(bytes, from);
    this.#consumed = to;
    // Most bodies that fit the buffer are over here.
    if (this.#lineBegins && bytes[to] === DOT) {
      const end = this.#endAt(bytes, to);
      if (end > 0) this.#stop(bytes, to + end);
    }
    return bytes.subarray(from, to);
  }

  /** The length of the final line that may begin here; 0 if it is none, -1 if that is not sure yet. */
  #endAt(bytes: Uint8Array, at: number): number {
    const second = bytes[at + 1];
    if (second === LF && this.#lf) {
      this.#bareLf = true;
      return 2;
    }
    if (second !== CR) return second === undefined ? -1 : 0;
    const third = bytes[at + 2];
    return third === LF ? 3 : third === undefined ? -1 : 0;
  }

  #stop(bytes: Uint8Array, end: number): Uint8Array {
    this.#ended = end > 0;
    this.#consumed = Math.max(0, end);
    return bytes.subarray(0, 0);
  }

  /** Where the run ends: before the next line that begins with a dot, or where octets are lacking. */
  #runEnd(bytes: Uint8Array, from: number): number {
    const { buffer, byteOffset, length } = bytes;
    if (this.#words.buffer !== buffer) {
      this.#words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
    }
    const words = this.#words;
    const stop = (byteOffset + length) >>> 2;
    for (let at = from; at < length;) {
      let index = (byteOffset + at) >>> 2;
      if (index * 4 === byteOffset + at) {
        while (index < stop && !holdsLf(words[index] as number)) index++; // within bounds
        at = index * 4 - byteOffset;
      }
      if (bytes[at++] !== LF) continue;
      const crlf = bytes[at - 2] === CR;
      if (!crlf) this.#bareLf = true;
      this.#lineBegins = crlf || this.#lf;
      if (this.#lineBegins && (bytes[at] ?? DOT) === DOT) return at;
    }
    // A CR may belong to a line end, and then counts as its first half.
    const to = bytes[length - 1] === CR ? length - 1 : length;
    if (to > from) this.#lineBegins = false;
    return to;
  }
}

/** Whether one of four octets is LF: of these bits, only a zero octet sets any. */
function holdsLf(word: number): boolean {
  const zeroIfLf = word ^ 0x0a0a0a0a;
  return ((zeroIfLf - 0x01010101) & ~zeroIfLf & 0x80808080) !== 0;
}
