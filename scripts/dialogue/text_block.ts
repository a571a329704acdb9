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
  problemText,
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

/** The most of a line that is shown, in characters. */
const SHOWN = 160;

/** The problems of a text that is no dialogue. */
export function blocksOfSyntax({ problems }: DialogueSyntaxError): TextBlock[] {
  return problems.map((problem) => {
    const { id, at, seen } = problem;
    const length = Math.max(1, seen.length);
    return { level: "error", id, at, message: problemText(problem), length };
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
    // A line may be 64 KiB long: what is shown of it begins not far before its place.
    const from = at.column > SHOWN / 2 ? at.column - 1 - SHOWN / 4 : 0;
    const before = visible(line.slice(from, at.column - 1));
    const rest = line.slice(at.column - 1, from + SHOWN).trimEnd();
    const marked = visible(length === undefined ? rest : rest.slice(0, length));
    const more = from === 0 ? "" : "…";
    const caret = " ".repeat(displayWidth(more + before)) +
      "^".repeat(Math.max(1, displayWidth(marked)));
    const shown = visible(line.slice(from, from + SHOWN)) + (line.length > from + SHOWN ? "…" : "");
    lines.push(`${pad} |`, `${at.line} | ${more}${shown}`, `${pad} | ${caret}`);
  }
  if (fix !== undefined) lines.push(`${pad} = ${visible(fix)}`);
  return lines.map((each) => `${each}\n`).join("");
}
