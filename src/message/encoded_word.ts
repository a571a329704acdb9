/**
 * Encoded words: text beyond ASCII in a header (RFC 2047).
 *
 * @module
 */

import { decodeBase64 } from "./base64.ts";
import { decoderOf } from "./charset.ts";
import { decodeQuotedPrintable } from "./quoted_printable.ts";

/** RFC 2047 section 2: an encoded word has at most 75 characters. */
const MAX_WORD = 75;
const START_Q = "=?UTF-8?Q?";
const START_B = "=?UTF-8?B?";
const END = "?=";
const FRAME = START_Q.length + END.length;

const encoder = new TextEncoder();

/** What an octet becomes in Q: itself, "_" for a space, or "=XX". */
function qTable(literal: RegExp): readonly string[] {
  return Array.from({ length: 256 }, (_, octet) => {
    const character = String.fromCharCode(octet);
    if (literal.test(character)) return character;
    return octet === 0x20 ? "_" : `=${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

const Q_TEXT = qTable(/[!-<>@-^`-~]/);
const PAYLOAD = /^[!-~]*$/;
const LENIENT_PAYLOAD = /^[\t -~]*$/;
/** RFC 2047 section 5 (3): what is safe in a phrase, so between the commas of a list. */
const Q_PHRASE = qTable(/[A-Za-z0-9!*+/-]/);

/** How much room there is, and what stands around the words. */
export interface EncodeWordsOptions {
  /** How long the first word may be. @default {75} */
  readonly firstWidth?: number;
  /** Whether the words are the name of a mailbox. @default {false} */
  readonly phrase?: boolean;
}

/** How much is forgiven. */
export interface DecodeWordsOptions {
  /** Whether blanks may stand in a word, as some senders write them. @default {false} */
  readonly lenient?: boolean;
}

/**
 * Encodes text as words of at most 75 characters, in Q or B, whichever is shorter. No character is
 * split; half a character becomes U+FFFD.
 *
 * @param text Any text.
 * @param options How much room there is, and what stands around the words.
 * @returns The words, to be written with blanks or folds between them.
 *
 * @example Usage
 * ```ts
 * import { encodeWords } from "@mailwright/mailwright/message";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(encodeWords("Café at noon"), ["=?UTF-8?Q?Caf=C3=A9_at_noon?="]);
 * ```
 */
export function encodeWords(text: string, options: EncodeWordsOptions = {}): string[] {
  const { firstWidth = MAX_WORD, phrase = false } = options;
  const bytes = encoder.encode(text);
  const table = phrase ? Q_PHRASE : Q_TEXT;
  const qLength = inQ(table, bytes).length;
  const base64 = base64Length(bytes.length) < qLength;
  const words: string[] = [];
  let room = firstWidth - FRAME;
  for (let start = 0; start < bytes.length; room = MAX_WORD - FRAME) {
    const end = base64 ? endInB(bytes, start, room) : endInQ(table, bytes, start, room);
    const part = bytes.subarray(start, end);
    words.push(
      base64 ? `${START_B}${part.toBase64()}${END}` : `${START_Q}${inQ(table, part)}${END}`,
    );
    start = end;
  }
  return words;
}

/**
 * Decodes the encoded words in the text of a header field.
 *
 * Blanks between two encoded words are dropped, and a character that a sender split between two is
 * put together. A word in an unknown charset, and what is no encoded word, stays as it is. The result
 * is data: it may hold any character, line ends too.
 *
 * @param text The text of a field, unfolded.
 * @param options How much is forgiven.
 * @returns The text as people read it.
 *
 * @example Usage
 * ```ts
 * import { decodeWords } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(decodeWords("=?UTF-8?Q?Gr=C3=BC?= =?UTF-8?B?w59l?= all"), "Grüße all");
 * ```
 */
export function decodeWords(text: string, options: DecodeWordsOptions = {}): string {
  const payload = options.lenient ? LENIENT_PAYLOAD : PAYLOAD;
  let decoded = "";
  let decoder: TextDecoder | undefined;
  let done = 0;
  const finish = (): void => {
    decoded += decoder?.decode() ?? "";
    decoder = undefined;
  };
  for (let at = text.indexOf("=?"); at >= 0; at = text.indexOf("=?", at)) {
    const word = readWord(text, at, payload);
    if (word === undefined) {
      at += 2;
      continue;
    }
    const between = text.slice(done, at);
    if (decoder === undefined || /[^ \t\r\n]/.test(between)) {
      finish();
      decoded += between;
    }
    if (decoder?.encoding !== word.decoder.encoding) {
      finish();
      decoder = word.decoder;
    }
    decoded += decoder.decode(word.octets, { stream: true });
    done = at = word.end;
  }
  finish();
  return decoded + text.slice(done);
}

interface EncodedWord {
  readonly decoder: TextDecoder;
  readonly octets: Uint8Array;
  readonly end: number;
}

// No part of a word holds a "?", so each search ends at the next one and all of them are linear.
function readWord(text: string, at: number, pattern: RegExp): EncodedWord | undefined {
  const charsetEnd = text.indexOf("?", at + 2);
  const method = text[charsetEnd + 1]?.toUpperCase();
  const payloadStart = charsetEnd + 3;
  const payloadEnd = text.indexOf("?", payloadStart);
  if (charsetEnd < 0 || text[charsetEnd + 2] !== "?" || payloadEnd < 0) return undefined;
  if (text[payloadEnd + 1] !== "=" || (method !== "Q" && method !== "B")) return undefined;
  const payload = text.slice(payloadStart, payloadEnd);
  if (!pattern.test(payload)) return undefined;
  // RFC 2231 section 5: a language may follow the charset.
  const [charset = ""] = text.slice(at + 2, charsetEnd).split("*", 1);
  const decoder = decoderOf(charset);
  if (decoder === undefined) return undefined;
  const octets = method === "B"
    ? decodeBase64(encoder.encode(payload))
    : decodeQuotedPrintable(encoder.encode(payload.replaceAll("_", "=20")));
  return { decoder, octets, end: payloadEnd + END.length };
}

function inQ(table: readonly string[], bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) text += table[bytes[at] ?? 0];
  return text;
}

/** Where a word must end that has room for so many characters, but behind one character at least. */
function endInQ(
  table: readonly string[],
  bytes: Uint8Array,
  start: number,
  room: number,
): number {
  let end = start;
  for (let used = 0; end < bytes.length;) {
    const next = characterEnd(bytes, end);
    used += inQ(table, bytes.subarray(end, next)).length;
    if (used > room && end > start) break;
    end = next;
  }
  return end;
}

function endInB(bytes: Uint8Array, start: number, room: number): number {
  let end = Math.min(bytes.length, start + Math.floor(room / 4) * 3);
  while (end > start && isContinuation(bytes[end])) end--;
  return end > start ? end : characterEnd(bytes, start);
}

function base64Length(octets: number): number {
  return Math.ceil(octets / 3) * 4;
}

/** The index behind the character of UTF-8 that begins at an index. */
function characterEnd(bytes: Uint8Array, start: number): number {
  let end = start + 1;
  while (isContinuation(bytes[end])) end++;
  return end;
}

function isContinuation(octet: number | undefined): boolean {
  return octet !== undefined && (octet & 0xc0) === 0x80;
}
