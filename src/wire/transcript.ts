/**
 * What was said: the one event type of dialogue recorder, probe, reports and errors.
 *
 * Secrets are already gone when an event is made: the layer that writes a secret line gives its shown
 * form with it, by protocol state and not by searching text.
 *
 * @module
 */

/** One thing that happened on a connection. */
export interface TranscriptEvent {
  /** Milliseconds since the connection was handed to the session, on the monotonic clock. */
  readonly at: number;
  /** Who did it: `C` opened the connection, `S` accepted it. */
  readonly end: "C" | "S";
  /** Whether it went through TLS. */
  readonly tls: boolean;
  /**
   * - `line`: one line of a command or reply.
   * - `content`: octets of a message, as written (dots included).
   * - `open`, `tls`, `turn`, `close`: the connection began, was upgraded, reversed its roles, ended.
   * - `note`: something worth saying about what was read.
   */
  readonly kind: "line" | "content" | "open" | "tls" | "turn" | "close" | "note";
  /** What may be shown; empty for `content`. A line has no line end. Control characters are as received. */
  readonly text: string;
  /** The octets of `content`. */
  readonly bytes?: Uint8Array;
}

/** Takes events as they happen. It must not throw. */
export type TranscriptListener = (event: TranscriptEvent) => void;
