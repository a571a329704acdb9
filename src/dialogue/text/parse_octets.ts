/**
 * Octets as they are written behind `C|`, and lines of a text as octets.
 *
 * @module
 */

import { problem } from "../errors.ts";
import { joined } from "../octets.ts";
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
  for (const { 0: piece, index } of text.matchAll(/\\x[0-9A-Fa-f]{2}|\\.?|[^\\]+/gs)) {
    if (/^\\x./.test(piece)) {
      pieces.push(Uint8Array.of(Number.parseInt(piece.slice(2), 16)));
    } else if (piece.startsWith("\\")) {
      const place = { ...at, column: at.column + index };
      const named = ESCAPES.get(piece.slice(1));
      pieces.push(
        encoder.encode(named ?? problem(place, piece, "one of \\r \\n \\t \\0 \\\\ \\xHH")),
      );
    } else {
      pieces.push(encoder.encode(piece));
    }
  }
  return joined(pieces);
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
