/**
 * What holds for one step: what it says itself, else what holds for all.
 *
 * @module
 */

import type { EndOptions } from "./end_options.ts";
import { REPLY_MS } from "../limits.ts";
import type { CommandLevel, Match, ReplyLevel, StepBase } from "../step.ts";
import type { WaitLimit } from "./wire_failure.ts";

/** RFC 5321 section 4.5.3.2, in milliseconds; all others have five minutes. */
const PATIENT: Readonly<Record<string, number>> = { DATA: 120_000, ".": 600_000 };
const PATIENT_MS = 300_000;

/**
 * The limit of a wait, and who set it.
 *
 * @param options What holds for all.
 * @param step What is waited in.
 * @param what What is waited for.
 * @param verb The verb of the command that is answered; `""` for none.
 */
export function waitLimit(
  { timeout, patient, dialogue }: EndOptions,
  step: StepBase,
  what: string,
  verb: string,
): WaitLimit {
  if (step.within !== undefined) {
    return { ms: step.within, setBy: `@step within, line ${step.at.line}`, what };
  }
  if (timeout !== undefined) return { ms: timeout, setBy: "the timeout option", what };
  if (patient) {
    return { ms: PATIENT[verb] ?? PATIENT_MS, setBy: "RFC 5321 section 4.5.3.2", what };
  }
  const { timeout: own, timeoutAt } = dialogue;
  if (own !== undefined) {
    const setBy = timeoutAt === undefined ? "@timeout" : `@timeout, line ${timeoutAt.line}`;
    return { ms: own, setBy, what };
  }
  return { ms: REPLY_MS, setBy: "the default", what };
}

/**
 * How exact a reply must be.
 *
 * @param step The reply.
 * @param match What holds for all.
 */
export function serverLevel({ match: own }: StepBase, match: Match): ReplyLevel {
  return own === undefined || own === "verb" || own === "args" ? match.server : own;
}

/**
 * How exact a line of the client must be.
 *
 * @param step The line.
 * @param match What holds for all.
 */
export function clientLevel({ match: own }: StepBase, match: Match): CommandLevel {
  return own === undefined || own === "class" || own === "code" || own === "enhanced"
    ? match.client
    : own;
}
