/**
 * What a failure means for a run.
 *
 * @module
 */

import { ArchiveError } from "./archive/archive_error.ts";
import { CleanupError, type CleanupErrorKind } from "./cleanup_error.ts";
import type { CleanupExit } from "./cleanup_report.ts";
import { JournalError } from "./journal/journal_error.ts";
import { connectionError } from "./run/sessions.ts";

/**
 * What a failure means for a run.
 *
 * @param error What was thrown.
 * @returns The failure; what is none of ours comes back as it is.
 */
export function failureOf(error: unknown): unknown {
  if (error instanceof ArchiveError) {
    // An mbox that the run of another mailbox is writing: the next run finds it free.
    if (error.cause instanceof Deno.errors.Busy) {
      return new CleanupError("busy", error.message, { temporary: true, cause: error });
    }
    return new CleanupError("archive", error.message, { cause: error });
  }
  if (error instanceof JournalError) {
    return new CleanupError("journal", error.message, { cause: error });
  }
  return connectionError(error);
}

/** How a run ends that something has stopped. */
export const EXIT_OF: Readonly<Record<CleanupErrorKind, CleanupExit>> = {
  usage: "connection",
  connection: "connection",
  busy: "busy",
  guard: "guard",
  plan: "guard",
  clock: "guard",
  policy: "archive",
  archive: "archive",
  journal: "archive",
};

/**
 * Does what writes a file of the job.
 *
 * @param path The file.
 * @param work Writes it.
 * @returns What it gives.
 * @throws {CleanupError} If it cannot be written.
 */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const failure = failureOf(cause);
    if (failure instanceof CleanupError) throw failure;
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new CleanupError("archive", `Cannot write "${path}": ${seen}`, { cause });
  }
}
