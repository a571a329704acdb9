/**
 * The text of a dialogue to its form.
 *
 * @module
 */

import { DialogueParser } from "./parse_dialogue.ts";
import type { ParseOptions } from "./parse_files.ts";
import { linesOf } from "./parse_source.ts";
import { fencesOf } from "./parse_markdown.ts";
import type { Dialogue } from "../step.ts";

export type { ParseOptions } from "./parse_files.ts";

/**
 * Reads a dialogue.
 *
 * @param text Its text.
 * @param options Where it comes from, and how it reads the files it includes.
 * @returns Its form.
 * @throws {DialogueSyntaxError} With every place where the text is no dialogue.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue } from "@mailwright/mailwright";
 * import { deepEqual, throws } from "node:assert/strict";
 *
 * const { protocol, steps } = parseDialogue("S: 220 mx ESMTP\nC: QUIT\nS: 221 Bye\n");
 * deepEqual([protocol, ...steps.map(({ kind }) => kind)], ["smtp", "reply", "line", "reply"]);
 * throws(() => parseDialogue("S: 220 mx\nX: QUIT\n"), { name: "DialogueSyntaxError" });
 * ```
 */
export function parseDialogue(text: string, options: ParseOptions = {}): Dialogue {
  const { file = "" } = options;
  return new DialogueParser(options).whole(linesOf(text, file));
}

/**
 * Reads the dialogues of a Markdown text: every fence of `smtp`, `lmtp` or `pop3` is one, named after
 * the heading before it.
 *
 * @param text The Markdown text.
 * @param options As for {@linkcode parseDialogue}; name and protocol come from the text.
 * @returns The dialogues, in their order.
 * @throws {DialogueSyntaxError} As {@linkcode parseDialogue}, at the place in the whole text.
 *
 * @example Usage
 * ```ts
 * import { parseMarkdown } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * const fence = "\u0060".repeat(3);
 * const text = `# Hello\n\n${fence}smtp\nS: 220 mx\n${fence}\n`;
 * deepEqual(parseMarkdown(text).map(({ name, protocol }) => [name, protocol]), [["Hello", "smtp"]]);
 * ```
 */
export function parseMarkdown(
  text: string,
  options: Omit<ParseOptions, "name" | "protocol"> = {},
): readonly Dialogue[] {
  const { file = "" } = options;
  return fencesOf(linesOf(text, file)).map(({ name, protocol, lines }) =>
    new DialogueParser({ ...options, name, protocol }).whole(lines)
  );
}
