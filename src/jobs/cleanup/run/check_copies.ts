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
 * @throws {CleanupError} If one of them is missing or damaged.
 */
export async function checkCopies(run: CleanupRun): Promise<void> {
  const { journal: { state }, archives, book, signal, progress } = run;
  const copies = [...state.copies()];
  const paths: string[] = [];
  let octets = 0;
  for (const [at, copy] of copies.entries()) {
    signal?.throwIfAborted();
    if (!await archives.verify(copy)) paths.push(copy.path);
    octets += copy.bytes;
    progress({ stage: "verify", done: at + 1, total: copies.length, octets });
  }
  if (paths.length === 0) return;
  for (const path of paths) book.warn(`the archive does not have its copy any more: ${path}`);
  const seen = `${paths.length} of ${copies.length} copies are missing or damaged`;
  throw new CleanupError("archive", `Cannot trust the archive: ${seen}`);
}
