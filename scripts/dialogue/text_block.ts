/**
 * What is wrong with a file, shown with the line and a caret under it.
 *
 * @module
 */

import { displayWidth, type TestProblem, visible } from "../../src/cli/mod.ts";
import {
  type DialogueFinding,
  type DialoguePosition,
  type DialogueSyntaxError,
  placeOf,
} from "../../src/dialogue/mod.ts";

/** One thing that is wrong with a file. */
export interface TextBlock {
  /** How bad it is. */
  readonly level: "error" | "warning" | "note";
  /** What it is. */
  readonly id: string;
  /** The file it is about, where no place in it is. */
  readonly file?: string;
  /** Where it is. */
  readonly at?: DialoguePosition;
  /** What it is, in a sentence. */
  readonly message: string;
  /** What can be done. */
  readonly fix?: string;
  /** How many characters of the line it is about; by default all that follow. */
  readonly length?: number;
}

/** The problems of a text that is no dialogue. */
export function blocksOfSyntax({ problems }: DialogueSyntaxError): TextBlock[] {
  return problems.map(({ id, at, seen, expected }) => {
    const start = seen.length > 80 ? `${seen.slice(0, 80)}…` : seen;
    const what = start === "" ? "nothing" : `"${start}"`;
    const message = `${what} was seen, ${expected} is expected`;
    return { level: "error", id, at, message, length: Math.max(1, start.length) };
  });
}

/** Findings of lint. */
export function blocksOfFindings(findings: readonly DialogueFinding[]): TextBlock[] {
  return findings.map(({ level, id, at, text, fix }) => ({ level, id, at, message: text, fix }));
}

/** The same for reports of tests. */
export function problemOf({ id, file, at, message, fix }: TextBlock): TestProblem {
  return {
    kind: "failure",
    id,
    message,
    ...(file === undefined ? {} : { file }),
    ...at,
    ...(fix === undefined ? {} : { details: { fix } }),
  };
}

/**
 * Writes a block.
 *
 * @param block What is wrong.
 * @param source The text of its file, if it is at hand.
 * @returns Lines, each with its end.
 */
export function textOfBlock(
  { level, id, at, message, fix, length }: TextBlock,
  source?: string,
): string {
  const first = `${level}[${id}]: ${visible(message)}`;
  if (at === undefined) return `${first}\n`;
  const pad = " ".repeat(String(at.line).length);
  const lines = [first, `${pad}--> ${visible(placeOf(at))}`];
  const line = source?.split(/\r?\n/)[at.line - 1];
  if (line !== undefined) {
    const before = visible(line.slice(0, at.column - 1));
    const rest = line.slice(at.column - 1).trimEnd();
    const marked = visible(length === undefined ? rest : rest.slice(0, length));
    const caret = " ".repeat(displayWidth(before)) + "^".repeat(Math.max(1, displayWidth(marked)));
    lines.push(`${pad} |`, `${at.line} | ${cut(visible(line))}`, `${pad} | ${cut(caret)}`);
  }
  if (fix !== undefined) lines.push(`${pad} = ${visible(fix)}`);
  return lines.map((each) => `${each}\n`).join("");
}

/** A line may be 64 KiB long. */
function cut(line: string): string {
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
