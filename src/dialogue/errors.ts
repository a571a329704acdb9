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

/** A problem in one line. */
function messageOf({ at, seen, expected }: DialogueProblem): string {
  const start = seen.length > 80 ? `${seen.slice(0, 80)}…` : seen;
  const what = start === "" ? "nothing" : `"${escapeControls(start)}"`;
  return `Cannot parse the dialogue ${placeOf(at)}: ${what} was seen, ${expected} is expected`;
}

/**
 * Stops at one problem.
 *
 * @param at Where it is.
 * @param seen What stands there.
 * @param expected What should stand there.
 */
export function problem(at: Position, seen: string, expected: string): never {
  throw new DialogueSyntaxError([{ id: "syntax", at, seen, expected }]);
}
