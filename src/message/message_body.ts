/**
 * The body of a message: text, HTML, what the HTML shows and what is attached, put together.
 *
 * @module
 */

import {
  type Attachment,
  attachmentPart,
  type InlinePart,
  inlinePart,
  type StreamedAttachment,
  type StreamedInlinePart,
} from "./attachment.ts";
import { multipart, type Part, partOf, type Piece } from "./mime.ts";
import { type EncodedBody, type EncodeOptions, encodeText } from "./text_body.ts";
import { joinedAll } from "./transfer_encoding.ts";

/** What a body says. */
export interface TextFields {
  /** The text. */
  readonly text?: string;
  /** The same as HTML. */
  readonly html?: string;
  /** Whether readers may wrap the text anew (format=flowed). @default {false} */
  readonly flowed?: boolean;
}

/** What a body says and what goes along with it. */
export interface BodyFields extends TextFields {
  /** What is attached. */
  readonly attachments?: readonly Attachment[];
  /** What the HTML shows. */
  readonly inline?: readonly InlinePart[];
}

/** What a body says and what goes along with it, some of it read while it is sent. */
export interface StreamedBodyFields extends TextFields {
  /** What is attached. */
  readonly attachments?: readonly (Attachment | StreamedAttachment)[];
  /** What the HTML shows. */
  readonly inline?: readonly (InlinePart | StreamedInlinePart)[];
}

/**
 * Encodes a whole body once, for one message or for many: text, HTML, attachments.
 *
 * @param fields What it says.
 * @param options What the server takes; without them the body suits every server.
 * @returns The body.
 * @throws {HeaderError | SyntaxError | TypeError} If a part cannot be written, or there is no text.
 *
 * @example Usage
 * ```ts
 * import { encodeBody } from "@mailwright/mailwright/message";
 * import { match } from "node:assert/strict";
 *
 * const body = encodeBody({ text: "Hello\n", html: "<p>Hello</p>\n" });
 * match(body.headers[0]?.line ?? "", /^Content-Type: multipart\/alternative/);
 * ```
 */
export function encodeBody(fields: BodyFields, options: EncodeOptions = {}): EncodedBody {
  return encoded(bodyPart(fields, options));
}

/** A part as a body, if none of its pieces is a stream. */
export function encoded({ headers, pieces, eightBit }: Part): EncodedBody {
  return { headers, bytes: joinedAll(octetsOf(pieces)), eightBit };
}

/** Makes a body one part, of a text or of parts. */
export function bodyPart(fields: StreamedBodyFields, options: EncodeOptions): Part {
  const { text, html, flowed = false } = fields;
  const plain = text === undefined ? [] : [partOf(encodeText(text, { ...options, flowed }))];
  const rich = html === undefined ? [] : [partOf(encodeText(html, { ...options, html: true }))];
  return assembled(plain, rich, enclosuresOf(fields, options));
}

/** What goes along with the text, as parts. */
export interface Enclosures {
  readonly attachments: readonly Part[];
  readonly inline: readonly Part[];
}

/** Encodes what goes along with the text. */
export function enclosuresOf(
  { attachments = [], inline = [] }: Pick<StreamedBodyFields, "attachments" | "inline">,
  options: EncodeOptions,
): Enclosures {
  return {
    attachments: attachments.map((each) => attachmentPart(each, options)),
    inline: inline.map((each) => inlinePart(each, options)),
  };
}

/** Puts the parts of a body into the usual tree: mixed (alternative (text, related (HTML, images)), files). */
export function assembled(
  plain: readonly Part[],
  rich: readonly Part[],
  { attachments, inline }: Enclosures,
): Part {
  if (inline.length > 0 && rich.length === 0) {
    throw new TypeError("Cannot compose a message: inline parts without HTML are shown by nothing");
  }
  const shown = inline.length === 0
    ? rich
    : [multipart('related; type="text/html"', [...rich, ...inline])];
  const [first, ...others] = [...plain, ...shown];
  if (first === undefined) {
    throw new TypeError("Cannot compose a message: it has neither text, HTML nor body");
  }
  const said = others.length === 0 ? first : multipart("alternative", [first, ...others]);
  return attachments.length === 0 ? said : multipart("mixed", [said, ...attachments]);
}

/** Pieces none of which is a stream. */
export function octetsOf(pieces: readonly Piece[]): Uint8Array[] {
  return pieces.map((piece) => {
    if (piece instanceof Uint8Array) return piece;
    throw new TypeError("Cannot compose a stream at once: composeStream() does");
  });
}
