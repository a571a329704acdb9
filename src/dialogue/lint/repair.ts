/**
 * Mends what lint has found, where it is plain what was meant.
 *
 * @module
 */

import type { FindingId } from "./finding.ts";
import { lintWithSteps } from "./lint.ts";
import { isPrintable } from "../text/print.ts";
import type { BlockStep, Dialogue, LineStep, ReplyStep, Step } from "../step.ts";

/**
 * Mends a dialogue: replies that nothing asked for are dropped, those without a last line get one,
 * paths get brackets, TOP a number of lines, lost dots are doubled.
 *
 * @param dialogue Its form.
 * @returns The form without these findings.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, printDialogue, repairDialogue } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("@pop3\n@fragment\nC: TOP 1\nS: +OK\n");
 * equal(printDialogue(repairDialogue(dialogue)), "@pop3\n@fragment\nC: TOP 1 0\nS: +OK\n");
 * ```
 */
export function repairDialogue(dialogue: Dialogue): Dialogue {
  const ids = new Map<Step, FindingId[]>();
  for (const { step, id } of lintWithSteps(dialogue)) {
    if (step !== undefined) ids.set(step, [...ids.get(step) ?? [], id]);
  }
  const whole = { ...dialogue, steps: mended(dialogue.steps, ids) };
  if (isPrintable(whole)) return whole;
  // Without a reply the lines behind it may mean something else: it stays.
  for (const [step, found] of ids) ids.set(step, found.filter((id) => id !== "unsolicited-reply"));
  const kept = { ...dialogue, steps: mended(dialogue.steps, ids) };
  return isPrintable(kept) ? kept : dialogue;
}

function mended(steps: readonly Step[], ids: ReadonlyMap<Step, readonly FindingId[]>): Step[] {
  return steps.flatMap((step): readonly Step[] => {
    if (step.kind === "block") {
      const arms = step.arms.map((arm) => mended(arm, ids));
      return [{ ...step, arms } as BlockStep]; // as many arms as before
    }
    const found = ids.get(step) ?? [];
    if (found.includes("unsolicited-reply")) return [];
    if (step.kind === "reply" && found.includes("unfinished-reply")) return [finished(step)];
    if (step.kind === "line") return [mendedLine(step, found)];
    return [step];
  });
}

function finished(step: ReplyStep): ReplyStep {
  const last = step.lines.at(-1);
  if (last?.kind !== "line") return step;
  return {
    ...step,
    lines: [...step.lines.slice(0, -1), { ...last, optional: false, more: false }],
  };
}

function mendedLine(step: LineStep, found: readonly FindingId[]): LineStep {
  const [first, ...others] = step.template;
  if (first?.kind !== "text") return step;
  let { text } = first;
  if (found.includes("dot-unstuffed")) text = `.${text}`;
  if (others.length === 0) {
    if (found.includes("top-without-lines")) text = `${text} 0`;
    if (found.includes("path-without-brackets")) {
      text = text.replace(/^((?:MAIL FROM|RCPT TO):) *(\S+)/i, "$1<$2>");
    }
  }
  return { ...step, template: [{ kind: "text", text }, ...others] };
}
