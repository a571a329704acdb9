/**
 * How a session is made, and what its methods take and give.
 *
 * @module
 */

import type { ChannelOptions, StartTlsOptions } from "../wire/mod.ts";
import type { Pop3Reply } from "./reply.ts";
import type { Pop3Timers } from "./timers.ts";

/** How much a session takes. What is more closes the connection. */
export interface Pop3Limits {
  /** Messages in a listing. @default {1_000_000} */
  readonly entries: number;
  /** Lines of CAPA, and of any other answer of lines. @default {100} */
  readonly lines: number;
  /** Octets of a message. @default {1_073_741_824} */
  readonly message: number;
  /** Octets of the answer to TOP that are kept; the rest is passed over. @default {1_048_576} */
  readonly top: number;
}

/** How a session over an open connection is made. `connectPop3` is the usual way to one. */
export interface Pop3SessionOptions extends ChannelOptions {
  /** The server, as the user named it: for errors and the check of its certificate. */
  readonly host: string;
  /** What TLS must know; `hostname` is the host unless told otherwise. */
  readonly tls?: StartTlsOptions;
  /**
   * Whether a password may go over a connection that is not verified TLS.
   *
   * @default {false}
   */
  readonly allowCleartextAuth?: boolean | undefined;
  /**
   * How many commands about messages may be unanswered, 1 to 256, where the server offers PIPELINING.
   * Give 1 for a server that mixes its answers up (Q21).
   *
   * @default {64}
   */
  readonly window?: number | undefined;
  /**
   * Whether `LF . LF` ends a message also where the greeting ended in CRLF. Content can then be taken
   * for an end.
   *
   * @default {false}
   */
  readonly lenient?: boolean | undefined;
  /**
   * After how many milliseconds of silence of ours NOOP is said by itself, between two answers; 25
   * seconds are good for servers that hang up after a minute (Q20).
   *
   * @default {Infinity}
   */
  readonly keepAliveMs?: number | undefined;
  /** How long to wait for what. */
  readonly timers?: Partial<Pop3Timers> | undefined;
  /** How much to take. */
  readonly limits?: Partial<Pop3Limits> | undefined;
  /** Keywords and mechanisms (`SASL LOGIN`) to act without, as if they were not offered. */
  readonly without?: readonly string[] | undefined;
}

/** Options that every method has. */
export interface Pop3CallOptions {
  /** Closes the connection when it fires; the call then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How many messages are asked about at once. */
export interface Pop3WindowOptions extends Pop3CallOptions {
  /** How many commands may be unanswered, 1 to 256. @default The session's. */
  readonly window?: number;
}

/** How marked messages are committed. */
export interface CommitOptions extends Pop3CallOptions {
  /**
   * Awaited after the last check and before QUIT is written: the place to write down that it will be.
   * If it throws, the marks are taken back.
   */
  readonly beforeQuit?: () => void | Promise<void>;
}

/** What a command in the caller's own words was answered. */
export interface Pop3RawAnswer {
  /** The status. */
  readonly reply: Pop3Reply;
  /** The lines behind a positive status, if they were asked for. */
  readonly lines?: readonly string[];
}

/** What no real server exceeds. */
export const DEFAULT_POP3_LIMITS: Pop3Limits = {
  entries: 1_000_000,
  lines: 100,
  message: 1024 ** 3,
  top: 1024 ** 2,
};

const MAX_WINDOW = 256;

/**
 * Makes sure that a window is one.
 *
 * @param window How many commands may be unanswered.
 * @returns The same.
 * @throws {RangeError} If it is not 1 to 256.
 */
export function checkWindow(window: number): number {
  if (Number.isInteger(window) && window >= 1 && window <= MAX_WINDOW) return window;
  throw new RangeError(`Cannot use a window of "${window}": expected 1 to ${MAX_WINDOW}`);
}
