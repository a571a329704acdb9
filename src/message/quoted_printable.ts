/**
 * Quoted-printable (RFC 2045 section 6.7).
 *
 * @module
 */

import { codeWhole, joined, type OctetCoder } from "./transfer_encoding.ts";

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const EQUALS = 0x3d;
/** A line is at most 76 characters; the last place is kept for the sign of a soft break. */
const MAX_COLUMN = 75;
/** What a line of text may have: longer runs of blanks are no padding of a gateway. */
const MAX_BLANKS = 998;

const HEX = new TextEncoder().encode("0123456789ABCDEF");
// Printable ASCII without "=" stands for itself; blanks and CR are looked at in their place.
const LITERAL = Uint8Array.from(
  { length: 256 },
  (_, octet) => octet > SPACE && octet < 0x7f && octet !== EQUALS ? 1 : 0,
);
const NO_DIGIT = 16;
const DIGIT = Uint8Array.from({ length: 256 }, (_, octet) => {
  const digit = parseInt(String.fromCharCode(octet), 16);
  return Number.isNaN(digit) ? NO_DIGIT : digit;
});
const NOTHING = new Uint8Array(0);

/**
 * Encodes text whose lines end in CRLF. A CR or LF alone is encoded like any other octet, so that
 * octets come back as they were.
 */
export class QuotedPrintableEncoder implements OctetCoder {
  // A blank and a CR at the end of a chunk: what they become depends on what follows.
  #held: Uint8Array = NOTHING;
  #column = 0;

  /**
   * Takes a chunk.
   *
   * @param chunk The next octets.
   * @returns Them, encoded, but for a blank and a CR at their end.
   */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const input = joined(this.#held, chunk);
    let end = input.length;
    if (input[end - 1] === CR) end--;
    if (isBlank(input[end - 1])) end--;
    this.#held = end < input.length ? input.slice(end) : NOTHING;
    return this.#encode(input, end);
  }

  /**
   * Ends the octets.
   *
   * @returns What was held back, encoded.
   */
  end(): Uint8Array<ArrayBuffer> {
    return this.#held.length === 0 ? NOTHING : this.#encode(this.#held, this.#held.length);
  }

  /** Encodes the octets before `end`; those behind it are looked at only. */
  #encode(input: Uint8Array, end: number): Uint8Array<ArrayBuffer> {
    // The worst case: three characters for each octet, and a soft break after 72 of them.
    const out = new Uint8Array(end * 3 + Math.ceil(end / 24) * 3 + 3);
    let column = this.#column;
    let o = 0;
    for (let at = 0; at < end;) {
      const octet = input[at] as number; // at is below the length
      // The usual case first: a printable character, or a space before one.
      const usual = LITERAL[octet] === 1 || octet === SPACE && LITERAL[input[at + 1] ?? CR] === 1;
      if (usual && column < MAX_COLUMN) {
        out[o++] = octet;
        column++;
        at++;
        continue;
      }
      if (octet === CR && input[at + 1] === LF) {
        out[o++] = CR;
        out[o++] = LF;
        column = 0;
        at += 2;
        continue;
      }
      const plain = usual || isBlank(octet) && !endsText(input, at + 1);
      const width = plain ? 1 : 3;
      if (column + width > MAX_COLUMN) {
        out[o++] = EQUALS;
        out[o++] = CR;
        out[o++] = LF;
        column = 0;
      }
      if (plain) {
        out[o++] = octet;
      } else {
        // the table has an entry for each four bits
        out[o++] = EQUALS;
        out[o++] = HEX[octet >> 4] as number;
        out[o++] = HEX[octet & 15] as number;
      }
      column += width;
      at++;
    }
    this.#column = column;
    return out.slice(0, o);
  }
}

/**
 * Decodes quoted-printable. Blanks at the end of a line are dropped (RFC 2045 section 6.7, rule 3);
 * a sign that begins no escape stands for itself.
 */
export class QuotedPrintableDecoder implements OctetCoder {
  // The end of a chunk that means nothing before more is seen: blanks, or "=" and what follows it.
  #held: Uint8Array = NOTHING;

  /**
   * Takes a chunk.
   *
   * @param chunk The next characters.
   * @returns Their octets, but for an unfinished escape and blanks at their end.
   */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#decode(joined(this.#held, chunk), false);
  }

  /**
   * Ends the characters.
   *
   * @returns The octets of what was held back.
   */
  end(): Uint8Array<ArrayBuffer> {
    return this.#held.length === 0 ? NOTHING : this.#decode(this.#held, true);
  }

  #decode(input: Uint8Array, last: boolean): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(input.length);
    let o = 0;
    let at = 0;
    while (at < input.length) {
      const octet = input[at] as number; // at is below the length
      const sign = octet === EQUALS;
      if (!sign && !isBlank(octet)) {
        out[o++] = octet;
        at++;
        continue;
      }
      const escaped = sign ? escapedOctet(input, at + 1) : undefined;
      if (escaped !== undefined) {
        out[o++] = escaped;
        at += 3;
        continue;
      }
      const behind = skipBlanks(input, at + 1);
      const content = behind - at >= MAX_BLANKS;
      if (!last && !content && isOpen(input, at, behind)) break;
      // Blanks count for nothing at the end of a line, and with "=" before them the line goes on.
      if (!content && (behind === input.length || lineEnd(input, behind) > 0)) {
        at = sign ? behind + lineEnd(input, behind) : behind;
        continue;
      }
      for (const stop = sign ? at + 1 : behind; at < stop; at++) out[o++] = input[at] as number;
    }
    this.#held = at < input.length ? input.slice(at) : NOTHING;
    return out.slice(0, o);
  }
}

/**
 * Encodes octets as quoted-printable. CRLF stays a line end; a CR or LF alone is encoded.
 *
 * @param bytes The octets.
 * @returns Lines of at most 76 characters.
 *
 * @example Usage
 * ```ts
 * import { encodeQuotedPrintable } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("Grüße ");
 * equal(new TextDecoder().decode(encodeQuotedPrintable(bytes)), "Gr=C3=BC=C3=9Fe=20");
 * ```
 */
export function encodeQuotedPrintable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return codeWhole(new QuotedPrintableEncoder(), bytes);
}

/**
 * Decodes quoted-printable; a sign that begins no escape stands for itself.
 *
 * @param bytes The characters.
 * @returns The octets.
 *
 * @example Usage
 * ```ts
 * import { decodeQuotedPrintable } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("Gr=C3=BC=\r\n=C3=9Fe");
 * equal(new TextDecoder().decode(decodeQuotedPrintable(bytes)), "Grüße");
 * ```
 */
export function decodeQuotedPrintable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return codeWhole(new QuotedPrintableDecoder(), bytes);
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

/** The length of the line end at an index: 2 for CRLF, 1 for LF, or 0. */
function lineEnd(input: Uint8Array, at: number): number {
  if (input[at] === LF) return 1;
  return input[at] === CR && input[at + 1] === LF ? 2 : 0;
}

/** Whether a line, or the text, ends at an index: no blank may stand before it. */
function endsText(input: Uint8Array, at: number): boolean {
  return at === input.length || input[at] === CR && input[at + 1] === LF;
}

function escapedOctet(input: Uint8Array, at: number): number | undefined {
  const high = digitAt(input, at);
  const low = digitAt(input, at + 1);
  return high === NO_DIGIT || low === NO_DIGIT ? undefined : high << 4 | low;
}

function digitAt(input: Uint8Array, at: number): number {
  return DIGIT[input[at] ?? 0] ?? NO_DIGIT;
}

/** The index behind a run of blanks, of which no more than a line can have are looked at. */
function skipBlanks(input: Uint8Array, from: number): number {
  const limit = Math.min(input.length, from + MAX_BLANKS);
  let at = from;
  while (at < limit && isBlank(input[at])) at++;
  return at;
}

/** Whether the octet after the input decides what the sign or the blanks at `at` become. */
function isOpen(input: Uint8Array, at: number, behind: number): boolean {
  if (behind === input.length) return true;
  if (behind < input.length - 1) return false;
  const halfEscape = input[at] === EQUALS && behind === at + 1 && digitAt(input, behind) < NO_DIGIT;
  return input[behind] === CR || halfEscape;
}
