/**
 * The reply codes of SMTP and its extensions, with names and short meanings. Decisions use the number
 * alone; the texts are for people.
 *
 * RFC 5321 section 4.2.3, 1845, 1985, 2645, 3207, 4954, 5248, 7504.
 *
 * @module
 */

/**
 * The reply codes by name.
 *
 * @example Usage
 * ```ts
 * import { REPLY_CODES } from "@mailwright/mailwright/smtp";
 * import { equal } from "node:assert/strict";
 *
 * equal(REPLY_CODES.START_INPUT, 354);
 * ```
 */
export const REPLY_CODES = {
  SYSTEM_STATUS: 211,
  HELP_MESSAGE: 214,
  SERVICE_READY: 220,
  CLOSING: 221,
  AUTH_SUCCEEDED: 235,
  OK: 250,
  WILL_FORWARD: 251,
  CANNOT_VERIFY: 252,
  PENDING_STARTED: 253,
  AUTH_CHALLENGE: 334,
  START_INPUT: 354,
  CHECKPOINT_OFFSET: 355,
  SERVICE_NOT_AVAILABLE: 421,
  MAILBOX_FULL_TRANSIENT: 422,
  INVALID_COMMAND_TRANSIENT: 430,
  PASSWORD_TRANSITION: 432,
  MAILBOX_BUSY: 450,
  LOCAL_ERROR: 451,
  INSUFFICIENT_STORAGE: 452,
  NO_MAIL: 453,
  TEMPORARY_AUTH_FAILURE: 454,
  CANNOT_ACCOMMODATE: 455,
  CANNOT_QUEUE_NODE: 458,
  NODE_NOT_ALLOWED: 459,
  COMMAND_UNRECOGNIZED: 500,
  PARAMETER_SYNTAX: 501,
  NOT_IMPLEMENTED: 502,
  BAD_SEQUENCE: 503,
  PARAMETER_NOT_IMPLEMENTED: 504,
  HOST_ACCEPTS_NO_MAIL: 521,
  ENCRYPTION_NEEDED: 523,
  ENCRYPTION_FOR_MECHANISM: 524,
  ACCOUNT_DISABLED: 525,
  AUTH_REQUIRED: 530,
  NOT_AUTHORIZED: 533,
  MECHANISM_TOO_WEAK: 534,
  CREDENTIALS_INVALID: 535,
  ENCRYPTION_REQUIRED: 538,
  MAILBOX_UNAVAILABLE: 550,
  NOT_LOCAL: 551,
  STORAGE_EXCEEDED: 552,
  MAILBOX_NAME_NOT_ALLOWED: 553,
  TRANSACTION_FAILED: 554,
  PARAMETERS_UNKNOWN: 555,
  DOMAIN_ACCEPTS_NO_MAIL: 556,
} as const;

/** A reply code that has a name in {@linkcode REPLY_CODES}. */
export type KnownReplyCode = (typeof REPLY_CODES)[keyof typeof REPLY_CODES];

/**
 * What each known reply code means, in few words.
 *
 * @example Usage
 * ```ts
 * import { REPLY_TEXTS } from "@mailwright/mailwright/smtp";
 * import { equal } from "node:assert/strict";
 *
 * equal(REPLY_TEXTS[354], "Start mail input; end with a dot on a line of its own");
 * ```
 */
export const REPLY_TEXTS: Readonly<Record<KnownReplyCode, string>> = {
  211: "System status, or help on the system",
  214: "Help message",
  220: "Service ready, or ready to start TLS",
  221: "Service closes the connection",
  235: "Authentication succeeded",
  250: "Requested action completed",
  251: "User not local; the server forwards the message",
  252: "User not verified; the server accepts the message and tries to deliver it",
  253: "Delivery of the messages pending for the node started",
  334: "Authentication continues with this challenge",
  354: "Start mail input; end with a dot on a line of its own",
  355: "Transaction continues at this octet offset",
  421: "Service not available; the server closes the connection",
  422: "Mailbox full for now",
  430: "Invalid command for now",
  432: "Password transition needed",
  450: "Mailbox unavailable for now: busy, or held back by policy",
  451: "Action aborted by a local error of the server",
  452: "Too little storage on the server for now, or too many recipients",
  453: "No mail is waiting",
  454: "Authentication or TLS not available for now",
  455: "Server unable to follow the parameters for now",
  458: "Messages for the node cannot be queued",
  459: "Node not allowed",
  500: "Command not recognized, or line too long",
  501: "Syntax error in parameters or arguments",
  502: "Command not implemented",
  503: "Bad sequence of commands",
  504: "Parameter of the command not implemented",
  521: "Host does not accept mail",
  523: "Encryption needed",
  524: "Encryption needed for this authentication mechanism",
  525: "User account disabled",
  530: "Authentication or STARTTLS required first",
  533: "Delivery not authorized",
  534: "Authentication mechanism too weak",
  535: "Authentication credentials invalid",
  538: "Encryption required for this authentication mechanism",
  550: "Mailbox unavailable: not found, no access, or refused by policy",
  551: "User not local; another path may work",
  552: "Storage allocation exceeded, or message too large",
  553: "Mailbox name not allowed",
  554: "Transaction failed, or no SMTP service here",
  555: "Parameters of MAIL or RCPT not recognized or not implemented",
  556: "Domain does not accept mail",
};

/**
 * Says what a reply code means. A code without a name means what its first digit says (RFC 5321
 * section 4.2).
 *
 * @param code The code, 200 to 599.
 * @returns A few words, without a full stop.
 * @throws {RangeError} If it is no reply code.
 *
 * @example Usage
 * ```ts
 * import { describeReplyCode } from "@mailwright/mailwright/smtp";
 * import { equal } from "node:assert/strict";
 *
 * equal(describeReplyCode(535), "Authentication credentials invalid");
 * equal(describeReplyCode(477), "Temporary failure (477 is not registered)");
 * ```
 */
export function describeReplyCode(code: number): string {
  const texts: Readonly<Record<number, string>> = REPLY_TEXTS;
  return texts[code] ?? `${describeFirstDigit(code)} (${code} is not registered)`;
}

function describeFirstDigit(code: number): string {
  switch (Number.isInteger(code) ? Math.floor(code / 100) : undefined) {
    case 2:
      return "Success";
    case 3:
      return "More input expected";
    case 4:
      return "Temporary failure";
    case 5:
      return "Permanent failure";
    default:
      throw new RangeError(`Cannot describe reply code "${code}": expected 200 to 599`);
  }
}
