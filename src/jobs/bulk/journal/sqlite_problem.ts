/**
 * What SQLite throws, as a problem of the journal.
 *
 * @module
 */

import { BulkJournalError } from "./journal_error.ts";

// Result codes of SQLite (www.sqlite.org/rescode.html).
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const CORRUPT = 11;
const CANNOT_OPEN = 14;
const CONSTRAINT = 19;
const NOT_A_DATABASE = 26;

/** What is wrong with a file that SQLite cannot open. */
export const UNOPENED = "it cannot be opened, expected a file in a folder that can be written";

/** What is wrong with a file that SQLite would first have to put in order, and may not. */
const UNREADABLE = "no run has closed it, so its folder must be writable: use a copy in such a " +
  "folder, with all that stands beside it";

const REASONS: ReadonlyMap<number, string> = new Map([
  [CANNOT_OPEN, UNOPENED],
  [READ_ONLY, UNREADABLE],
]);

/** A problem of a journal, in words. */
export function problem(
  kind: BulkJournalError["problem"],
  path: string,
  reason: string,
): BulkJournalError {
  return new BulkJournalError(kind, `Cannot use the journal "${path}": ${reason}`);
}

/** What SQLite throws, as a problem of the journal. */
export function asProblem(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error)) return error;
  // The low octet is the class of the error (SQLite's result codes).
  const code = Number(error.errcode) & 0xff;
  const kind = code === CORRUPT || code === NOT_A_DATABASE
    ? "damaged"
    : code === BUSY || code === LOCKED
    ? "busy"
    : "storage";
  const reason = REASONS.get(code) ?? error.message;
  return new BulkJournalError(kind, `Cannot use the journal "${path}": ${reason}`, {
    cause: error,
  });
}

/** Whether SQLite refused something that must be unique. */
export function isConstraint(error: unknown): boolean {
  return error instanceof Error && "errcode" in error &&
    (Number(error.errcode) & 0xff) === CONSTRAINT;
}

/** Does something whose failure is not the one to tell. */
export function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // The first failure is the one to tell.
  }
}
