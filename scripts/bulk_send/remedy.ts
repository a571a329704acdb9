/**
 * What to do about what keeps a job from going on, as far as options can.
 *
 * @module
 */

import { BulkJournalError, type BulkJournalProblem, type BulkStop } from "../../src/jobs/mod.ts";

const OF_JOURNALS: Partial<Record<BulkJournalProblem, string>> = {
  busy: "wait for that run, or stop it",
  missing: "send makes one",
  moved: "if nobody has, add --moved",
};

const OF_STOPS: Partial<Record<BulkStop["reason"], string>> = {
  doubts: "look at the server before you resume",
  login: "mend --user, --password-from or --auth, then resume",
  storage: "see to the disk of the journal, then resume",
};

/** What TLS has failed for. */
const OF_TLS: ReadonlyMap<unknown, string> = new Map([
  ["unknown-issuer", "--tls-ca FILE does"],
  ["wrong-name", "--tls-name NAME says which to expect"],
  ["not-tls", "mend --server"],
]);

/**
 * What to do about an error.
 *
 * @param error What was thrown.
 * @returns The end of the line that tells it.
 */
export function remedyOfError(error: unknown): string {
  return joined(error instanceof BulkJournalError ? OF_JOURNALS[error.problem] : undefined);
}

/**
 * What to do about what has stopped a run.
 *
 * @param stop Why it has ended early.
 * @returns The end of the line that tells it.
 */
export function remedyOfStop({ reason, error }: BulkStop): string {
  const failure = error instanceof Error && "failure" in error
    ? OF_TLS.get(error.failure)
    : undefined;
  return joined(failure ?? OF_STOPS[reason]);
}

function joined(remedy: string | undefined): string {
  return remedy === undefined ? "" : `: ${remedy}`;
}
