/**
 * A way to step in between a command and what the engine makes of it: for policies, and for servers
 * that shall misbehave.
 *
 * @module
 */

import type { Awaitable } from "./backend.ts";

/** A command as somebody who may step in sees it. */
export interface SeenCommand {
  /** The verb in capitals; `CONNECT` for the greeting, `.` for the end of the content of DATA. */
  readonly verb: string;
  /** The rest of the line; empty for AUTH, whose rest is secret. */
  readonly argument: string;
}

/** What happens instead, or besides. An empty one changes nothing. */
export interface Intervention {
  /** Whether the command takes effect. @default {true} */
  readonly execute?: boolean;
  /** Octets in place of the engine's reply; none at all if empty. Line ends are the caller's. */
  readonly reply?: Uint8Array;
  /** Octets right behind the reply, in the same write. */
  readonly after?: Uint8Array;
  /** Called when all of it has been written, before the engine goes on. */
  readonly end?: () => Awaitable<void>;
}

/**
 * Is shown each command before it takes effect; BDAT after its octets have been read.
 *
 * @param command What the client said.
 * @returns What happens instead, or `undefined`.
 */
export type Intervene = (command: SeenCommand) => Awaitable<Intervention | undefined>;
