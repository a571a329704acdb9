/**
 * What a command leads to.
 *
 * @module
 */

import type { ServerReply } from "./reply.ts";

/** How a session ended. */
export type SessionEnd =
  /** The client said QUIT. */
  | "quit"
  /** The client closed, or the connection broke. */
  | "closed"
  /** We closed, after saying why. */
  | "dismissed"
  /** The client was silent for too long. */
  | "timeout"
  /** TLS did not come about. */
  | "tls"
  /** The connection went on to the taker of ATRN or TURN, who is done. */
  | "turned";

/** What a command leads to: replies, and what follows when they are out. */
export interface Answer<Reply = ServerReply> {
  readonly replies: readonly Reply[];
  /** Writes what belongs to the last reply, however much it is. */
  readonly body?: () => Promise<void>;
  /** Goes on; if it gives an end, the session is over. */
  readonly next?: () => Promise<SessionEnd | undefined>;
}
