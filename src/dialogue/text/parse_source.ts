/**
 * A text to lines whose place is known; what no dialogue may hold is refused here.
 *
 * @module
 */

import { problem } from "../errors.ts";
import type { Position } from "../step.ts";

/** The most octets of a file, and of a line. */
const MAX_FILE = 1024 * 1024;
const MAX_LINE = 64 * 1024;

/** One line of a file. */
export interface SourceLine {
  /** The line without its end. */
  readonly text: string;
  /** Where its first character stands. */
  readonly at: Position;
}

// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/;
const encoder = new TextEncoder();

/** How many octets a text has. */
export function octetsOf(text: string): number {
  return encoder.encode(text).length;
}

/**
 * Cuts a text into lines. LF or CRLF ends one; a byte order mark may stand before the first.
 *
 * @throws {DialogueSyntaxError} At a control character, or if a line or the whole is too long.
 */
export function linesOf(text: string, file: string): SourceLine[] {
  const start: Position = { file, line: 1, column: 1 };
  if (octetsOf(text) > MAX_FILE) problem(start, "", "a file of at most 1 MiB");
  const lines = text.replace(/^\ufeff/, "").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((raw, index) => {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const at = { file, line: index + 1, column: 1 };
    // A character has at most three octets for each unit of its text.
    if (line.length * 3 > MAX_LINE && octetsOf(line) > MAX_LINE) {
      problem(at, line, "a line of at most 64 KiB");
    }
    const control = CONTROL.exec(line);
    if (control !== null) {
      const place = { ...at, column: control.index + 1 };
      problem(place, control[0], 'a character that is no control; "C|" takes such octets');
    }
    return { text: line, at };
  });
}

/** A place some characters further in its line. */
export function further(at: Position, characters: number): Position {
  return { ...at, column: at.column + characters };
}
