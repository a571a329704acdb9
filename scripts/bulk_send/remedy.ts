/**
 * What to do about what keeps a job from going on, as far as options can.
 *
 * @module
 */

import { BulkJournalError, type BulkJournalProblem, type BulkStop } from "../../src/jobs/mod.ts";
import type { SessionCall } from "./calls.ts";

const OF_JOURNALS: Partial<Record<BulkJournalProblem, string>> = {
  busy: "wait for that run, or stop it",
  missing: "send makes one",
  moved: "if nobody has, add --moved",
};

const OF_STOPS: Partial<Record<BulkStop["reason"], string>> = {
  doubts: "look at the server before you resume",
  refusals: "mend that, then resume; release --failed sends again to whom it was refused",
  storage: "see to the disk of the journal, then resume",
};

/** Where a login was refused, and where the first rows were: with a login, and without. */
const OF_SENDERS = {
  login: {
    known: "mend --user, --password-from or --auth, then resume",
    unknown: "add --user and --password-from, then resume",
  },
  sender: {
    known: "mend --user or From; if these rows are at fault, add --max-refusals 20",
    unknown: "if a login is wanted, add --user and --password-from; " +
      "if these rows are at fault, --max-refusals 20",
  },
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
 * @param session What was typed of the session.
 * @returns The end of the line that tells it.
 */
export function remedyOfStop({ reason, error }: BulkStop, { user }: SessionCall): string {
  if (reason === "login" || reason === "sender") {
    return joined(OF_SENDERS[reason][user === undefined ? "unknown" : "known"]);
  }
  const failure = error instanceof Error && "failure" in error
    ? OF_TLS.get(error.failure)
    : undefined;
  return joined(failure ?? OF_STOPS[reason]);
}

function joined(remedy: string | undefined): string {
  return remedy === undefined ? "" : `: ${remedy}`;
}
