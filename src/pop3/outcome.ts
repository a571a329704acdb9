/**
 * How a session ends that has marked messages (RFC 1939 section 6).
 *
 * @module
 */

import type { MsgNo } from "./message_number.ts";
import type { Pop3Reply } from "./reply.ts";

/** What came of the marked messages. */
export interface CommitOutcome {
  /**
   * - `committed`: the server said `+OK` to QUIT. The marks were applied, by us or by somebody else.
   * - `partial`: it said `-ERR`: some, none or all were applied. The next listing tells.
   * - `unknown`: QUIT went out and no answer came. Usually they were applied; the next listing tells.
   * - `not-committed`: QUIT was never said. Nothing was removed.
   */
  readonly kind: "committed" | "partial" | "unknown" | "not-committed";
  /** The messages that were marked. */
  readonly marked: readonly MsgNo[];
  /** The server's last word: to QUIT, or to the STAT before it. */
  readonly reply?: Pop3Reply;
  /** What went wrong. */
  readonly cause?: unknown;
}

/** What came of taking marks back. */
export interface RollbackOutcome {
  /**
   * - `rolled-back`: the server said `+OK` to RSET, and QUIT was said after it.
   * - `closed`: it did not, so the connection was closed without QUIT: the marks are void.
   */
  readonly kind: "rolled-back" | "closed";
  /** The messages that had been marked. */
  readonly marked: readonly MsgNo[];
  /** What the server said to RSET. */
  readonly reply?: Pop3Reply;
  /** What went wrong. */
  readonly cause?: unknown;
}
