/**
 * The header of a message, and the envelope that follows from it.
 *
 * @module
 */

import { Address } from "./address.ts";
import { formatDate } from "./date.ts";
import { HeaderError } from "./errors.ts";
import { Header, textHeader } from "./header.ts";
import { addressHeader, idHeader } from "./header_field.ts";
import { type Mailbox, parseMailbox } from "./mailbox.ts";

/** A mailbox: `ann@mail.example`, `Ann <ann@mail.example>`, or either of them parsed. */
export type MailboxLike = string | Address | Mailbox;

/** What the header of a message says. */
export interface HeaderFields {
  /** Who writes. */
  readonly from: MailboxLike;
  /** Whom it is addressed to. */
  readonly to?: MailboxLike | readonly MailboxLike[];
  /** Who else reads it. */
  readonly cc?: MailboxLike | readonly MailboxLike[];
  /** Who gets it without being named: these stand in the envelope alone. */
  readonly bcc?: MailboxLike | readonly MailboxLike[];
  /** Where answers go. */
  readonly replyTo?: MailboxLike | readonly MailboxLike[];
  /** What it is about. */
  readonly subject: string;
  /** When it was written: a date, or milliseconds since 1970. */
  readonly date: Date | number;
  /** How many minutes the writer's clock is ahead of UTC. @default {0} */
  readonly offsetMinutes?: number;
  /** The identifier, angle brackets included. */
  readonly messageId: string;
  /** Further fields, in their order. */
  readonly headers?: readonly Header[];
  /** The program that writes. */
  readonly userAgent?: string;
}

/** Who a composed message is from and who gets it. */
export interface ComposedEnvelope {
  /** The address of From. */
  readonly from: Address;
  /** All recipients, each once. */
  readonly to: readonly Address[];
}

/** A header and its envelope. */
export interface MessageHeader {
  /** The fields, without those of the body. */
  readonly headers: readonly Header[];
  /** Who it is from and who gets it. */
  readonly envelope: ComposedEnvelope;
}

/** Fields that are written from the message alone, in lower case. */
const OWN: ReadonlySet<string> = new Set([
  ...["date", "from", "reply-to", "to", "cc", "bcc", "message-id", "subject", "user-agent"],
  ...["mime-version", "content-type", "content-transfer-encoding"],
]);
/** Fields that a message has at most once (RFC 5322 section 3.6), besides those. */
const ONCE: ReadonlySet<string> = new Set(["sender", "in-reply-to", "references"]);

const NOBODY: readonly Mailbox[] = [];

/** That the rules of MIME apply. */
export const MIME_VERSION: Header = new Header("MIME-Version", "1.0");

/** Makes the header of what people say; the fields of the body come behind it. */
export function messageHeader(fields: HeaderFields): MessageHeader {
  const from = toMailbox(fields.from);
  const to = toMailboxes(fields.to);
  const cc = toMailboxes(fields.cc);
  const replyTo = toMailboxes(fields.replyTo);
  const envelope = { from: from.address, to: recipients(to, cc, toMailboxes(fields.bcc)) };
  const headers = [
    new Header("Date", formatDate(Number(fields.date), fields.offsetMinutes)),
    addressHeader("From", [from]),
  ];
  if (replyTo.length > 0) headers.push(addressHeader("Reply-To", replyTo));
  if (to.length > 0) headers.push(addressHeader("To", to));
  if (cc.length > 0) headers.push(addressHeader("Cc", cc));
  headers.push(idHeader("Message-ID", [fields.messageId]), textHeader("Subject", fields.subject));
  if (fields.headers !== undefined) {
    checkFurther(fields.headers);
    headers.push(...fields.headers);
  }
  if (fields.userAgent !== undefined) headers.push(textHeader("User-Agent", fields.userAgent));
  headers.push(MIME_VERSION);
  return { headers, envelope };
}

/** Raw UTF-8 is written only where the server was asked for it (RFC 6531). */
export function checkUtf8(headers: readonly Header[], smtpUtf8: boolean = false): void {
  if (smtpUtf8) return;
  const utf8 = headers.find((header) => header.utf8);
  if (utf8 !== undefined) {
    throw new HeaderError(utf8.name, "raw UTF-8 needs the SMTPUTF8 extension");
  }
}

/** Reads a mailbox. */
export function toMailbox(mailbox: MailboxLike): Mailbox {
  if (typeof mailbox === "string") return parseMailbox(mailbox);
  return mailbox instanceof Address ? { address: mailbox } : mailbox;
}

/** Reads mailboxes. */
export function toMailboxes(
  list: MailboxLike | readonly MailboxLike[] | undefined,
): readonly Mailbox[] {
  if (list === undefined) return NOBODY;
  // isArray does not narrow a readonly array
  return Array.isArray(list) ? list.map(toMailbox) : [toMailbox(list as MailboxLike)];
}

/** All addresses, each once, in their order. */
export function recipients(
  to: readonly Mailbox[],
  cc: readonly Mailbox[],
  bcc: readonly Mailbox[],
): Address[] {
  const [first, ...others] = [...to, ...cc, ...bcc];
  if (first === undefined) throw new RangeError("Cannot compose a message: it has no recipient");
  // Most messages have one, and this array is read in many places: V8 gives what map() makes another
  // kind once it is compiled, and would compile all of them anew.
  if (others.length === 0) return [first.address];
  return [...new Map([first, ...others].map(({ address }) => [address.key, address])).values()];
}

/** Refuses fields that are written from the message, and second ones of those that stand once. */
export function checkFurther(headers: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of headers) {
    const lower = name.toLowerCase();
    if (lower === "resent-bcc") throw new HeaderError(name, "it is never sent");
    if (OWN.has(lower)) throw new HeaderError(name, "it is written from the message itself");
    if (ONCE.has(lower) && seen.has(lower)) throw new HeaderError(name, "it may stand only once");
    seen.add(lower);
  }
}
