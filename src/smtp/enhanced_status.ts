/**
 * Enhanced status codes: `5.1.1` behind the reply code says more than `550` (RFC 2034, 3463, 5248).
 *
 * @module
 */

/** The first number of an enhanced status code: success, persistent transient failure, permanent failure. */
export type EnhancedStatusClass = 2 | 4 | 5;

/**
 * An enhanced status code.
 *
 * @example Usage
 * ```ts
 * import { EnhancedStatus } from "@mailwright/mailwright/smtp";
 * import { equal } from "node:assert/strict";
 *
 * equal(`${new EnhancedStatus(4, 2, 2)}`, "4.2.2");
 * ```
 */
export class EnhancedStatus {
  /** Success, persistent transient failure or permanent failure. */
  readonly class: EnhancedStatusClass;
  /** What it is about: 1 addresses, 2 mailboxes, 3 the system, 4 the network, 5 the protocol, 6 the content, 7 security. */
  readonly subject: number;
  /** What exactly. */
  readonly detail: number;

  /**
   * Makes one; {@linkcode parseEnhancedStatus} reads one from a reply.
   *
   * @param statusClass Success, persistent transient failure or permanent failure.
   * @param subject What it is about, 0 to 999.
   * @param detail What exactly, 0 to 999.
   */
  constructor(statusClass: EnhancedStatusClass, subject: number, detail: number) {
    this.class = statusClass;
    this.subject = subject;
    this.detail = detail;
  }

  /** As on the wire, for example `5.1.1`. */
  toString(): string {
    return `${this.class}.${this.subject}.${this.detail}`;
  }
}

/**
 * Reads the enhanced status code at the beginning of a reply's text.
 *
 * It counts only if its class is the first digit of the reply: `250 5.1.1 ok` has none, and its text
 * stays whole.
 *
 * @param text What stands behind the reply code and its separator, one line.
 * @param firstDigit The first digit of the reply code.
 * @returns The status and the text behind it, or `undefined` if the text begins with none.
 *
 * @example Usage
 * ```ts
 * import { parseEnhancedStatus } from "@mailwright/mailwright/smtp";
 * import { equal } from "node:assert/strict";
 *
 * const parsed = parseEnhancedStatus("5.1.1 No such user here", 5);
 * equal(`${parsed?.status}`, "5.1.1");
 * equal(parsed?.rest, "No such user here");
 * equal(parseEnhancedStatus("2.0.0 ok", 5), undefined);
 * ```
 */
export function parseEnhancedStatus(
  text: string,
  firstDigit: number,
): { status: EnhancedStatus; rest: string } | undefined {
  // Every line of every reply comes by here: two comparisons turn away what has none.
  if (text.charCodeAt(1) !== DOT || text.charCodeAt(0) - ZERO !== firstDigit) return undefined;
  if (firstDigit !== 2 && firstDigit !== 4 && firstDigit !== 5) return undefined;
  const dot = endOfNumber(text, 2);
  if (text.charCodeAt(dot) !== DOT) return undefined;
  const end = endOfNumber(text, dot + 1);
  if (dot === 2 || end === dot + 1) return undefined;
  let rest = end;
  while (text.charCodeAt(rest) === SPACE) rest++;
  if (rest === end && rest < text.length) return undefined;
  const subject = Number(text.slice(2, dot));
  const detail = Number(text.slice(dot + 1, end));
  return { status: new EnhancedStatus(firstDigit, subject, detail), rest: text.slice(rest) };
}

const SPACE = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** The end of one to three digits; `start` itself if there is no number. */
function endOfNumber(text: string, start: number): number {
  let end = start;
  while (end < start + 3 && text.charCodeAt(end) >= ZERO && text.charCodeAt(end) <= NINE) end++;
  // RFC 3463 section 2: without leading zeros.
  return text.charCodeAt(start) === ZERO && end > start + 1 ? start : end;
}

/**
 * Says what an enhanced status code means. One that is not registered means what its subject says.
 *
 * @param status The code.
 * @returns A few words, without a full stop.
 *
 * @example Usage
 * ```ts
 * import { describeEnhancedStatus, EnhancedStatus } from "@mailwright/mailwright/smtp";
 * import { equal } from "node:assert/strict";
 *
 * equal(describeEnhancedStatus(new EnhancedStatus(4, 2, 2)), "Mailbox full");
 * equal(describeEnhancedStatus(new EnhancedStatus(5, 2, 99)), "Mailbox status (X.2.99 is not registered)");
 * ```
 */
export function describeEnhancedStatus(status: EnhancedStatus): string {
  const { subject, detail } = status;
  return MEANINGS[`${subject}.${detail}`] ??
    `${SUBJECTS[subject] ?? "Status"} (X.${subject}.${detail} is not registered)`;
}

const SUBJECTS: readonly string[] = [
  "Status",
  "Address status",
  "Mailbox status",
  "Mail system status",
  "Network or routing status",
  "Protocol status",
  "Content or media status",
  "Security or policy status",
];

/** The registry by subject and detail (RFC 5248); the class is left out, as there. */
const MEANINGS: Readonly<Record<string, string>> = {
  "0.0": "No details given",
  "1.0": "Other address status",
  "1.1": "Recipient mailbox does not exist",
  "1.2": "Recipient domain does not exist or takes no mail",
  "1.3": "Recipient address has wrong syntax",
  "1.4": "Recipient address is ambiguous",
  "1.5": "Recipient address is valid",
  "1.6": "Recipient mailbox has moved, without forwarding address",
  "1.7": "Sender address has wrong syntax",
  "1.8": "Sender domain does not exist or takes no mail",
  "1.9": "Relayed to a system that reports no status",
  "1.10": "Recipient domain has a null MX: it takes no mail",
  "2.0": "Other mailbox status",
  "2.1": "Mailbox disabled, accepts no messages",
  "2.2": "Mailbox full",
  "2.3": "Message longer than the mailbox allows",
  "2.4": "Mailing list cannot be expanded",
  "3.0": "Other mail system status",
  "3.1": "Mail system full",
  "3.2": "System accepts no messages at the moment",
  "3.3": "System lacks a requested feature",
  "3.4": "Message too big for the system",
  "3.5": "System is configured wrongly",
  "3.6": "Requested priority was changed",
  "4.0": "Other network or routing status",
  "4.1": "Host does not answer",
  "4.2": "Connection broke",
  "4.3": "Directory server failed",
  "4.4": "No route to the destination",
  "4.5": "Mail system congested",
  "4.6": "Routing loop found",
  "4.7": "Delivery time expired",
  "5.0": "Other protocol status",
  "5.1": "Invalid command",
  "5.2": "Syntax error",
  "5.3": "Too many recipients",
  "5.4": "Invalid command arguments",
  "5.5": "Wrong protocol version",
  "5.6": "Authentication line too long",
  "6.0": "Other content or media status",
  "6.1": "Media type not supported",
  "6.2": "Conversion required and prohibited",
  "6.3": "Conversion required and not supported",
  "6.4": "Converted with loss",
  "6.5": "Conversion failed",
  "6.6": "Message content not available",
  "6.7": "Non-ASCII addresses not permitted for this sender or recipient",
  "6.8": "Reply needs UTF-8, which the client does not permit",
  "6.9": "UTF-8 header cannot reach all recipients",
  "6.10": "Reply needs UTF-8, which the client does not permit (deprecated, see X.6.8)",
  "7.0": "Other security or policy status",
  "7.1": "Delivery not authorized, message refused",
  "7.2": "Sender may not use the mailing list",
  "7.3": "Security conversion required and not possible",
  "7.4": "Security features not supported",
  "7.5": "Cryptographic failure",
  "7.6": "Cryptographic algorithm not supported",
  "7.7": "Message integrity broken",
  "7.8": "Authentication credentials invalid",
  "7.9": "Authentication mechanism too weak",
  "7.10": "Encryption needed",
  "7.11": "Encryption required for this authentication mechanism",
  "7.12": "Password transition needed",
  "7.13": "User account disabled",
  "7.14": "Trust relationship with a third party required",
  "7.15": "Priority too low",
  "7.16": "Message too big for its priority",
  "7.17": "Mailbox has changed its owner",
  "7.18": "Domain has changed its owner",
  "7.19": "Ownership since the given time cannot be tested",
  "7.20": "No passing DKIM signature",
  "7.21": "No acceptable DKIM signature",
  "7.22": "No valid DKIM signature of the author's domain",
  "7.23": "SPF validation failed",
  "7.24": "SPF validation had an error",
  "7.25": "Reverse DNS validation failed",
  "7.26": "Several authentication checks failed",
  "7.27": "Sender domain has a null MX: replies cannot reach it",
  "7.28": "Mail flood detected",
  "7.29": "ARC validation failed",
  "7.30": "REQUIRETLS support required",
};
