/**
 * How the cleanup of a mailbox is opened.
 *
 * @module
 */

import type { Pop3Session } from "../../pop3/mod.ts";
import type { Clock } from "../../wire/mod.ts";
import type { FileStore } from "../file_store.ts";
import type { RunCaps } from "./plan/guards.ts";
import type { Policy } from "./policy/policy.ts";

/** How the cleanup of a mailbox is opened. */
export interface CleanupOptions {
  /**
   * Whose mailbox it is, as `user@host:port`: the folder and its plans are for this one alone. It is
   * needed with `connect`.
   *
   * @default The one that the journal in the folder names: for status, restoring and releasing.
   */
  readonly account?: string;
  /** The folder with all that is known of the mailbox: lock, journal, cache, plans and reports. */
  readonly folder: string;
  /**
   * Makes a session that is logged in. It is called again when a session is lost or over. The session
   * is closed by the cleanup. Give it `keepAliveMs: 25_000`, and not the signal of the cleanup, which
   * takes its marks back and says QUIT. What it throws is taken as it is, without secrets.
   *
   * @default Only what needs no server is possible: the status, restoring.
   */
  readonly connect?: () => Promise<Pop3Session>;
  /** What is to be removed, and where it goes before. @default Only the status is possible. */
  readonly policy?: Policy;
  /** The folder that paths of archives begin at. @default {"."} */
  readonly base?: string;
  /** Where files are. @default The disk. */
  readonly store?: FileStore;
  /** The clock. @default {systemClock} */
  readonly clock?: Clock;
  /** Ends what is being done: marks are taken back, and nothing of the batch is deleted. */
  readonly signal?: AbortSignal;
  /** Hears how far it is. */
  readonly onProgress?: (progress: CleanupProgress) => void;
  /** Limits other than {@linkcode DEFAULT_CLEANUP_LIMITS}. */
  readonly limits?: Partial<CleanupLimits>;
}

/** How a cleanup is cut into pieces. */
export interface CleanupLimits {
  /** Messages marked for one QUIT. @default {1000} */
  readonly marksPerQuit: number;
  /** Messages retrieved before their copies are made durable. @default {100} */
  readonly groupMessages: number;
  /** Octets retrieved before their copies are made durable. @default {4_194_304} */
  readonly groupOctets: number;
  /** Whether a listing is read at the end to see what is gone. @default {true} */
  readonly verify: boolean;
  /**
   * Whether RETR alone may remove a message here, so that each copy is made durable before the next
   * message is retrieved. A server that says `EXPIRE 0` is treated so in any case.
   *
   * @default {false}
   */
  readonly retrieveRemoves: boolean;
  /** How long a server is waited for that wants a pause between logins, in seconds. @default {60} */
  readonly loginDelaySeconds: number;
  /** Sessions that are lost one after the other, without a step ahead, before the end. @default {3} */
  readonly lostSessions: number;
}

/** How a cleanup is cut into pieces unless told otherwise. */
export const DEFAULT_CLEANUP_LIMITS: CleanupLimits = {
  marksPerQuit: 1000,
  groupMessages: 100,
  groupOctets: 4 * 1024 * 1024,
  verify: true,
  retrieveRemoves: false,
  loginDelaySeconds: 60,
  lostSessions: 3,
};

/** How far a cleanup is. */
export interface CleanupProgress {
  /** What is being done. */
  readonly stage:
    | "connect"
    | "list"
    | "headers"
    | "retrieve"
    | "mark"
    | "commit"
    | "verify"
    | "restore";
  /** How many messages are done. */
  readonly done: number;
  /** How many there are to do; 0 if that is unknown. */
  readonly total: number;
  /** How many octets of messages were read in this stage. */
  readonly octets: number;
  /** How many there are to read, as the server counts them. */
  readonly totalOctets?: number;
  /** The message at hand. */
  readonly uid?: string;
}

/** How a plan is made. */
export interface PlanningOptions {
  /**
   * Whether it is fine, this once, that unique-ids were replaced or messages are gone since the last
   * run. Somebody has looked.
   *
   * @default {false}
   */
  readonly acceptChurn?: boolean;
}

/** What nobody is asked about when nobody looks on. */
export interface UnattendedOptions extends PlanningOptions, RunCaps {}
