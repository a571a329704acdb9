/**
 * How a pool is made.
 *
 * @module
 */

import type { TranscriptListener } from "../wire/mod.ts";
import { checkConnectOptions, type ConnectOptions } from "./connect.ts";
import type { Limiter } from "./limiter.ts";

/** How a pool is made: as a session is, and how many of them. */
export interface PoolOptions extends Omit<ConnectOptions, "connection" | "until" | "url"> {
  /** Where to: as in `connectSmtp`. One pool has one server and one identity. */
  readonly url: string;
  /** The most connections at once. @default {5} */
  readonly maxConnections?: number;
  /** The most messages over one connection; a server's own limit (MAILMAX) counts too. @default {Infinity} */
  readonly maxMessages?: number;
  /** The longest life of a connection, in milliseconds. @default {3_600_000} */
  readonly maxAgeMs?: number;
  /** How long an unused connection is kept, in milliseconds. @default {30_000} */
  readonly idleMs?: number;
  /** A connection that was unused for longer is asked NOOP first, in milliseconds. @default {10_000} */
  readonly noopAfterMs?: number;
  /** The most recipients in one transaction, where the server names no limit. @default {100} */
  readonly maxRecipients?: number;
  /** How long `close()` lets things go on, in milliseconds. @default {30_000} */
  readonly closeMs?: number;
  /** How fast. @default {UNLIMITED} */
  readonly limiter?: Limiter;
  /** Asked before each connection: who hears what is said on it alone. @default {() => onEvent} */
  readonly listen?: () => TranscriptListener | undefined;
}

/**
 * Checks all that can be checked before anybody dials.
 *
 * @param options The options.
 * @throws {unknown} As {@linkcode checkConnectOptions} does.
 * @throws {RangeError} If a number that counts is none.
 */
export function checkPoolOptions(options: PoolOptions): void {
  checkConnectOptions(options);
  for (const name of ["maxConnections", "maxMessages", "maxRecipients"] as const) {
    const value = options[name] ?? 1;
    if (!(value >= 1)) {
      throw new RangeError(`Cannot use "${value}" as ${name}: expected 1 or more`);
    }
  }
}
