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
  type StreamedBodyFields,
  wholeOf,
} from "./message_body.ts";
import {
  checkUtf8,
  type HeaderFields,
  type MessageHeader,
  messageHeader,
} from "./message_header.ts";
import { type Part, partOf } from "./mime.ts";
import { Streamed, type StreamedMessage } from "./streamed.ts";
import type { EncodedBody, EncodeOptions } from "./text_body.ts";

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
  const { headers, pieces, eightBit, envelope } = composition(fields, options);
  return new Composed({
    ...headerOf(headers),
    body: { bytes: wholeOf(pieces), eightBit },
    envelope,
  });
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
  const { headers, ...rest } = composition(fields, options);
  const { headerText, utf8Headers } = headerOf(headers);
  const header = new TextEncoder().encode(`${headerText}\r\n`);
  return new Streamed({ ...rest, header, utf8Headers });
}

/** All fields, and the pieces of the body. */
function composition(
  fields: StreamedMessageFields,
  options: ComposeOptions,
): MessageHeader & Part {
  const { headers, envelope } = messageHeader(fields);
  const body = bodyOf(fields, options);
  const all = [...headers, ...body.headers];
  checkUtf8(all, options.smtpUtf8);
  return { ...body, headers: all, envelope };
}

function bodyOf(fields: StreamedMessageFields, options: ComposeOptions): Part {
  const { body, text, html } = fields;
  if (body === undefined) return bodyPart(fields, options);
  if (text !== undefined || html !== undefined) {
    throw new TypeError("Cannot compose a message: it has a body and a text besides");
  }
  if (body.eightBit && !options.eightBit) {
    throw new TypeError("Cannot compose a message: its body was encoded for 8-bit servers");
  }
  return assembled([partOf(body)], [], enclosuresOf(fields, options));
}
