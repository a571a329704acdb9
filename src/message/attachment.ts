/**
 * What goes along with a text: attachments, and what HTML shows (RFC 2183, RFC 2392).
 *
 * @module
 */

import { encodeBase64 } from "./base64.ts";
import { describeContent } from "./content.ts";
import { HeaderError } from "./errors.ts";
import { Header, textHeader } from "./header.ts";
import { checkedMediaType, mediaTypeOf } from "./media_type.ts";
import { isMessageId } from "./message_id.ts";
import type { Part } from "./mime.ts";
import { type OctetSource, OctetStream } from "./octet_source.ts";
import { withParameters } from "./parameter.ts";
import { type EncodeOptions, ENCODINGS } from "./text_body.ts";

/** What is said of an attachment, whatever it holds. */
export interface AttachmentFields {
  /** The name that is shown. Of a path only its last part is written. */
  readonly filename?: string;
  /** What it is, as `type/subtype`. @default What the ending of the name says. */
  readonly type?: string;
  /** A word about it. */
  readonly description?: string;
}

/** Something that is attached. */
export interface Attachment extends AttachmentFields {
  /** Its octets; a string stands for its UTF-8. */
  readonly content: Uint8Array | string;
}

/** Something that is attached and read while it is sent. */
export interface StreamedAttachment extends AttachmentFields {
  /** Its octets: a stream, or a function that opens one for each reading. */
  readonly content: OctetSource;
  /** How many octets they are, if known: then the size of the message is known too. */
  readonly size?: number;
}

/** Something that the HTML shows, as `<img src="cid:…">` does. */
export interface InlinePart extends Attachment {
  /** How the HTML names it: `left@right`, without "cid:". */
  readonly contentId: string;
}

/** Something that the HTML shows and that is read while it is sent. */
export interface StreamedInlinePart extends StreamedAttachment {
  /** How the HTML names it: `left@right`, without "cid:". */
  readonly contentId: string;
}

const encoder = new TextEncoder();
/** RFC 5322 section 2.1.1, without CRLF. */
const MAX_LINE = 998;

/** Makes an attachment a part. */
export function attachmentPart(
  attachment: Attachment | StreamedAttachment,
  options: EncodeOptions,
): Part {
  return encodedPart(attachment, options, describingHeaders(attachment, "attachment"));
}

/** Makes what HTML shows a part. */
export function inlinePart(
  inline: InlinePart | StreamedInlinePart,
  options: EncodeOptions,
): Part {
  const id = `<${inline.contentId}>`;
  if (!isMessageId(id)) {
    throw new HeaderError("Content-ID", "a content id is left@right without blanks or controls");
  }
  const headers = [new Header("Content-ID", id), ...describingHeaders(inline, "inline")];
  return encodedPart(inline, options, headers);
}

function describingHeaders(
  { filename, description }: AttachmentFields,
  disposition: "attachment" | "inline",
): Header[] {
  const field = "Content-Disposition";
  const parameters = filename === undefined ? [] : [["filename", baseName(filename)] as const];
  const headers = [new Header(field, withParameters(field, disposition, parameters))];
  if (description !== undefined) headers.push(textHeader("Content-Description", description));
  return headers;
}

/** A path in a name would tell strangers of our disk, and lead careless ones out of a folder. */
function baseName(filename: string): string {
  const name = filename.slice(Math.max(filename.lastIndexOf("/"), filename.lastIndexOf("\\")) + 1);
  if (/^\.{0,2}$/.test(name)) {
    throw new HeaderError("Content-Disposition", "a file name does not end in its folder");
  }
  return name;
}

function encodedPart(
  attachment: Attachment | StreamedAttachment,
  options: EncodeOptions,
  headers: readonly Header[],
): Part {
  const { content, filename = "" } = attachment;
  const type = checkedMediaType(attachment.type ?? mediaTypeOf(filename));
  const bytes = typeof content === "string"
    ? encoder.encode(wellFormed(content, filename))
    : content;
  if (/^multipart\//i.test(type)) {
    throw new HeaderError("Content-Type", "an attachment is one part, not several");
  }
  if (/^message\//i.test(type)) return messagePart(bytes, type, options, headers);
  const charset = typeof content === "string" && /^text\/[^;]*$/i.test(type)
    ? "; charset=utf-8"
    : "";
  return {
    headers: [new Header("Content-Type", type + charset), ENCODINGS.base64, ...headers],
    pieces: [bytes instanceof Uint8Array ? encodeBase64(bytes) : octetStream(attachment, bytes)],
    eightBit: false,
    open: [],
  };
}

/** RFC 2046 section 5.2.1: a message in a message is not encoded. */
function messagePart(
  bytes: Uint8Array | OctetSource,
  type: string,
  { eightBit = false }: EncodeOptions,
  headers: readonly Header[],
): Part {
  if (!(bytes instanceof Uint8Array)) {
    throw unfitMessage("a stream is not known to need no encoding");
  }
  const seen = describeContent(bytes);
  if (seen.bareCr || seen.bareLf || seen.nul || seen.longestLine > MAX_LINE) {
    throw unfitMessage("its lines are no lines of mail");
  }
  if (seen.eightBit && !eightBit) throw unfitMessage("it has octets above 127");
  const encoding = ENCODINGS[seen.eightBit ? "8bit" : "7bit"];
  return {
    headers: [new Header("Content-Type", type), encoding, ...headers],
    pieces: [bytes],
    eightBit: seen.eightBit,
    open: [bytes],
  };
}

function unfitMessage(reason: string): HeaderError {
  return new HeaderError("Content-Type", `${reason}; attach it as application/octet-stream`);
}

function octetStream(
  { filename, size }: AttachmentFields & { readonly size?: number },
  source: OctetSource,
): OctetStream {
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new RangeError(`Cannot attach a stream of "${size}" octets: a size is a whole number`);
  }
  const readable = typeof source === "function" ||
    typeof source === "object" && source !== null && Symbol.asyncIterator in source;
  if (!readable) throw new TypeError("Cannot attach what is neither octets, text nor a stream");
  const what = filename === undefined ? "a stream" : JSON.stringify(filename);
  return new OctetStream(source, { size, what });
}

function wellFormed(text: string, filename: string): string {
  if (text.isWellFormed()) return text;
  throw new SyntaxError(
    `Cannot attach the text ${JSON.stringify(filename)}: it holds half a character`,
  );
}
