/**
 * A message, from what people say to octets.
 *
 * @module
 */

import { Composed, type ComposedMessage, headerOf } from "./composed.ts";
import {
  assembled,
  type BodyFields,
  bodyPart,
  enclosuresOf,
  encoded,
  type StreamedBodyFields,
} from "./message_body.ts";
import { type HeaderFields, messageHeader } from "./message_header.ts";
import { type Part, partOf } from "./mime.ts";
import { Streamed, type StreamedMessage } from "./streamed.ts";
import { type EncodedBody, type EncodeOptions, encodeText } from "./text_body.ts";

/** What a message says: at least one of `text` and `html`, or a `body`. */
export interface MessageFields extends HeaderFields, BodyFields {
  /** A body that was encoded before, shared by many messages. */
  readonly body?: EncodedBody;
}

/** What a message says, some of it read while it is sent. */
export interface StreamedMessageFields extends HeaderFields, StreamedBodyFields {
  /** A body that was encoded before, shared by many messages. */
  readonly body?: EncodedBody;
}

/** What the server takes. */
export interface ComposeOptions extends EncodeOptions {
  /** Whether addresses may have a local part beyond ASCII (SMTPUTF8). @default {false} */
  readonly smtpUtf8?: boolean;
}

/**
 * Composes a message: a text, HTML, or both, and what goes along with them. The same fields give the
 * same octets.
 *
 * @param fields What it says.
 * @param options What the server takes; without them the message suits every server.
 * @returns The octets and the envelope.
 * @throws {AddressError} If an address is none.
 * @throws {HeaderError} If a field cannot be written, needs SMTPUTF8 although that is not allowed, or
 * is written from the message itself.
 * @throws {RangeError | SyntaxError | TypeError} If there is no recipient, the date is none, a text is
 * broken, or there is neither text nor body, or both.
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
  const { headers, envelope } = messageHeader(fields);
  const body = loneText(fields, options) ?? encoded(bodyOf(fields, options));
  const { headerText, utf8Headers } = headerOf([...headers, ...body.headers], options.smtpUtf8);
  return new Composed({ headerText, utf8Headers, body, envelope });
}

/**
 * Composes a message whose attachments are read and encoded while it is sent, in the memory of one
 * chunk. Where the size of each stream is given, the size of the message is known beforehand.
 *
 * @param fields What it says.
 * @param options What the server takes; without them the message suits every server.
 * @returns The message, to be read or sent; its streams are not touched before.
 * @throws {AddressError | HeaderError | RangeError | SyntaxError | TypeError} As {@linkcode compose}.
 *
 * @example Usage
 * ```ts
 * import { composeStream } from "@mailwright/mailwright/message";
 * import { equal, match } from "node:assert/strict";
 *
 * const message = composeStream({
 *   from: "Ann <ann@mail.example>",
 *   to: "bob@mail.example",
 *   subject: "The log",
 *   text: "As promised.\n",
 *   attachments: [{
 *     filename: "today.log",
 *     content: () => new Blob(["all quiet\n"]).stream(),
 *     size: 10,
 *   }],
 *   date: Date.UTC(2025, 10, 21),
 *   messageId: "<1@mail.example>",
 * });
 * const octets = await new Response(ReadableStream.from(message)).bytes();
 * equal(octets.length, message.size);
 * match(new TextDecoder().decode(octets), /filename="today\.log"/);
 * ```
 */
export function composeStream(
  fields: StreamedMessageFields,
  options: ComposeOptions = {},
): StreamedMessage {
  const { headers, envelope } = messageHeader(fields);
  const { headers: ofBody, pieces, eightBit } = bodyOf(fields, options);
  const { headerText, utf8Headers } = headerOf([...headers, ...ofBody], options.smtpUtf8);
  const header = new TextEncoder().encode(`${headerText}\r\n`);
  return new Streamed({ header, pieces, eightBit, utf8Headers, envelope });
}

/** The usual case, which needs no parts. */
function loneText(fields: MessageFields, options: ComposeOptions): EncodedBody | undefined {
  const { body, text, html, attachments, inline, flowed = false } = fields;
  if (html !== undefined || attachments !== undefined || inline !== undefined) return undefined;
  if (body === undefined) {
    return text === undefined ? undefined : encodeText(text, { ...options, flowed });
  }
  checkBody(fields, body, options);
  return body;
}

function bodyOf(fields: StreamedMessageFields, options: ComposeOptions): Part {
  const { body } = fields;
  if (body === undefined) return bodyPart(fields, options);
  checkBody(fields, body, options);
  return assembled([partOf(body)], [], enclosuresOf(fields, options));
}

function checkBody(
  { text, html }: StreamedMessageFields,
  body: EncodedBody,
  options: ComposeOptions,
): void {
  if (text !== undefined || html !== undefined) {
    throw new TypeError("Cannot compose a message: it has a body and a text besides");
  }
  if (body.eightBit && !options.eightBit) {
    throw new TypeError("Cannot compose a message: its body was encoded for 8-bit servers");
  }
}
