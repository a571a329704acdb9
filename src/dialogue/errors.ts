/**
 * What can be wrong with the text of a dialogue, and where.
 *
 * @module
 */

import { escapeControls } from "../wire/mod.ts";
import type { Position } from "./step.ts";

/** One thing that is wrong with a text. */
export interface DialogueProblem {
  /** `include-cycle` is what lint calls it; all others are `syntax`. */
  readonly id: "syntax" | "include-cycle";
  /** Where it stands. */
  readonly at: Position;
  /** What stands there. */
  readonly seen: string;
  /** What should stand there. */
  readonly expected: string;
  /** Why that which stands there is none. */
  readonly reason?: string;
}

/**
 * A place as editors and terminals write it.
 *
 * @param at The place.
 * @returns `file:line:column`; without a file `line:column`.
 *
 * @example Usage
 * ```ts
 * import { placeOf } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(placeOf({ file: "a.dialogue", line: 3, column: 4 }), "a.dialogue:3:4");
 * ```
 */
export function placeOf(at: Position): string {
  return `${at.file === "" ? "" : `${at.file}:`}${at.line}:${at.column}`;
}

/** A text that is no dialogue. All its problems are known, the first ones first. */
export class DialogueSyntaxError extends SyntaxError {
  /** The class, for programs that compare names. */
  override readonly name = "DialogueSyntaxError";
  /** What is wrong; at least one thing. */
  readonly problems: readonly [DialogueProblem, ...DialogueProblem[]];

  /**
   * Makes one.
   *
   * @param problems What is wrong, in the order of the text.
   *
   * @example Usage
   * ```ts
   * import { DialogueSyntaxError } from "@mailwright/mailwright";
   * import { equal } from "node:assert/strict";
   *
   * const at = { file: "a.dialogue", line: 1, column: 1 };
   * const error = new DialogueSyntaxError([{ id: "syntax", at, seen: "X:", expected: '"C:" or "S:"' }]);
   * equal(error.message, 'Cannot parse the dialogue a.dialogue:1:1: "X:" was seen, "C:" or "S:" is expected');
   * ```
   */
  constructor(problems: readonly [DialogueProblem, ...DialogueProblem[]]) {
    super(problems.map(messageOf).join("\n"));
    this.problems = problems;
  }
}

/**
 * A problem in one sentence, without its place.
 *
 * @param problem The problem.
 * @returns What was seen, and what is expected. Control characters are as they were.
 *
 * @example Usage
 * ```ts
 * import { problemText } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const at = { file: "a.dialogue", line: 1, column: 1 };
 * equal(problemText({ id: "syntax", at, seen: "", expected: "a path" }), "nothing was seen, a path is expected");
 * ```
 */
export function problemText(
  { seen, expected, reason }: DialogueProblem,
): string {
  const start = seen.length > 80 ? `${seen.slice(0, 80)}…` : seen;
  const what = start === "" ? "nothing" : `"${start}"`;
  const why = reason === undefined ? "" : `: ${reason}`;
  return `${what} was seen, ${expected} is expected${why}`;
}

/** A problem in one line. */
function messageOf(found: DialogueProblem): string {
  return `Cannot parse the dialogue ${placeOf(found.at)}: ${escapeControls(problemText(found))}`;
}

/**
 * Stops at one problem.
 *
 * @param at Where it is.
 * @param seen What stands there.
 * @param expected What should stand there.
 * @param reason Why that which stands there is none.
 */
export function problem(at: Position, seen: string, expected: string, reason?: string): never {
  const why = reason === undefined ? {} : { reason };
  throw new DialogueSyntaxError([{ id: "syntax", at, seen, expected, ...why }]);
}
