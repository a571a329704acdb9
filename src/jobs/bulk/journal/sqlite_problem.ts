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
const UNREADABLE =
  "no run has closed it: go on with it, or look at a copy in a folder that can be " +
  "written, with all that stands beside it";

const REASONS: ReadonlyMap<number, string> = new Map([
  [CANNOT_OPEN, UNOPENED],
  [READ_ONLY, UNREADABLE],
]);

/** What `exec` throws has words and no number. */
const CODES: ReadonlyMap<string, number> = new Map([
  ["database is locked", BUSY],
  ["database table is locked", LOCKED],
  ["attempt to write a readonly database", READ_ONLY],
  ["database disk image is malformed", CORRUPT],
  ["unable to open database file", CANNOT_OPEN],
  ["file is not a database", NOT_A_DATABASE],
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
  if (!(error instanceof Error) || !("code" in error && error.code === "ERR_SQLITE_ERROR")) {
    return error;
  }
  const code = codeOf(error) ?? CODES.get(error.message);
  const kind = code === CORRUPT || code === NOT_A_DATABASE
    ? "damaged"
    : code === BUSY || code === LOCKED
    ? "busy"
    : "storage";
  const reason = (code === undefined ? undefined : REASONS.get(code)) ?? error.message;
  return new BulkJournalError(kind, `Cannot use the journal "${path}": ${reason}`, {
    cause: error,
  });
}

/** Takes back what a transaction has done that could not be ended; gives what it failed for. */
export function rolledBack(
  database: { readonly isTransaction: boolean; exec(sql: string): void },
  path: string,
  error: unknown,
): unknown {
  if (database.isTransaction) tryTo(() => database.exec("ROLLBACK"));
  return asProblem(error, path);
}

/** Whether SQLite refused something that must be unique. */
export function isConstraint(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === CONSTRAINT;
}

/** The class of an error of SQLite: the low octet of its code. */
function codeOf(error: Error): number | undefined {
  return "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

/** Does something whose failure is not the one to tell. */
export function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // The first failure is the one to tell.
  }
}
