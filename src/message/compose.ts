/**
 * A text message, from what people say to octets.
 *
 * @module
 */

import { Address } from "./address.ts";
import { formatDate } from "./date.ts";
import { HeaderError } from "./errors.ts";
import { Header, textHeader } from "./header.ts";
import { addressHeader, idHeader } from "./header_field.ts";
import { type Mailbox, parseMailbox } from "./mailbox.ts";
import { type EncodedBody, type EncodeOptions, encodeText } from "./text_body.ts";
import { joined } from "./transfer_encoding.ts";

/** A mailbox: `ann@mail.example`, `Ann <ann@mail.example>`, or either of them parsed. */
export type MailboxLike = string | Address | Mailbox;

/** What a message says. Either `text` or `body` is given. */
export interface MessageFields {
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
  /** The text. */
  readonly text?: string;
  /** A body that was encoded before, shared by many messages. */
  readonly body?: EncodedBody;
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

/** What the server takes. */
export interface ComposeOptions extends EncodeOptions {
  /** Whether addresses may have a local part beyond ASCII (SMTPUTF8). @default {false} */
  readonly smtpUtf8?: boolean;
}

/** Who a composed message is from and who gets it. */
export interface ComposedEnvelope {
  /** The address of From. */
  readonly from: Address;
  /** All recipients, each once. */
  readonly to: readonly Address[];
}

/** A message that is ready to be sent. */
export interface ComposedMessage {
  /** The header with the empty line that ends it. */
  readonly header: Uint8Array;
  /** The body; one array for all messages that share an {@linkcode EncodedBody}. */
  readonly body: Uint8Array;
  /** The whole message; lines end in CRLF, the last one too. */
  readonly bytes: Uint8Array;
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
  /** Whether the header holds raw UTF-8, so that it needs SMTPUTF8. */
  readonly utf8Headers: boolean;
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

const encoder = new TextEncoder();
const MIME_VERSION = new Header("MIME-Version", "1.0");

/**
 * Composes a text message. The same fields give the same octets.
 *
 * @param fields What it says.
 * @param options What the server takes; without them the message suits every server.
 * @returns The octets and the envelope.
 * @throws {AddressError} If an address is none.
 * @throws {HeaderError} If a field cannot be written, needs SMTPUTF8 although that is not allowed, or
 * is written from the message itself.
 * @throws {RangeError | SyntaxError | TypeError} If there is no recipient, the date is none, the text
 * is broken, or not exactly one of text and body is given.
 *
 * @example Usage
 * ```ts
 * import { compose } from "@mailwright/mailwright/message";
 * import { equal, match } from "node:assert/strict";
 *
 * const { bytes, envelope } = compose({
 *   from: "Ann <ann@mail.example>",
 *   to: "bob@mail.example",
 *   subject: "Grüße",
 *   text: "Hello\n",
 *   date: Date.UTC(2025, 10, 21),
 *   messageId: "<1@mail.example>",
 * });
 * match(new TextDecoder().decode(bytes), /^Subject: =\?UTF-8\?/m);
 * equal(envelope.to[0]?.key, "bob@mail.example");
 * ```
 */
export function compose(fields: MessageFields, options: ComposeOptions = {}): ComposedMessage {
  const from = toMailbox(fields.from);
  const to = toMailboxes(fields.to);
  const cc = toMailboxes(fields.cc);
  const replyTo = toMailboxes(fields.replyTo);
  const envelope = { from: from.address, to: recipients(to, cc, toMailboxes(fields.bcc)) };
  const body = bodyOf(fields, options);

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
  headers.push(MIME_VERSION, ...body.headers);
  const utf8 = headers.find((header) => header.utf8);
  if (utf8 !== undefined && !options.smtpUtf8) {
    throw new HeaderError(utf8.name, "raw UTF-8 needs the SMTPUTF8 extension");
  }
  return new Composed(headers, body, envelope);
}

class Composed implements ComposedMessage {
  readonly body: Uint8Array;
  readonly eightBit: boolean;
  readonly utf8Headers: boolean;
  readonly envelope: ComposedEnvelope;
  readonly #headerText: string;
  #header: Uint8Array | undefined;
  #bytes: Uint8Array | undefined;

  constructor(headers: readonly Header[], body: EncodedBody, envelope: ComposedEnvelope) {
    let text = "";
    for (const header of headers) text += header.line;
    this.#headerText = `${text}\r\n`;
    this.body = body.bytes;
    this.utf8Headers = headers.some((header) => header.utf8);
    this.eightBit = this.utf8Headers || body.eightBit;
    this.envelope = envelope;
  }

  get header(): Uint8Array {
    return this.#header ??= encoder.encode(this.#headerText);
  }

  get bytes(): Uint8Array {
    return this.#bytes ??= this.utf8Headers ? joined(this.header, this.body) : this.#ascii();
  }

  /** The usual case: the size is known, so header and body are written into one array. */
  #ascii(): Uint8Array {
    const size = this.#headerText.length;
    const bytes = new Uint8Array(size + this.body.length);
    encoder.encodeInto(this.#headerText, bytes);
    bytes.set(this.body, size);
    return bytes;
  }
}

function bodyOf({ text, body }: MessageFields, options: ComposeOptions): EncodedBody {
  if ((text === undefined) === (body === undefined)) {
    throw new TypeError("Cannot compose a message: exactly one of text and body is wanted");
  }
  if (body === undefined) return encodeText(text ?? "", options);
  if (body.eightBit && !options.eightBit) {
    throw new TypeError("Cannot compose a message: its body was encoded for 8-bit servers");
  }
  return body;
}

function toMailbox(mailbox: MailboxLike): Mailbox {
  if (typeof mailbox === "string") return parseMailbox(mailbox);
  return mailbox instanceof Address ? { address: mailbox } : mailbox;
}

function toMailboxes(list: MailboxLike | readonly MailboxLike[] = []): Mailbox[] {
  // isArray does not narrow a readonly array
  return Array.isArray(list) ? list.map(toMailbox) : [toMailbox(list as MailboxLike)];
}

/** All addresses, each once, in their order. */
function recipients(...lists: readonly (readonly Mailbox[])[]): Address[] {
  const byKey = new Map<string, Address>();
  for (const list of lists) {
    for (const { address } of list) {
      if (!byKey.has(address.key)) byKey.set(address.key, address);
    }
  }
  if (byKey.size === 0) throw new RangeError("Cannot compose a message: it has no recipient");
  return [...byKey.values()];
}

function checkFurther(headers: readonly Header[]): void {
  const seen = new Set<string>();
  for (const { name } of headers) {
    const lower = name.toLowerCase();
    if (OWN.has(lower)) throw new HeaderError(name, "it is written from the message itself");
    if (ONCE.has(lower) && seen.has(lower)) throw new HeaderError(name, "it may stand only once");
    seen.add(lower);
  }
}
