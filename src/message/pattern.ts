/**
 * Patterns that are matched in linear time, so that text from a stranger cannot stop a program.
 *
 * The syntax is the part of regular expressions for which that is possible:
 *
 * | what | matches |
 * |---|---|
 * | `a` `\.` `\t` `\n` `\r` | the character; all signs of this table need a backslash to be characters |
 * | `.` | any character, line ends too |
 * | `[abc]` `[a-z]` `[^0-9]` | one of the characters, or one of all others |
 * | `\d` `\w` `\s` | a digit, a letter of ASCII, digit or `_`, a blank; `\D` `\W` `\S` all others |
 * | `^` `$` `\b` `\B` | begin and end of the text, begin or end of a word of `\w`, anywhere else |
 * | `ab` `a\|b` `(ab)` `(?:ab)` | one after the other, either, a group |
 * | `a?` `a*` `a+` `a{2}` `a{2,}` `a{2,5}` | repeated; a count is at most 256 |
 *
 * There are no back-references and no look-around, and a match holds no captures.
 *
 * @module
 */

import { programOf } from "./pattern_program.ts";
import { run } from "./pattern_run.ts";
import { parsePattern } from "./pattern_syntax.ts";

/** How a pattern is matched. */
export interface PatternOptions {
  /** Whether upper and lower case are the same. @default {false} */
  readonly ignoreCase?: boolean;
}

/** A pattern that can be looked for in any text. */
export interface Pattern {
  /** Its text. */
  readonly source: string;
  /** Whether upper and lower case are the same. */
  readonly ignoreCase: boolean;
  /**
   * Whether the pattern matches anywhere.
   *
   * @param text Any text.
   * @returns Whether it does.
   */
  test(text: string): boolean;
  /**
   * Finds the match that begins first and, if there are several, the longest of them.
   *
   * @param text Any text.
   * @returns Its begin and end as {@linkcode String.prototype.slice} takes them.
   */
  find(text: string): [from: number, to: number] | undefined;
}

/**
 * Compiles a pattern. A match takes time in proportion to the length of the text.
 *
 * @param source The pattern, at most 512 characters.
 * @param options How it is matched.
 * @returns The pattern.
 * @throws {PatternError} At the first character that does not fit the syntax, or if too much is
 * repeated.
 *
 * @example Usage
 * ```ts
 * import { compilePattern } from "@mailwright/mailwright/message";
 * import { deepEqual, equal, throws } from "node:assert/strict";
 *
 * const pattern = compilePattern("\\binvoice \\d{3,}", { ignoreCase: true });
 * equal(pattern.test("Your Invoice 0815"), true);
 * deepEqual(pattern.find("Your Invoice 0815"), [5, 17]);
 * throws(() => compilePattern("(a)\\1"), { name: "PatternError", index: 4 });
 * ```
 */
export function compilePattern(source: string, options: PatternOptions = {}): Pattern {
  const { ignoreCase = false } = options;
  const program = programOf(parsePattern(source, ignoreCase));
  return {
    source,
    ignoreCase,
    test: (text) => run(program, text, { ignoreCase, any: true }) !== undefined,
    find: (text) => run(program, text, { ignoreCase, any: false }),
  };
}
