/**
 * What is likely wrong with a dialogue, before anything is run.
 *
 * @module
 */

import type { Finding, Found, Rule } from "./finding.ts";
import { lintCommands } from "./lint_commands.ts";
import { lintHoles } from "./lint_holes.ts";
import { lintMaildrop } from "./lint_maildrop.ts";
import { lintReplies } from "./lint_replies.ts";
import { lintSteps } from "./lint_steps.ts";
import type { Dialogue } from "../step.ts";

const RULES: readonly Rule[] = [lintSteps, lintHoles, lintReplies, lintCommands, lintMaildrop];

/**
 * Judges a dialogue.
 *
 * @param dialogue Its form.
 * @returns What was found, in the order of the lines.
 *
 * @example Usage
 * ```ts
 * import { lintDialogue, parseDialogue } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("S: +OK\nC: TOP 1\nS: +OK\nC: QUIT\nS: +OK\n");
 * const [finding] = lintDialogue(dialogue);
 * deepEqual([finding?.id, finding?.at.line], ["top-without-lines", 2]);
 * ```
 */
export function lintDialogue(dialogue: Dialogue): readonly Finding[] {
  return lintWithSteps(dialogue).map(({ step: _step, ...finding }) => finding);
}

/** As {@linkcode lintDialogue}, with the step of each finding. */
export function lintWithSteps(dialogue: Dialogue): readonly Found[] {
  const all: Found[] = [];
  for (const rule of RULES) rule(dialogue, (finding) => all.push(finding));
  // A stable sort: what was found first at a line stays first.
  return all.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}
