/**
 * What lint says about a dialogue.
 *
 * @module
 */

import type { Dialogue, Position, Step } from "../step.ts";

/** What can be wrong with a dialogue that can be read. */
export type FindingId =
  | "not-servable"
  | "not-playable"
  | "unsolicited-reply"
  | "unanswered-command"
  | "auth-before-ehlo"
  | "secret-outside-auth"
  | "secret-in-file"
  | "cleartext-auth"
  | "batch-crosses-sync"
  | "batch-without-pipelining"
  | "mixed-codes"
  | "unfinished-reply"
  | "ambiguous-hole"
  | "ambiguous-alt"
  | "unreachable-step"
  | "path-without-brackets"
  | "top-without-lines"
  | "count-mismatch"
  | "dele-without-quit"
  | "rset-undoes-dele"
  | "no-quit"
  | "dot-unstuffed"
  | "eight-bit-content"
  | "capability-after-tls-missing"
  | "unknown-verb"
  | "non-ascii-command"
  | "time-over-limit";

/** How bad a finding is: it cannot work, it is likely a mistake, or it is worth knowing. */
export type FindingLevel = "error" | "warning" | "note";

/** One thing that lint found. */
export interface Finding {
  /** What it is. */
  readonly id: FindingId;
  /** Where it is. */
  readonly at: Position;
  /** How bad it is. */
  readonly level: FindingLevel;
  /** What is seen there. */
  readonly text: string;
  /** What can be done. */
  readonly fix: string;
}

/** A finding and the step it is about, for repairs. */
export interface Found extends Finding {
  /** The step. */
  readonly step?: Step;
}

/** Takes findings. */
export type Report = (found: Found) => void;

/** One part of lint: looks at a whole dialogue. */
export type Rule = (dialogue: Dialogue, report: Report) => void;

const LEVELS: Readonly<Record<FindingId, FindingLevel>> = {
  "not-servable": "note",
  "not-playable": "note",
  "unsolicited-reply": "warning",
  "unanswered-command": "warning",
  "auth-before-ehlo": "warning",
  "secret-outside-auth": "error",
  "secret-in-file": "warning",
  "cleartext-auth": "note",
  "batch-crosses-sync": "warning",
  "batch-without-pipelining": "warning",
  "mixed-codes": "warning",
  "unfinished-reply": "error",
  "ambiguous-hole": "error",
  "ambiguous-alt": "warning",
  "unreachable-step": "warning",
  "path-without-brackets": "warning",
  "top-without-lines": "warning",
  "count-mismatch": "warning",
  "dele-without-quit": "warning",
  "rset-undoes-dele": "note",
  "no-quit": "note",
  "dot-unstuffed": "warning",
  "eight-bit-content": "warning",
  "capability-after-tls-missing": "warning",
  "unknown-verb": "note",
  "non-ascii-command": "warning",
  "time-over-limit": "error",
};

/** A finding with the level that its kind has. */
export function found(
  id: FindingId,
  at: Position,
  texts: { readonly text: string; readonly fix: string; readonly step?: Step },
): Found {
  return { id, at, level: LEVELS[id], ...texts };
}
