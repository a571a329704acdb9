/**
 * How long a session waits for what (RFC 5321 section 4.5.3.2). All in milliseconds.
 *
 * @module
 */

/** The limits of a session, in milliseconds; `Infinity` is no limit. */
export interface Timers {
  /** Name look-up, connect, proxy, implicit TLS. @default {30_000} */
  readonly connect: number;
  /** The greeting. @default {300_000} */
  readonly greeting: number;
  /** EHLO, STARTTLS, each step of AUTH, RSET, NOOP, VRFY, EXPN, HELP, ETRN, ATRN. @default {300_000} */
  readonly command: number;
  /** The handshake after STARTTLS. @default {30_000} */
  readonly handshake: number;
  /** MAIL. @default {300_000} */
  readonly mail: number;
  /** RCPT. @default {300_000} */
  readonly rcpt: number;
  /** DATA, until 354. @default {120_000} */
  readonly data: number;
  /** Each write of content. @default {180_000} */
  readonly content: number;
  /** A BDAT chunk that is not the last. @default {180_000} */
  readonly chunk: number;
  /** After the end of the content. @default {600_000} */
  readonly final: number;
  /** QUIT. @default {5_000} */
  readonly quit: number;
  /** A whole message, from MAIL to the last reply. @default {Infinity} */
  readonly total: number;
}

/** What RFC 5321 asks for, and our own where it is silent. */
export const DEFAULT_TIMERS: Timers = {
  connect: 30_000,
  greeting: 300_000,
  command: 300_000,
  handshake: 30_000,
  mail: 300_000,
  rcpt: 300_000,
  data: 120_000,
  content: 180_000,
  chunk: 180_000,
  final: 600_000,
  quit: 5_000,
  total: Infinity,
};
