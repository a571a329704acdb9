/**
 * Octets as they are written behind `C|`, and lines of a text as octets.
 *
 * @module
 */

import { DotStuffer } from "../../wire/mod.ts";
import { problem } from "../errors.ts";
import type { Position } from "../step.ts";

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["r", "\r"],
  ["n", "\n"],
  ["t", "\t"],
  ["0", "\0"],
  ["\\", "\\"],
]);
const NAMES: ReadonlyMap<number, string> = new Map(
  [...ESCAPES].map(([name, character]) => [character.charCodeAt(0), `\\${name}`]),
);
const encoder = new TextEncoder();

/**
 * Reads octets with escapes. Other characters stand for their octets in UTF-8.
 *
 * @throws {DialogueSyntaxError} At an escape that is none.
 */
export function parseOctets(text: string, at: Position): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (const { 0: piece, index } of text.matchAll(/\\x[0-9A-Fa-f]{2}|\\.?|[^\\]+/gs)) {
    let octets: Uint8Array;
    if (/^\\x./.test(piece)) {
      octets = Uint8Array.of(Number.parseInt(piece.slice(2), 16));
    } else if (piece.startsWith("\\")) {
      const place = { ...at, column: at.column + index };
      octets = encoder.encode(
        ESCAPES.get(piece.slice(1)) ?? problem(place, piece, "one of \\r \\n \\t \\0 \\\\ \\xHH"),
      );
    } else {
      octets = encoder.encode(piece);
    }
    pieces.push(octets);
    length += octets.length;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** Writes octets with escapes, so that the line has printable ASCII only and no blank at its end. */
export function printOctets(bytes: Uint8Array): string {
  let text = "";
  for (const octet of bytes) {
    text += NAMES.get(octet) ??
      (octet < 0x20 || octet > 0x7e ? hex(octet) : String.fromCharCode(octet));
  }
  return text.endsWith(" ") ? `${text.slice(0, -1)}\\x20` : text;
}

function hex(octet: number): string {
  return `\\x${octet.toString(16).padStart(2, "0")}`;
}

/** Lines as octets, each ended by CRLF. */
export function linesToOctets(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  return encoder.encode(lines.map((line) => `${line}\r\n`).join(""));
}

/** Octets as lines, if they are text whose lines all end in CRLF and hold no other control. */
export function octetsToLines(bytes: Uint8Array): readonly string[] | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // not UTF-8
  }
  if (text === "") return [];
  const lines = text.split("\r\n");
  // deno-lint-ignore no-control-regex -- finding control characters is what it is for
  if (lines.pop() !== "" || /[\x00-\x08\x0a-\x1f\x7f]/.test(lines.join(""))) return undefined;
  return lines;
}

/** Octets with CRLF ends and doubled dots, without the lone dot. */
export function stuffed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const stuffer = new DotStuffer();
  const body = stuffer.push(bytes).slice();
  const end = stuffer.end();
  const whole = new Uint8Array(body.length + end.length - 3);
  whole.set(body);
  whole.set(end.subarray(0, -3), body.length);
  return whole;
}
