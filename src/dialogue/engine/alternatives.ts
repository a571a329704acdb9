/**
 * Alternatives: who reads takes the arm that fits, who speaks takes the one that is asked for.
 *
 * @module
 */

import type { DialogueEnd } from "./end.ts";
import type { EndOptions } from "./end_options.ts";
import { judgeHeardLine } from "./line_steps.ts";
import { judgeHeardReply } from "./reply_steps.ts";
import type { AuthStep, BlockStep, BytesStep, LineStep, ReplyStep, Step } from "../step.ts";
import { Stop } from "./stop.ts";
import type { BadVerdict, Verdict } from "./verdict.ts";

/** A step that says something. */
export type Opening = LineStep | ReplyStep | BytesStep | AuthStep;

type Arm = readonly Step[];

/**
 * The first thing that is said in some steps.
 *
 * @param steps The steps.
 */
export function openingOf(steps: readonly Step[]): Opening | undefined {
  for (const step of steps) {
    switch (step.kind) {
      case "line":
      case "reply":
      case "bytes":
      case "auth":
        return step;
      case "block": {
        const inner = openingOf(step.arms[0] ?? []);
        if (inner !== undefined) return inner;
      }
    }
  }
  return undefined;
}

/**
 * The arm of the end that speaks first in it.
 *
 * @param arms The arms.
 * @param options The outcome that is asked for, or the number of the turn.
 */
export function chooseArm(arms: readonly Arm[], { outcome, turn }: EndOptions): Arm {
  const named = arms.find((arm) => arm.some((step) => leadsTo(step, outcome)));
  return named ?? arms[turn % arms.length] ?? [];
}

function leadsTo(step: Step, outcome: string | undefined): boolean {
  if (step.kind === "outcome") return step.name === outcome;
  return step.kind === "block" &&
    step.arms.some((arm) => arm.some((inner) => leadsTo(inner, outcome)));
}

/**
 * The arm of the end that reads first in it: the first whose first line fits what was said.
 *
 * @param end The end.
 * @param step The alternative.
 */
export async function fittingArm(end: DialogueEnd, step: BlockStep): Promise<Arm> {
  const { arms } = step;
  const openings = arms.map((arm) => openingOf(arm));
  const [first] = openings;
  if (first?.kind !== "line" && first?.kind !== "reply") return arms[0] ?? [];
  const bad: BadVerdict[] = [];
  for (const [index, opening] of openings.entries()) {
    const verdict = await judge(end, opening, openings);
    if (verdict?.kind === "good") return arms[index] ?? [];
    if (verdict !== undefined) bad.push(verdict);
  }
  const [worst] = bad;
  if (worst === undefined) return arms[0] ?? [];
  await (first.kind === "reply" ? end.hearPlainReply(first) : end.hearPlainLine(first));
  const { kind: _, ...facts } = worst;
  const expected = bad.filter(({ id }) => id === worst.id).map((each) => each.expected);
  throw new Stop({ at: first.at, ...facts, expected: [...new Set(expected)].join(" or ") });
}

async function judge(
  end: DialogueEnd,
  opening: Opening | undefined,
  openings: readonly (Opening | undefined)[],
): Promise<Verdict | undefined> {
  const bindings = end.options.bindings.trial();
  if (opening?.kind === "reply") {
    const replies = openings.filter((one) => one?.kind === "reply");
    const verb = end.course.asked?.verb ?? "";
    const reply = await end.hearAnyReply(replies, opening);
    return await judgeHeardReply(end, opening, reply, verb, bindings);
  }
  if (opening?.kind !== "line") return undefined;
  const lines = openings.filter((one) => one?.kind === "line");
  return await judgeHeardLine(end, opening, await end.hearAnyLine(lines, opening), bindings);
}
