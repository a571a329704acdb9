/**
 * What may become of a row, and the one table of how it gets there.
 *
 * @module
 */

/**
 * Where a row is.
 *
 * - `pending`: nothing was sent.
 * - `claimed`: a runner has taken it; nothing that counts was sent.
 * - `committing`: the end of its message may have been sent. Durable before that end is written.
 * - `accepted`: the server took responsibility.
 * - `deferred`: the server refused it for now; it is due again later.
 * - `failed`: it was refused for good, by the server or before. Only the operator's word moves it on.
 * - `in_doubt`: the end of its message may have been sent, and nobody knows what became of it. Only the
 *   operator's word moves it on.
 * - `skipped`: nothing was sent, by rule: a duplicate, a suppressed address, a row that was left out.
 */
export type RowState =
  | "pending"
  | "claimed"
  | "committing"
  | "accepted"
  | "deferred"
  | "failed"
  | "in_doubt"
  | "skipped";

/** All states, in the order in which they are shown. */
export const ROW_STATES: readonly RowState[] = [
  "pending",
  "claimed",
  "committing",
  "accepted",
  "deferred",
  "failed",
  "in_doubt",
  "skipped",
];

/** States by the words that people read. */
export const STATE_WORDS: Readonly<Record<RowState, string>> = {
  pending: "pending",
  claimed: "under way",
  committing: "ending",
  accepted: "accepted",
  deferred: "deferred",
  failed: "failed",
  in_doubt: "in doubt",
  skipped: "skipped",
};

/** Which state may follow which. What is not here is a mistake, and a journal refuses it. */
export const TRANSITIONS: Readonly<Record<RowState, readonly RowState[]>> = {
  pending: ["claimed", "skipped"],
  claimed: ["pending", "committing", "deferred", "failed", "skipped"],
  // An answer to an earlier command may still decide a row whose end was about to be sent.
  committing: ["pending", "accepted", "deferred", "failed", "in_doubt"],
  accepted: [],
  deferred: ["claimed", "failed", "skipped"],
  failed: ["pending"],
  in_doubt: ["pending", "failed"],
  skipped: [],
};

/** The states in which a row stays unless the operator speaks. */
export const FINAL_STATES: ReadonlySet<RowState> = new Set([
  "accepted",
  "failed",
  "in_doubt",
  "skipped",
]);
