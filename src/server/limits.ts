/**
 * What one client may ask of the engine. Every wait and every buffer has a limit.
 *
 * @module
 */

/** What every engine limits, from the server's side. */
export interface SessionLimits {
  /** A longer command line is refused, in octets without CRLF. @default {2048} */
  readonly lineOctets: number;
  /** A longer line within AUTH is refused (RFC 4954 section 4.3). @default {12_288} */
  readonly authLineOctets: number;
  /** A line that is longer still, whatever it is, ends the session. @default {65_536} */
  readonly floodOctets: number;
  /** Logins that fail. @default {5} */
  readonly failedLogins: number;
  /**
   * From one command to the end of the next, in milliseconds.
   *
   * @default {300_000} for SMTP, {600_000} for POP3, whose RFC 1939 section 3 allows no less
   */
  readonly commandMs: number;
  /** A write that the client does not take, in milliseconds. @default {300_000} */
  readonly writeMs: number;
  /** The TLS handshake, in milliseconds. @default {30_000} */
  readonly handshakeMs: number;
}

/** The limits of a session that receives mail. */
export interface ReceiverLimits extends SessionLimits {
  /** A longer message is refused; the SIZE that is offered may say less. @default {1_073_741_824} */
  readonly messageOctets: number;
  /** How much of a message that is too long is read and forgotten before the session ends. @default {16_777_216} */
  readonly overrunOctets: number;
  /** Recipients of one message. @default {1000} */
  readonly recipients: number;
  /** Commands without an accepted message in between. @default {10_000} */
  readonly commands: number;
  /** From one octet of content to the next, in milliseconds. @default {300_000} */
  readonly contentMs: number;
  /** One message, from its first octet to its last, in milliseconds. @default {14_400_000} */
  readonly messageMs: number;
}

/** The limits of a session that serves a maildrop. */
export interface MaildropLimits extends SessionLimits {
  /** Commands that are refused. @default {100} */
  readonly refusals: number;
  /** From the greeting to the login, in milliseconds. @default {600_000} */
  readonly loginMs: number;
}

const EVERYWHERE = {
  lineOctets: 2048,
  authLineOctets: 12_288,
  floodOctets: 65_536,
  failedLogins: 5,
  writeMs: 300_000,
  handshakeMs: 30_000,
} as const;

/**
 * The limits of SMTP that hold unless others are given.
 *
 * @example Usage
 * ```ts
 * import { DEFAULT_RECEIVER_LIMITS } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(DEFAULT_RECEIVER_LIMITS.authLineOctets, 12_288);
 * ```
 */
export const DEFAULT_RECEIVER_LIMITS: ReceiverLimits = {
  ...EVERYWHERE,
  messageOctets: 1024 ** 3,
  overrunOctets: 16 * 1024 ** 2,
  recipients: 1000,
  commands: 10_000,
  commandMs: 300_000,
  contentMs: 300_000,
  messageMs: 14_400_000,
};

/**
 * The limits of POP3 that hold unless others are given.
 *
 * @example Usage
 * ```ts
 * import { DEFAULT_MAILDROP_LIMITS } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(DEFAULT_MAILDROP_LIMITS.commandMs, 600_000);
 * ```
 */
export const DEFAULT_MAILDROP_LIMITS: MaildropLimits = {
  ...EVERYWHERE,
  refusals: 100,
  commandMs: 600_000,
  loginMs: 600_000,
};
