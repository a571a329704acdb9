/**
 * Base64 in lines, as mail wants it (RFC 2045 section 6.8).
 *
 * @module
 */

import { codeWhole, joined, type OctetCoder } from "./transfer_encoding.ts";

const CR = 13;
const LF = 10;
const PAD = 0x3d;
/** Octets and characters of a full line. */
const LINE_OCTETS = 57;
const LINE = 76;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// Six bits for each character of the alphabet, IGNORED for all others.
const IGNORED = 64;
const SIX_BITS = new Uint8Array(256).fill(IGNORED);
for (let bits = 0; bits < 64; bits++) SIX_BITS[ALPHABET.charCodeAt(bits)] = bits;

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** Encodes octets in lines of 76 characters; each line ends in CRLF, the last one too. */
export class Base64Encoder implements OctetCoder {
  #held: Uint8Array = NOTHING;

  /**
   * Takes a chunk.
   *
   * @param chunk The next octets.
   * @returns Their full lines.
   */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const input = joined(this.#held, chunk);
    const end = input.length - input.length % LINE_OCTETS;
    this.#held = input.slice(end);
    return encodeLines(input.subarray(0, end));
  }

  /**
   * Ends the octets.
   *
   * @returns The last line, if it is not full.
   */
  end(): Uint8Array<ArrayBuffer> {
    return encodeLines(this.#held);
  }
}

/**
 * Decodes base64. What is not of the alphabet is passed over, as RFC 2045 section 6.8 asks; padding
 * ends a group, and what follows it is decoded as well.
 */
export class Base64Decoder implements OctetCoder {
  #bits = 0;
  #count = 0;

  /**
   * Takes a chunk.
   *
   * @param chunk The next characters.
   * @returns Their octets.
   */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(Math.ceil((this.#count + chunk.length) / 4) * 3);
    let bits = this.#bits;
    let count = this.#count;
    let o = 0;
    for (let at = 0; at < chunk.length; at++) {
      const six = SIX_BITS[chunk[at] as number] as number; // the table has an entry for each octet
      if (six !== IGNORED) {
        bits = bits << 6 | six;
        if (++count < 4) continue;
        out[o] = bits >> 16;
        out[o + 1] = bits >> 8;
        out[o + 2] = bits;
        o += 3;
      } else if (chunk[at] === PAD) {
        o = writeRest(out, o, bits, count);
      } else {
        continue;
      }
      bits = 0;
      count = 0;
    }
    this.#bits = bits;
    this.#count = count;
    return out.slice(0, o);
  }

  /**
   * Ends the characters.
   *
   * @returns The octets of a last group without its padding.
   */
  end(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(2);
    return out.slice(0, writeRest(out, 0, this.#bits, this.#count));
  }
}

/**
 * Encodes octets in base64.
 *
 * @param bytes The octets.
 * @returns Lines of 76 characters; each ends in CRLF, the last one too.
 *
 * @example Usage
 * ```ts
 * import { encodeBase64 } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("Hello");
 * equal(new TextDecoder().decode(encodeBase64(bytes)), "SGVsbG8=\r\n");
 * ```
 */
export function encodeBase64(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return codeWhole(new Base64Encoder(), bytes);
}

/**
 * Decodes base64; what is not of the alphabet is passed over.
 *
 * @param bytes The characters.
 * @returns The octets.
 *
 * @example Usage
 * ```ts
 * import { decodeBase64 } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("SGVs\r\nbG8=\r\n");
 * equal(new TextDecoder().decode(decodeBase64(bytes)), "Hello");
 * ```
 */
export function decodeBase64(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return codeWhole(new Base64Decoder(), bytes);
}

/** How long octets become in base64, line ends included. */
export function base64Size(octets: number): number {
  return Math.ceil(octets / 3) * 4 + Math.ceil(octets / LINE_OCTETS) * 2;
}

/** The platform encodes fast but in one line: it goes to the end of the buffer, and lines forward. */
function encodeLines(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = bytes.toBase64();
  const lines = Math.ceil(text.length / LINE);
  const out = new Uint8Array(text.length + lines * 2);
  let from = lines * 2;
  encoder.encodeInto(text, out.subarray(from));
  for (let to = 0; to < out.length; to += LINE + 2) {
    const end = Math.min(from + LINE, out.length);
    out.copyWithin(to, from, end);
    out[to + end - from] = CR;
    out[to + end - from + 1] = LF;
    from = end;
  }
  return out;
}

/** Two characters hold one octet, three hold two, one alone holds none. */
function writeRest(out: Uint8Array, o: number, bits: number, count: number): number {
  if (count === 2) out[o++] = bits >> 4;
  if (count === 3) {
    out[o++] = bits >> 10;
    out[o++] = bits >> 2;
  }
  return o;
}
