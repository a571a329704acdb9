/**
 * Messages that an earlier session has archived: they need not be retrieved again.
 *
 * @module
 */

import { parseHeaderBlock, Sha256 } from "../../../message/mod.ts";
import type { MsgNo, Pop3Session } from "../../../pop3/mod.ts";
import type { ArchivedCopy } from "../archive/archive.ts";
import type { BoundItem } from "./bind_items.ts";
import type { CleanupRun } from "./cleanup_run.ts";
import { recheckItem } from "./recheck.ts";
import { RestoredMail } from "../restore/restored_mail.ts";

/** What was found of messages that were archived before. */
export interface Confirmation {
  /** Those that may be marked in this session. */
  readonly ready: readonly BoundItem[];
  /** Those that have to be retrieved. */
  readonly fresh: readonly BoundItem[];
}

/**
 * Looks which messages are those that were archived before: unique-id, size, header and the copy itself
 * have to agree (T-C03).
 *
 * @param run The run.
 * @param session The session that will mark them.
 * @param bound The messages.
 * @returns What was found; what is in neither list is booked.
 */
export async function confirmArchived(
  run: CleanupRun,
  session: Pop3Session,
  bound: readonly BoundItem[],
): Promise<Confirmation> {
  const { archives, book, policy, clock, signal, firstSeen } = run;
  const restored = new RestoredMail(run.journal.state);
  const byNumber = new Map<MsgNo, { readonly bound: BoundItem; readonly copy: ArchivedCopy }>();
  for (const each of bound) {
    const copy = knownCopy(run, each);
    if (copy !== undefined && await archives.verify(copy)) {
      byNumber.set(each.no, { bound: each, copy });
    }
  }
  const seen = new Set<BoundItem>();
  const ready: BoundItem[] = [];
  for await (const result of session.top(byNumber.keys(), 0)) {
    signal?.throwIfAborted();
    const asked = byNumber.get(result.no);
    if (asked === undefined || !result.ok || !result.value.complete) continue;
    const { bound, bound: { item }, copy } = asked;
    if (headerHashOf(result.value.header) !== item.headerHash) continue;
    seen.add(bound);
    book.archived(item, copy, false);
    const header = parseHeaderBlock(result.value.header);
    const message = { header, size: copy.bytes, firstSeenMs: firstSeen(item.uid) };
    const against = recheckItem(policy, item, { message, nowMs: clock.now() });
    if (restored.has(header)) book.keep(item, "restored");
    else if (against !== undefined) book.keep(item, "recheck", `rule "${against}"`);
    else ready.push(bound);
  }
  return { ready, fresh: bound.filter((each) => !seen.has(each)) };
}

/**
 * Identifies a header as plans do.
 *
 * @param octets The header, with the empty line behind it.
 * @returns SHA-256, hexadecimal.
 */
export function headerHashOf(octets: Uint8Array): string {
  return new Sha256().update(octets).digest().toHex();
}

function knownCopy(
  { journal: { state } }: CleanupRun,
  { item, alike }: BoundItem,
): ArchivedCopy | undefined {
  const event = state.archivedAs(item.uid);
  const isSame = event !== undefined && event.size === item.size &&
    event.headerHash === item.headerHash && event.copy.archive === item.archive;
  // Of two messages with one unique-id each has to show its own octets (T-P06).
  return isSame && alike === 1 ? event.copy : undefined;
}
