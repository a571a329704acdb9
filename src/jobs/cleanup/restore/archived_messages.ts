/**
 * Looking for archived messages by what somebody knows of them.
 *
 * @module
 */

import type { ArchivedCopy } from "../archive/archive.ts";
import { CleanupError } from "../cleanup_error.ts";
import type { ArchivedEvent } from "../journal/journal_event.ts";
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
 * @throws {CleanupError} If there are none, or several digests begin with the digits.
 */
export function archivedMessages(
  state: JournalState,
  selector: RestoreSelector,
): readonly Archived[] {
  const found = new Map<string, Archived>();
  for (const each of archivedCopies(state, selector)) {
    const { sha256 } = each.copy;
    if (!found.has(sha256)) found.set(sha256, each);
  }
  return [...found.values()];
}

/**
 * Looks for copies of archived messages.
 *
 * @param state What the journal tells.
 * @param selector Which messages.
 * @returns The copies; a message may have several.
 * @throws {CleanupError} If there are none, or several digests begin with the digits.
 */
export function archivedCopies(
  state: JournalState,
  selector: RestoreSelector,
): readonly Archived[] {
  const found = copiesOf(state, selector);
  if (found.length > 0) return found;
  const [what] = Object.values(selector);
  throw new CleanupError("usage", `Cannot find "${what}": nothing in the journal fits`);
}

function copiesOf(state: JournalState, selector: RestoreSelector): readonly Archived[] {
  if ("run" in selector) return ofEvents(state, ({ run }) => run === selector.run);
  if ("uid" in selector) return ofEvents(state, ({ uid }) => uid === selector.uid);
  if ("path" in selector) return ofPath(state, selector.path);
  if ("sha256" in selector) return ofDigest(state, selector.sha256);
  const { id } = selector;
  for (const each of [{ run: id }, { uid: id }, { path: id }]) {
    const found = copiesOf(state, each);
    if (found.length > 0) return found;
  }
  return ofDigest(state, id);
}

function ofEvents(
  { archived }: JournalState,
  isMeant: (event: ArchivedEvent) => boolean,
): readonly Archived[] {
  return [...archived].filter(isMeant);
}

function ofPath(state: JournalState, path: string): readonly Archived[] {
  const folder = `${path.replace(/^(\.\/)+/, "").replace(/\/+$/, "")}/`;
  return all(state).filter(({ copy }) => `${copy.path}/`.startsWith(folder));
}

function ofDigest(state: JournalState, prefix: string): readonly Archived[] {
  if (!DIGEST.test(prefix)) return [];
  const found = all(state).filter(({ copy }) => copy.sha256.startsWith(prefix));
  const { size } = new Set(found.map(({ copy }) => copy.sha256));
  if (size <= 1) return found;
  throw new CleanupError("usage", `Cannot choose by "${prefix}": ${size} digests begin with it`);
}

/** All copies; what a lost journal has left in the archive has no unique-id. */
function all(state: JournalState): readonly Archived[] {
  const rest = [...state.copies()].map((copy) => ({ uid: "", copy }));
  return [...state.archived, ...rest];
}
