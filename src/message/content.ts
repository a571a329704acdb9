/**
 * What a raw message is made of, as far as sending it must know.
 *
 * @module
 */

/** What a raw message is made of. */
export interface ContentDescription {
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
  /** The longest line, in octets without its CR and LF. */
  readonly longestLine: number;
  /** Whether a CR stands without an LF after it. */
  readonly bareCr: boolean;
  /** Whether an LF stands without a CR before it. */
  readonly bareLf: boolean;
  /** Whether a NUL stands anywhere. */
  readonly nul: boolean;
  /** Whether a line begins with a dot, which DATA has to double. */
  readonly dotLine: boolean;
  /** Whether the header holds octets above 127, so that it needs SMTPUTF8. */
  readonly utf8Headers: boolean;
  /** Whether a change would break a signature: DKIM, ARC, or multipart/signed at the top. */
  readonly signed: boolean;
}

const NUL = 0;
const LF = 10;
const CR = 13;
const DOT = 46;

const latin1 = new TextDecoder("latin1");
const SIGNATURE = /^(?:dkim-signature|arc-seal|arc-message-signature)[ \t]*:/im;
const SIGNED_TYPE = /^content-type[ \t]*:\s*multipart\/signed\b/im;

/**
 * Describes a raw message in one pass over its octets.
 *
 * @param bytes The message: header, empty line, body; lines end in CRLF or LF.
 * @returns What it is made of.
 *
 * @example Usage
 * ```ts
 * import { describeContent } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("Subject: Grüße\n\nHello\n");
 * const { eightBit, bareLf, utf8Headers } = describeContent(bytes);
 * equal(eightBit && bareLf && utf8Headers, true);
 * ```
 */
export function describeContent(bytes: Uint8Array): ContentDescription {
  return new Described(bytes);
}

/** A class, for it is made at once: a literal with a getter takes longer than a look at a small message. */
class Described implements ContentDescription {
  readonly eightBit: boolean;
  readonly longestLine: number;
  readonly bareCr: boolean;
  readonly bareLf: boolean;
  readonly nul: boolean;
  readonly dotLine: boolean;
  readonly utf8Headers: boolean;
  readonly #bytes: Uint8Array;
  readonly #headerEnd: number;

  constructor(bytes: Uint8Array) {
    let eightBit = false;
    let bareCr = false;
    let bareLf = false;
    let nul = false;
    let dotLine = bytes[0] === DOT;
    let longestLine = 0;
    let lineStart = 0;
    let headerEnd = -1;
    let utf8Headers = false;
    const words = wordsOf(bytes);
    const { length } = bytes;
    for (let at = 0; at < length; at++) {
      if (at % 4 === 0) {
        at = behindText(words, at);
        if (at === length) break;
      }
      const octet = bytes[at] as number; // at is below the length
      if (octet > CR) {
        if (octet > 127) eightBit = true;
      } else if (octet === LF) {
        const afterCr = bytes[at - 1] === CR;
        const octets = at - lineStart - (afterCr ? 1 : 0);
        if (!afterCr) bareLf = true;
        if (octets > longestLine) longestLine = octets;
        if (octets === 0 && headerEnd < 0) {
          headerEnd = lineStart;
          utf8Headers = eightBit;
        }
        lineStart = at + 1;
        if (bytes[lineStart] === DOT) dotLine = true;
      } else if (octet === CR) {
        if (bytes[at + 1] !== LF) bareCr = true;
      } else if (octet === NUL) {
        nul = true;
      }
    }
    this.eightBit = eightBit;
    this.longestLine = Math.max(longestLine, length - lineStart);
    this.bareCr = bareCr;
    this.bareLf = bareLf;
    this.nul = nul;
    this.dotLine = dotLine;
    this.utf8Headers = headerEnd < 0 ? eightBit : utf8Headers;
    this.#bytes = bytes;
    this.#headerEnd = headerEnd < 0 ? length : headerEnd;
  }

  /** Looked at when somebody asks: who has composed a message knows. */
  get signed(): boolean {
    const header = latin1.decode(this.#bytes.subarray(0, this.#headerEnd));
    return SIGNATURE.test(header) || SIGNED_TYPE.test(header);
  }
}

/** Four octets at a time, where they lie so that the platform can read them so; else none. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): Int32Array {
  return byteOffset % 4 === 0
    ? new Int32Array(buffer, byteOffset, Math.trunc(length / 4))
    : new Int32Array(0);
}

/**
 * Passes over words whose octets are all text, which is nearly all of them: from 14 to 127. Taking 14
 * away borrows where an octet is less and leaves its high bit set, as it is in one that is more.
 *
 * @param words The words.
 * @param at Where the first of them begins, in octets.
 * @returns Where the next octet is that has to be looked at.
 */
function behindText(words: Int32Array, at: number): number {
  let index = at / 4;
  for (; index < words.length; index++) {
    const word = words[index] as number; // index is below the length
    if (((word - 0x0e0e0e0e | word) & 0x80808080) !== 0) break;
  }
  return Math.max(at, index * 4);
}
