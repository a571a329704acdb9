/**
 * What one end of a dialogue needs.
 *
 * @module
 */

import type { Clock, StartTlsOptions } from "../../wire/mod.ts";
import type { Bindings } from "../bindings.ts";
import type { PlayOptions } from "../options.ts";
import type { Replay } from "./replay.ts";
import type { Dialogue, End, Match } from "../step.ts";

/** One end of a dialogue, all options settled. */
export interface EndOptions {
  /** What is played. */
  readonly dialogue: Dialogue;
  /** Which end. */
  readonly role: End;
  /** What is bound. */
  readonly bindings: Bindings;
  /** How exact lines must be. */
  readonly match: Match;
  /** The limit of the caller, in milliseconds. */
  readonly timeout: number | undefined;
  /** Whether limits are those of RFC 5321. */
  readonly patient: boolean;
  /** Whether failed expectations are soft. */
  readonly keepGoing: boolean;
  /** Whether secrets go out in the clear. */
  readonly cleartextAuth: boolean;
  /** What a client must know for TLS. */
  readonly tls: StartTlsOptions;
  /** Whether lines that may be missing are said. */
  readonly optional: boolean;
  /** Whether recorded times are kept. */
  readonly timing: boolean;
  /** Which arm is taken where this end speaks first. */
  readonly outcome: string | undefined;
  /** The number of that arm, where no outcome names one. */
  readonly turn: number;
  /** The most that a body has, in octets. */
  readonly maxBytes: number;
  /** Reads the file of a step. */
  readonly readFile: ((path: string) => Promise<Uint8Array>) | undefined;
  /** Hears each step that was played. */
  readonly onStep: PlayOptions["onStep"];
  /** What times go by. */
  readonly clock: Clock;
  /** What was said, where both ends are only judged: nothing is said then. */
  readonly stored?: Replay;
}
