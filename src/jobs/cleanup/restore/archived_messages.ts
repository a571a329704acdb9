/**
 * Looking for archived messages by what somebody knows of them.
 *
 * @module
 */

import type { ArchivedCopy } from "../archive/archive.ts";
import { CleanupError } from "../cleanup_error.ts";
import type { JournalState } from "../journal/journal_state.ts";
import type { RestoreSelector } from "./restore_options.ts";

/** An archived message, and one of the unique-ids that it had. */
export interface Archived {
  /** The unique-id; empty of what a lost journal has left in the archive. */
  readonly uid: string;
  /** Its copy. */
  readonly copy: ArchivedCopy;
}

/** Less of a digest is a guess. */
const DIGEST = /^[0-9a-f]{8,64}$/;

/**
 * Looks for archived messages.
 *
 * @param state What the journal tells.
 * @param selector Which messages.
 * @returns The messages, each digest once.
 * @throws {CleanupError} If several digests begin with the digits.
 */
export function archivedMessages(
  state: JournalState,
  selector: RestoreSelector,
): readonly Archived[] {
  if ("run" in selector) return ofEvents(state, ({ run }) => run === selector.run);
  if ("uid" in selector) return ofEvents(state, ({ uid }) => uid === selector.uid);
  if ("sha256" in selector) return ofDigest(state, selector.sha256);
  const { id } = selector;
  for (const each of [{ run: id }, { uid: id }]) {
    const found = archivedMessages(state, each);
    if (found.length > 0) return found;
  }
  return ofDigest(state, id);
}

function ofEvents(
  { archived }: JournalState,
  isMeant: (event: { readonly uid: string; readonly run: string }) => boolean,
): readonly Archived[] {
  const found = new Map<string, Archived>();
  for (const event of archived) {
    const { uid, copy } = event;
    if (isMeant(event) && !found.has(copy.sha256)) found.set(copy.sha256, { uid, copy });
  }
  return [...found.values()];
}

function ofDigest(state: JournalState, prefix: string): readonly Archived[] {
  if (!DIGEST.test(prefix)) return [];
  const found = new Map<string, Archived>();
  for (const { uid, copy } of [...state.archived, ...uncounted(state)]) {
    const { sha256 } = copy;
    if (sha256.startsWith(prefix) && !found.has(sha256)) found.set(sha256, { uid, copy });
  }
  if (found.size > 1) {
    throw new CleanupError(
      "usage",
      `Cannot choose by "${prefix}": ${found.size} digests begin with it`,
    );
  }
  return [...found.values()];
}

/** What a lost journal has left in the archive has no unique-id. */
function* uncounted(state: JournalState): Generator<Archived> {
  for (const copy of state.copies()) yield { uid: "", copy };
}
