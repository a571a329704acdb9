/**
 * What a new listing tells: whether the mailbox can be trusted, and what has become of messages that
 * were marked when QUIT was said.
 *
 * @module
 */

import type { Pop3Snapshot } from "../../../pop3/mod.ts";
import { CleanupError } from "../cleanup_error.ts";
import type { CleanupJournal } from "../journal/cleanup_journal.ts";
import type { CleanupRun } from "./cleanup_run.ts";
import { type GuardTrip, guardTrips } from "../plan/guards.ts";
import { type FateEvent, lineParts, MOST_LISTED } from "../journal/journal_event.ts";
import type { PolicyGuards } from "../policy/policy.ts";

/** What is about to happen with a listing. */
export interface ListingUse {
  /** The limits. */
  readonly guards: PolicyGuards;
  /** How many messages will be removed. @default {0} */
  readonly removals?: number;
  /** Whether it is fine that unique-ids were replaced or messages are gone. @default {false} */
  readonly acceptChurn?: boolean;
  /**
   * Whether another listing will be read: in this one may still be what the server has confirmed to be
   * gone.
   */
  readonly early: boolean;
}

/**
 * Takes a listing: if it can be trusted, it tells what is gone.
 *
 * @param run The run.
 * @param listing The listing.
 * @param use What is about to happen.
 * @throws {CleanupError} If it cannot be trusted. Then nothing is concluded from it.
 */
export function takeListing(run: CleanupRun, listing: Pop3Snapshot, use: ListingUse): void {
  const trips = listingTrips(run, listing, use);
  const [trip] = trips;
  if (trip !== undefined) {
    throw new CleanupError("guard", `Cannot trust the mailbox: ${trip.text}`, { trips });
  }
  // Cut off in between, what has become of marks is told by the next listing; the other way round it
  // would look as if the mailbox had lost messages.
  noteListing(run, listing);
  resolvePending(run, listing, use);
}

function listingTrips(
  { journal }: CleanupRun,
  { messages, contradictions, uidlError }: Pop3Snapshot,
  { guards, removals = 0, acceptChurn = false }: ListingUse,
): GuardTrip[] {
  if (uidlError !== undefined) {
    const text = `the server does not tell unique-ids: "${uidlError.reply}"`;
    return [{ guard: "listing", limit: 0, found: "uidl", text }];
  }
  return guardTrips({
    guards,
    messages: messages.length,
    uids: uidsOf(messages),
    previousUids: acceptChurn ? undefined : journal.state.expectedUids,
    contradictions,
    removals,
    young: 0, // The plan has seen to that, and messages do not grow younger.
  });
}

function resolvePending(
  { journal, book }: CleanupRun,
  { messages }: Pop3Snapshot,
  { early }: ListingUse,
): void {
  const { state } = journal;
  const listed = Map.groupBy(messages, ({ uid }) => uid);
  const gone: string[] = [];
  const there: string[] = [];
  for (const [uid, { leaves, outcome }] of state.pending) {
    const left = listed.get(uid)?.length ?? 0;
    if (left <= leaves) gone.push(uid);
    else if (outcome !== "committed" || !early) there.push(uid);
  }
  const hidden = [...state.retrieving].filter((uid) => !listed.has(uid));
  for (const uid of hidden) {
    book.warn(`message ${uid} was retrieved and not archived, and is not listed any more`);
  }
  const seen = [...state.retrieving].filter((uid) => listed.has(uid));
  noteFate(journal, "gone", gone);
  noteFate(journal, "still-there", [...there, ...seen]);
  noteFate(journal, "gone-elsewhere", hidden);
  book.resolve(new Set(gone), new Set(there));
}

function noteListing({ journal }: CleanupRun, { digest, messages }: Pop3Snapshot): void {
  const uids = uidsOf(messages);
  const before = journal.state.uids ?? new Set();
  const came = [...uids.difference(before)];
  const left = [...before.difference(uids)];
  const seen = { event: "snapshot", digest, messages: messages.length } as const;
  const parts = Math.max(
    1,
    Math.ceil(came.length / MOST_LISTED),
    Math.ceil(left.length / MOST_LISTED),
  );
  for (let at = 0; at < parts * MOST_LISTED; at += MOST_LISTED) {
    const end = at + MOST_LISTED;
    journal.note({ ...seen, came: came.slice(at, end), left: left.slice(at, end) });
  }
}

/**
 * Writes down what a listing has told of messages.
 *
 * @param journal The journal.
 * @param event What it has told.
 * @param uids Of which messages.
 */
export function noteFate(
  journal: CleanupJournal,
  event: FateEvent["event"],
  uids: readonly string[],
): void {
  for (const part of lineParts(uids)) journal.note({ event, uids: part });
}

function uidsOf(messages: Pop3Snapshot["messages"]): Set<string> {
  return new Set(messages.flatMap(({ uid }) => uid ?? []));
}
