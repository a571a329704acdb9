/**
 * What a run of a cleanup has come to.
 *
 * @module
 */

import type { ArchivedCopy } from "./archive/archive.ts";
import type { CleanupErrorKind } from "./cleanup_error.ts";

/**
 * How a run has ended.
 *
 * - `done`: all of it was done, or there was nothing to do.
 * - `kept`: it was done, and some messages were kept because something went wrong with them.
 * - `unverified`: it is not known yet which messages are gone: the next listing tells.
 * - `busy`: the server wants us to wait, or another client has the mailbox.
 * - `archive`: a copy, or what is known of it, could not be written down or is not there any more.
 * - `guard`: the mailbox was not what a guard allows.
 * - `connection`: the connection was lost and did not come back.
 * - `interrupted`: the signal has ended it.
 */
export type CleanupExit =
  | "done"
  | "kept"
  | "unverified"
  | "busy"
  | "archive"
  | "guard"
  | "connection"
  | "interrupted";

/**
 * What became of a message of the plan.
 *
 * - `verified`: it is gone: the server has confirmed it, and a listing does not have it any more.
 * - `committed`: the server has confirmed that it is gone; no listing has been read since.
 * - `unknown`: QUIT was said, and what it came to is not known. It is not deleted until that is.
 * - `kept`: it is on the server.
 * - `gone-elsewhere`: it was not on the server any more, and not because of us.
 */
export type ItemOutcome = "verified" | "committed" | "unknown" | "kept" | "gone-elsewhere";

/**
 * Why a message of the plan was kept.
 *
 * - `changed`: it is not the message of the plan any more: its size or its header is another one.
 * - `duplicate-uid`: another message has its unique-id.
 * - `recheck`: seen as a whole, it is not what the rules remove.
 * - `restored`: it was restored from the archive, and nobody has released it.
 * - `refused`: the server said no.
 * - `unread`: the connection was lost twice while it was read.
 * - `too-large`: it did not end before the limit.
 * - `not-archived`: it is a copy of octets that are in no archive.
 * - `archive-required`: it would not be archived, and this server may remove what is only retrieved.
 * - `archive`: its copy, or what is known of it, could not be written down.
 * - `not-committed`: the marks were taken back or void before QUIT.
 * - `still-there`: the server has confirmed that it is gone, and a later listing has it.
 * - `not-reached`: the run has ended before.
 */
export type ItemKeptReason =
  | "changed"
  | "duplicate-uid"
  | "recheck"
  | "restored"
  | "refused"
  | "unread"
  | "too-large"
  | "not-archived"
  | "archive-required"
  | "archive"
  | "not-committed"
  | "still-there"
  | "not-reached";

/** What became of one message of the plan. */
export interface ReportItem {
  /** Its unique-id. */
  readonly uid: string;
  /** Its size, as the server counts it; not known of what an earlier run has not archived. */
  readonly size?: number;
  /** The rule that removes it; not known of a message of an earlier run. */
  readonly rule?: string;
  /** What became of it. */
  readonly outcome: ItemOutcome;
  /** Why it was kept. */
  readonly reason?: ItemKeptReason;
  /** More about that: what the server said, the rule that does not agree. */
  readonly detail?: string;
  /** Its durable copy. */
  readonly copy?: ArchivedCopy;
}

/** How many messages of the plan have come how far. Each number stands for itself. */
export interface CleanupCounts {
  /** Were in the plan. */
  readonly planned: number;
  /** Have a durable copy that was written by this run. */
  readonly archived: number;
  /** Were marked, whatever has come of it. */
  readonly marked: number;
  /** Are gone, as the server has confirmed. */
  readonly committed: number;
  /** Are gone, as a listing shows. */
  readonly verified: number;
  /** Were kept. */
  readonly kept: number;
  /** Were gone before, and not because of us. */
  readonly goneElsewhere: number;
  /** Nobody knows yet. */
  readonly unknown: number;
}

/** What has become of the copies that the journal knows. Each of them is counted once. */
export interface CopyCounts {
  /** Are there, octet for octet. */
  readonly whole: number;
  /** Are gone on purpose, as somebody has said. */
  readonly retired: number;
  /** Are not there. */
  readonly missing: number;
  /** Are there with other octets. */
  readonly damaged: number;
}

/** What a run has come to: plain data, as the report file holds it. */
export interface CleanupReport {
  /** What this is. */
  readonly schema: "mailwright-cleanup-report/1";
  /** The run. */
  readonly runId: string;
  /** The plan that was carried out; none if commits of earlier runs were verified. */
  readonly planId?: string;
  /** Whose mailbox it is. */
  readonly account: string;
  /** When it began, in ISO form. */
  readonly startedAt: string;
  /** When it ended, in ISO form. */
  readonly endedAt: string;
  /** How it has ended. */
  readonly exit: CleanupExit;
  /** What has ended it, if something went wrong. */
  readonly error?: {
    /** The kind of failure. */
    readonly kind: CleanupErrorKind;
    /** In words, without secrets. */
    readonly message: string;
    /** Whether the same thing may work later. */
    readonly temporary: boolean;
  };
  /** How many messages have come how far. */
  readonly counts: CleanupCounts;
  /** What became of each message. */
  readonly items: readonly ReportItem[];
  /** What has become of all copies, if they were looked at. */
  readonly copies?: CopyCounts;
  /** What somebody should know. */
  readonly warnings: readonly string[];
  /** How often something was sent to the server: with PIPELINING, many commands at a time. */
  readonly writes: number;
}

/** What the journal tells of a mailbox. */
export interface CleanupStatus {
  /** Whose mailbox it is; `undefined` before a run has seen it. */
  readonly account: string | undefined;
  /** When something was last written down, in ISO form. */
  readonly lastAt: string | undefined;
  /** All runs, the last one at the end. */
  readonly runs: readonly RunStatus[];
  /** How many messages were there when last somebody looked. */
  readonly messages: number;
  /** The unique-ids of which it is not known, or not verified, whether they are gone. */
  readonly unverified: readonly string[];
  /** How many unique-ids have a durable copy. */
  readonly archived: number;
  /** How many copies there are: also those that a lost journal has left in the archive. */
  readonly copies: number;
  /** How many copies are gone on purpose, as somebody has said. */
  readonly retired: number;
  /** How many are gone, as a listing has shown. */
  readonly gone: number;
  /** The messages that were restored and not released. */
  readonly restored: readonly RestoredStatus[];
  /**
   * The server has broken the protocol, and is asked one thing at a time until so many more runs have
   * gone by without that; 0 if it has not.
   */
  readonly carefulRuns: number;
}

/** What the journal tells of a run. */
export interface RunStatus {
  /** The run. */
  readonly runId: string;
  /** The plan that was carried out. */
  readonly planId?: string;
  /** When it began, in ISO form. */
  readonly startedAt: string;
  /** How it has ended; `undefined` if it was cut off. */
  readonly exit?: CleanupExit;
  /** How many messages it has archived. */
  readonly archived: number;
  /** How many it was to commit, as far as it has said QUIT or was about to. */
  readonly intended: number;
}

/** What the journal tells of a restored message. */
export interface RestoredStatus {
  /** SHA-256 of its octets in the archive, hexadecimal. */
  readonly sha256: string;
  /** Its identifier, if it has one: by this it is recognised. */
  readonly messageId?: string;
  /** What became of it last; `in-doubt` also if a run was cut off meanwhile. */
  readonly outcome: "accepted" | "refused" | "in-doubt" | "exported";
  /** Whether it is back on a server, or may be: then it is kept until it is released. */
  readonly back: boolean;
  /** When, in ISO form. */
  readonly at: string;
}
