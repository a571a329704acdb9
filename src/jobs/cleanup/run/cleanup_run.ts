/**
 * What all parts of a run share.
 *
 * @module
 */

import type { Pop3Session } from "../../../pop3/mod.ts";
import type { Clock } from "../../../wire/mod.ts";
import type { Archives } from "../archive/archives.ts";
import type { CleanupJournal } from "../journal/cleanup_journal.ts";
import type { CleanupLimits, CleanupProgress } from "../cleanup_options.ts";
import type { Policy } from "../policy/policy.ts";
import type { ReportBook } from "./report_book.ts";
import type { Sessions } from "./sessions.ts";

/** A run: what it works with, and what it writes to. */
export interface CleanupRun {
  /** Its name. */
  readonly runId: string;
  /** The policy, as the planner had it. */
  readonly policy: Policy;
  /** How it is cut into pieces. */
  readonly limits: CleanupLimits;
  /** The time. */
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal | undefined;
  /** What has happened. */
  readonly journal: CleanupJournal;
  /** Where copies go. */
  readonly archives: Archives;
  /** Where sessions come from. */
  readonly sessions: Sessions;
  /** What becomes of each message. */
  readonly book: ReportBook;
  /** Tells when a message was first seen, in milliseconds since 1970. */
  readonly firstSeen: (uid: string) => number | undefined;
  /** Tells how far it is. */
  readonly progress: (progress: CleanupProgress) => void;
}

/**
 * Whether RETR may remove a message here (RFC 2449 section 6.7, EXPIRE 0).
 *
 * @param session A session that is logged in.
 * @param limits What the caller knows of the server.
 * @returns Whether it may.
 */
export function retrieveRemoves(
  session: Pop3Session,
  limits: Pick<CleanupLimits, "retrieveRemoves">,
): boolean {
  return limits.retrieveRemoves || session.capabilities.expire?.days === 0;
}
