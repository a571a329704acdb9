/**
 * What the wire throws, as what it is in a dialogue.
 *
 * @module
 */

import { ClosedError, LineTooLongError, TimeoutError, TlsError } from "../../wire/mod.ts";
import { cut, Stop } from "./stop.ts";

/** A limit, and who set it. */
export interface WaitLimit {
  /** How long, in milliseconds. */
  readonly ms: number;
  /** Where it comes from, as a message says it. */
  readonly setBy: string;
  /** What is waited for, as a message says it. */
  readonly what: string;
}

/** A wait that ended badly. */
export interface Wait {
  /** Its limit. */
  readonly limit?: WaitLimit;
  /** How long it took, in milliseconds. */
  readonly waitedMs?: number;
}

/** What had arrived and was not read. */
interface Unread {
  readonly buffered: number;
  readonly unread: string;
}

/**
 * Says what an error of the wire is in a dialogue.
 *
 * @param error What was thrown.
 * @param wait What was waited for, and what had arrived.
 * @returns The stop; the error itself, where it is none of the wire.
 */
export function explainWire(error: unknown, wait: Wait & Unread): unknown {
  if (error instanceof TimeoutError) return timeout(error, wait);
  if (error instanceof LineTooLongError) {
    return new Stop({
      id: "limit",
      expected: `a line of at most ${error.limit} octets`,
      actual: "a longer one",
    });
  }
  if (error instanceof TlsError) {
    return new Stop({ id: "tls-handshake", expected: "TLS", actual: cut(error.message) });
  }
  if (error instanceof ClosedError) {
    const partial = error.partial === "" ? "" : ` within "${cut(error.partial)}"`;
    return new Stop({
      id: "unexpected-close",
      expected: wait.limit?.what ?? "an open connection",
      actual: `the connection ended${partial}`,
    });
  }
  return error;
}

function timeout(
  { timer, limitMs }: TimeoutError,
  { limit, waitedMs = 0, buffered, unread }: Wait & Unread,
): Stop {
  if (timer === "write") {
    return new Stop({
      id: "timeout",
      expected: "a peer that reads",
      actual: `nothing taken within ${seconds(limitMs)}`,
      message: `Cannot write: nothing taken within ${seconds(limitMs)}`,
      limitMs,
      waitedMs: limitMs,
    });
  }
  const what = limit?.what ?? "to the end";
  const setBy = timer === "run" || limit === undefined ? "the limit of the run" : limit.setBy;
  const within = `nothing complete within ${seconds(limitMs)}`;
  const rest = buffered === 0 ? "nothing unread" : `unread ${buffered} octets "${unread}"`;
  return new Stop({
    id: "timeout",
    expected: what,
    actual: within,
    message: `Cannot read ${what}: ${within} (${setBy}), waited ${seconds(waitedMs)}, ${rest}`,
    limitMs,
    waitedMs,
    unread,
  });
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
