/**
 * What a cleanup writes down while it works. Its journal is the only truth about what has happened.
 *
 * @module
 */

import type { ArchivedCopy } from "../archive/archive.ts";
import type { CleanupExit } from "../cleanup_report.ts";

/** A run has begun. */
export interface RunEvent {
  /** The kind. */
  readonly event: "run";
  /** The run. */
  readonly run: string;
  /** Whose mailbox it is. */
  readonly account: string;
  /** The plan that is carried out; none if only commits are verified. */
  readonly plan?: string;
}

/** A run has ended. */
export interface EndedEvent {
  /** The kind. */
  readonly event: "ended";
  /** The run. */
  readonly run: string;
  /** How. */
  readonly exit: CleanupExit;
}

/** A listing was read: how it differs from the one before, or a part of that. */
export interface SnapshotEvent {
  /** The kind. */
  readonly event: "snapshot";
  /** The digest of the listing. */
  readonly digest: string;
  /** How many messages there are. */
  readonly messages: number;
  /** The unique-ids that were not in the last one. */
  readonly came: readonly string[];
  /** The unique-ids that are not there any more. */
  readonly left: readonly string[];
}

/** RETR is about to be said where that may remove a message. */
export interface RetrievingEvent {
  /** The kind. */
  readonly event: "retrieving";
  /** The message. */
  readonly uid: string;
}

/** A message has a durable copy. */
export interface ArchivedEvent {
  /** The kind. */
  readonly event: "archived";
  /** The run. */
  readonly run: string;
  /** The message. */
  readonly uid: string;
  /** Its size, as the server counts it. */
  readonly size: number;
  /** SHA-256 of its header, hexadecimal. */
  readonly headerHash: string;
  /** The copy. */
  readonly copy: ArchivedCopy;
}

/** An archive has a copy that the journal did not know: it was lost, or is new. */
export interface FoundEvent {
  /** The kind. */
  readonly event: "found";
  /** The copy. */
  readonly copy: ArchivedCopy;
}

/** QUIT is about to be said. */
export interface IntentEvent {
  /** The kind. */
  readonly event: "commit-intent";
  /** The run. */
  readonly run: string;
  /** The plan. */
  readonly plan: string;
  /** What is marked: each unique-id, and how many messages of the listing may have it afterwards. */
  readonly marks: readonly { readonly uid: string; readonly leaves: number }[];
}

/** What has come of the last {@linkcode IntentEvent}, or of several right before it. */
export interface CommitEvent {
  /** The kind: what {@linkcode CommitOutcome} tells. */
  readonly event: "committed" | "partial" | "unknown" | "not-committed";
}

/** What a listing has told of messages. */
export interface FateEvent {
  /** The kind. */
  readonly event: "gone" | "still-there" | "gone-elsewhere";
  /** The messages. */
  readonly uids: readonly string[];
}

/** The server has broken the protocol: for a while nothing is sent before the last answer is there. */
export interface CarefulEvent {
  /** The kind. */
  readonly event: "careful";
}

/** An archived message is about to be sent. */
export interface RestoringEvent {
  /** The kind. */
  readonly event: "restoring";
  /** SHA-256 of its octets, hexadecimal. */
  readonly sha256: string;
  /** SHA-256 of its body, hexadecimal. */
  readonly bodyHash: string;
  /** Its identifier, if it has one. */
  readonly messageId?: string;
}

/** What has come of a {@linkcode RestoringEvent}, or of a copy that became a file. */
export interface RestoredEvent {
  /** The kind. */
  readonly event: "restored";
  /** SHA-256 of its octets, hexadecimal. */
  readonly sha256: string;
  /** What became of it. */
  readonly outcome: "accepted" | "refused" | "in-doubt" | "exported";
}

/** Restored messages may be removed again. */
export interface ReleasedEvent {
  /** The kind. */
  readonly event: "released";
  /** SHA-256 of their octets, hexadecimal. */
  readonly sha256s: readonly string[];
}

/** The part of a copy that tells it from all others. */
export type NamedCopy = Pick<ArchivedCopy, "sha256" | "path" | "offset">;

/** Somebody says that copies are gone on purpose. */
export interface RetiredEvent {
  /** The kind. */
  readonly event: "retired";
  /** Who says so. */
  readonly by: string;
  /** Where they are now, or why they are gone. */
  readonly note?: string;
  /** The copies. */
  readonly copies: readonly NamedCopy[];
}

/** Something that happened. */
export type JournalEvent =
  | RunEvent
  | EndedEvent
  | SnapshotEvent
  | RetrievingEvent
  | ArchivedEvent
  | FoundEvent
  | IntentEvent
  | CommitEvent
  | FateEvent
  | CarefulEvent
  | RestoringEvent
  | RestoredEvent
  | ReleasedEvent
  | RetiredEvent;

/** Something that happened, and when, in milliseconds since 1970. */
export type JournalEntry = JournalEvent & { readonly at: number };

/** Lines have an end: a longer list of messages becomes several events. */
export const MOST_LISTED = 10_000;

/**
 * Cuts a list of messages into parts that fit into a line.
 *
 * @param all The list.
 * @returns The parts; none of nothing.
 */
export function* lineParts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += MOST_LISTED) yield all.slice(at, at + MOST_LISTED);
}
