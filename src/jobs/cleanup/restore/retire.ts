/**
 * The owner's word that archived copies are gone on purpose.
 *
 * @module
 */

import type { Archives } from "../archive/archives.ts";
import type { CleanupJournal } from "../journal/cleanup_journal.ts";
import { lineParts } from "../journal/journal_event.ts";
import { keyOf } from "../journal/retired_copies.ts";
import { archivedCopies } from "./archived_messages.ts";
import type { RestoreSelector, RetiredBy, RetireResult } from "./restore_options.ts";

/**
 * Writes down which copies are gone on purpose. Only of what is not there this can be said.
 *
 * @param context What is archived, and where.
 * @param selector Which copies.
 * @param by Who says so.
 * @returns How many are gone on purpose now, and how many are still there.
 */
export async function retireCopies(
  { journal, archives }: { readonly journal: CleanupJournal; readonly archives: Archives },
  selector: RestoreSelector,
  { by, note }: RetiredBy,
): Promise<RetireResult> {
  const chosen = archivedCopies(journal.state, selector).map(({ copy }) => copy);
  const copies = [...new Map(chosen.map((copy) => [keyOf(copy), copy])).values()];
  const gone: typeof copies = [];
  for (const copy of copies) if (await archives.look(copy) === "missing") gone.push(copy);
  const said = { event: "retired", by, ...(note !== undefined && { note }) } as const;
  for (const part of lineParts(gone)) {
    const named = part.map(({ sha256, path, offset }) => {
      return { sha256, path, ...(offset !== undefined && { offset }) };
    });
    await journal.record({ ...said, copies: named });
  }
  return { retired: gone.length, there: copies.length - gone.length };
}
