/**
 * Whether the archive still has what it was given.
 *
 * @module
 */

import { CleanupError } from "../cleanup_error.ts";
import type { CleanupRun } from "./cleanup_run.ts";

/**
 * Reads all copies that the journal knows again.
 *
 * @param run The run.
 * @throws {CleanupError} If one of them is damaged, or missing and nobody has said that it would be.
 */
export async function checkCopies(run: CleanupRun): Promise<void> {
  const { journal: { state }, archives, book, signal, progress } = run;
  const copies = [...state.copies()];
  const counts = { whole: 0, retired: 0, missing: 0, damaged: 0 };
  let octets = 0;
  for (const [at, copy] of copies.entries()) {
    signal?.throwIfAborted();
    const seen = await archives.look(copy);
    const excused = seen === "missing" && state.retired(copy) !== undefined;
    counts[excused ? "retired" : seen]++;
    if (seen === "damaged") book.warn(`the archive has other octets in this copy: ${copy.path}`);
    else if (seen === "missing" && !excused) {
      book.warn(`the archive does not have this copy any more: ${copy.path}`);
    }
    octets += copy.bytes;
    progress({ stage: "verify", done: at + 1, total: copies.length, octets });
  }
  book.copies = counts;
  const { missing, damaged } = counts;
  if (missing + damaged === 0) return;
  const seen = `of ${copies.length} copies ${missing} are missing, ${damaged} damaged`;
  throw new CleanupError("archive", `Cannot trust the archive: ${seen}`);
}
