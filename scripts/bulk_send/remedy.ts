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
  storage: "see to the disk of the journal, then resume",
};

/** What is to be done about a server that does not let who sends do so. */
const OF_SENDERS = {
  loggedIn: "mend --user, --password-from or --auth, then resume",
  unknown: "add --user and --password-from, then resume",
  addresses: "if the addresses are at fault, add --max-refusals 20",
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
  const { loggedIn, unknown, addresses } = OF_SENDERS;
  const login = user === undefined ? unknown : loggedIn;
  if (reason === "login") return joined(login);
  if (reason === "sender") return joined(`${login}; ${addresses}`);
  const failure = error instanceof Error && "failure" in error
    ? OF_TLS.get(error.failure)
    : undefined;
  return joined(failure ?? OF_STOPS[reason]);
}

function joined(remedy: string | undefined): string {
  return remedy === undefined ? "" : `: ${remedy}`;
}
