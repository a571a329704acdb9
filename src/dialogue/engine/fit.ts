/**
 * Lines with holes against lines: a scan from left to right for the next literal, never a pattern.
 *
 * @module
 */

import type { Template, TemplatePart } from "../step.ts";
import type { Hole } from "../template.ts";

/** What stands where a hole is. */
export interface Span {
  /** The hole. */
  readonly hole: Hole;
  /** The text in its place. */
  readonly text: string;
}

/** How a line is held against its form. */
export interface FitOptions {
  /** What a hole must be, where that is known; secrets are not. */
  readonly known: (hole: Hole) => string | undefined;
  /** Whether a hole takes all the rest of a line, blanks included, where it is the last. */
  readonly greedy: (hole: Hole) => boolean;
  /** Whether upper and lower case of ASCII are the same. @default {false} */
  readonly ignoreCase?: boolean;
  /** Whether more may follow. @default {false} */
  readonly open?: boolean;
}

/**
 * Finds what stands in the holes of a line. Each character is looked at once for each literal.
 *
 * @param template The form.
 * @param line The line.
 * @param options What is known of the holes, and how exact it must be.
 * @returns The spans, in order; nothing if the line is of another form.
 */
export function fit(
  template: Template,
  line: string,
  options: FitOptions,
): readonly Span[] | undefined {
  const { known, greedy, ignoreCase = false, open = false } = options;
  const fold = ignoreCase ? foldCase : (text: string): string => text;
  const text = fold(line);
  const literals = template.map((part) => {
    const value = part.kind === "text" ? part.text : known(part);
    return value === undefined ? undefined : fold(value);
  });
  const spans: Span[] = [];
  let at = 0;
  for (const [index, part] of template.entries()) {
    const last = index === template.length - 1;
    const literal = literals[index];
    if (part.kind === "text") {
      if (literal === undefined || !text.startsWith(literal, at)) return undefined;
      at += literal.length;
      continue;
    }
    const next = literals[index + 1];
    let end: number;
    if (literal !== undefined && standsAt(literal, at, next, last)) end = at + literal.length;
    else if (part.kind === "hole" && part.int) end = runEnd(line, at, isDigit);
    else if (last) end = greedy(part) ? line.length : runEnd(line, at, isDark);
    else if (next === undefined) end = runEnd(line, at, isDark);
    else if (!open && index === template.length - 2) end = closing(next, at);
    else end = text.indexOf(next, at);
    if (end < at || (end === at && !mayBeEmpty(part, last))) return undefined;
    spans.push({ hole: part, text: line.slice(at, end) });
    at = end;
  }
  return open || at === line.length ? spans : undefined;

  /** A value that is known may hold blanks and what follows it: it counts where it stands whole. */
  function standsAt(literal: string, at: number, next: string | undefined, last: boolean): boolean {
    const end = at + literal.length;
    if (!text.startsWith(literal, at)) return false;
    if (last) return end === text.length || (open && text[end] === " ");
    return next === undefined || text.startsWith(next, end);
  }

  /** The last literal of a line stands at its end, wherever else it stands. */
  function closing(literal: string, at: number): number {
    const start = text.length - literal.length;
    return start >= at && text.endsWith(literal) ? start : -1;
  }
}

/** A number is never empty, nor what a line should tell at its end. */
function mayBeEmpty(part: TemplatePart, last: boolean): boolean {
  if (part.kind === "hole") return !part.int && !last;
  return part.kind === "any" || (part.kind === "codec" && part.value.codec === "repeat");
}

function runEnd(text: string, from: number, belongs: (character: string) => boolean): number {
  let at = from;
  while (at < text.length && belongs(text.charAt(at))) at++;
  return at;
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}

function isDark(character: string): boolean {
  return character !== " " && character !== "\t";
}

/**
 * Upper case of ASCII to lower case; the length stays the same.
 *
 * @param text Any text.
 */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (run) => run.toLowerCase());
}
