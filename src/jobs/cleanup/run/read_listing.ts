/**
 * Sessions in which nothing is done but to read a listing.
 *
 * @module
 */

import { ProtocolError, WireError } from "../../../wire/mod.ts";
import type { CleanupRun } from "./cleanup_run.ts";
import { takeListing } from "./reconcile.ts";
import { connectionError, leave } from "./sessions.ts";

/** Waits for a server that answers QUIT before it deletes, as Courier does, in milliseconds. */
const DELETION_PAUSES_MS = [250, 500, 1000, 2000];

/**
 * Reads a listing to see what has become of messages that were marked when QUIT was said.
 *
 * @param run The run.
 * @throws {CleanupError} If there is no listing, or none that can be trusted.
 */
export async function verifyCommits(run: CleanupRun): Promise<void> {
  const { journal, limits, sessions, book } = run;
  const total = journal.state.pending.size;
  if (total === 0 || !limits.verify) return;
  if (sessions.tooSoon) {
    book.warn("the server wants a long pause between logins: the next run verifies what is gone");
    return;
  }
  run.progress({ stage: "verify", done: 0, total, octets: 0 });
  await readListing(run);
  run.progress({ stage: "verify", done: total, total, octets: 0 });
}

/**
 * Reads a listing for no other purpose than to take it, and another one a little later where messages
 * are still there that the server has confirmed to be gone.
 *
 * @param run The run.
 * @throws {CleanupError} If there is none, or none that can be trusted.
 */
export async function readListing(run: CleanupRun): Promise<void> {
  const { journal, sessions, clock, signal } = run;
  for (const pauseMs of DELETION_PAUSES_MS) {
    await readOnce(run, true);
    if (journal.state.pending.size === 0) return;
    if (sessions.tooSoon) break;
    await clock.sleep(pauseMs, signal === undefined ? {} : { signal });
  }
  if (!sessions.tooSoon) return await readOnce(run, false);
  run.book.warn("messages are still there: the next run tells whether the server was only slow");
}

async function readOnce(run: CleanupRun, early: boolean): Promise<void> {
  const { sessions, limits, policy: { guards }, signal } = run;
  for (let lost = 0;;) {
    const session = await sessions.open(lost);
    try {
      const listing = await sessions.list(session);
      await leave(session, false);
      return takeListing(run, listing, { guards, early });
    } catch (error) {
      signal?.throwIfAborted();
      distrust(run, error);
      if (!(error instanceof WireError) || ++lost >= limits.lostSessions) {
        throw connectionError(error);
      }
    } finally {
      sessions.over(session);
    }
  }
}

/**
 * Who breaks the protocol is asked one thing at a time from now on.
 *
 * @param run The run.
 * @param error What a session has ended with.
 */
export function distrust({ sessions, journal }: CleanupRun, error: unknown): void {
  if (!(error instanceof ProtocolError)) return;
  sessions.distrust();
  journal.note({ event: "careful" });
}
