/**
 * Where the operator's word leads.
 *
 * @module
 */

import type { Release } from "./journal.ts";
import { BulkJournalError } from "./journal_error.ts";
import { TRANSITIONS } from "./states.ts";

/** What becomes of a row that is released. */
export interface Released {
  /** Where it was. */
  readonly from: "in_doubt" | "failed";
  /** Where it goes. */
  readonly state: "pending" | "failed";
  /** What is kept of it, in words. */
  readonly text: string;
}

/** What a server has said is over where a rule or the operator has decided since. */
export const UNSAID: string =
  "stage = NULL, code = NULL, enhanced = NULL, queue_id = NULL, ms = NULL, " +
  "not_before_ms = NULL";

/**
 * What becomes of rows.
 *
 * @param release The operator's word.
 * @returns What becomes of them.
 * @throws {BulkJournalError} If nothing leads there.
 */
export function releasedTo({ from = "in_doubt", to, by }: Release): Released {
  const state = to === "resend" ? "pending" : "failed";
  if (!TRANSITIONS[from].includes(state)) {
    throw new BulkJournalError("state", `Cannot release rows to "${to}": they are "${from}"`);
  }
  return { from, state, text: `released to ${to} by ${by}` };
}
