/**
 * How long a session waits for what. All in milliseconds.
 *
 * @module
 */

/** The limits of a session, in milliseconds; `Infinity` is no limit. */
export interface Pop3Timers {
  /** Name look-up, connect, proxy, implicit TLS. @default {30_000} */
  readonly connect: number;
  /** The greeting. @default {60_000} */
  readonly greeting: number;
  /** The handshake after STLS. @default {30_000} */
  readonly handshake: number;
  /** USER, PASS, APOP, each step of AUTH: a locked maildrop is waited for. @default {120_000} */
  readonly login: number;
  /** The status line of any other command, and each write. @default {60_000} */
  readonly reply: number;
  /** The next octets of a message or listing. @default {60_000} */
  readonly read: number;
  /** A whole listing. @default {600_000} */
  readonly listing: number;
  /** All waits for one message together. @default {3_600_000} */
  readonly message: number;
  /** QUIT: the server removes what is marked. @default {120_000} */
  readonly quit: number;
}

/** What servers have been seen to need. */
export const DEFAULT_POP3_TIMERS: Pop3Timers = {
  connect: 30_000,
  greeting: 60_000,
  handshake: 30_000,
  login: 120_000,
  reply: 60_000,
  read: 60_000,
  listing: 600_000,
  message: 3_600_000,
  quit: 120_000,
};
