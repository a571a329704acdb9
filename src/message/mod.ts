/**
 * message: a mail as data, to be sent and as it was received; and patterns. It knows no network.
 * It imports nothing of the other folders.
 *
 * RFC 5322 and 6532 (header, addresses, dates), 5321 and 6531 (addresses), 5890 (international
 * domains), 2045 and 2046 (parts, transfer encodings), 2047 (encoded words), 2183 and 2231
 * (attachments), 2369 and 2919 (list headers), 3676 (format=flowed), 6376 and 8463 (DKIM).
 *
 * `compose()` makes one message, `composeStream()` one whose attachments are read while it is sent,
 * `compileMessage()` one for many people; a `DkimSigner` signs any of them.
 *
 * What is written is strict: an error tells what is wrong. What is read of a received mail is lenient:
 * nothing in it makes a function throw or take more than linear time, and what cannot be read is
 * missing.
 *
 * @example Usage
 * ```ts
 * import { compose, createMessageId } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const nowMs = Date.now();
 * const random = crypto.getRandomValues(new Uint8Array(12));
 * const { bytes, eightBit } = compose({
 *   from: "Ann <ann@mail.example>",
 *   to: ["Bob <bob@mail.example>", "carol@mail.example"],
 *   subject: "Lunch",
 *   text: "At noon?\n",
 *   date: nowMs,
 *   messageId: createMessageId("mail.example", { nowMs, random }),
 * });
 * equal(new TextDecoder().decode(bytes).endsWith("\r\n\r\nAt noon?\r\n"), true);
 * equal(eightBit, false);
 * ```
 *
 * @module
 */

export * from "./address.ts";
export { addressLiteral } from "./address_literal.ts";
export type {
  Attachment,
  AttachmentFields,
  InlinePart,
  StreamedAttachment,
  StreamedInlinePart,
} from "./attachment.ts";
export { Base64Decoder, Base64Encoder, decodeBase64, encodeBase64 } from "./base64.ts";
export * from "./compiled.ts";
export type { BodyTemplate } from "./compiled_body.ts";
export * from "./compose.ts";
export type { ComposedMessage } from "./composed.ts";
export * from "./content.ts";
export * from "./date.ts";
export * from "./dkim.ts";
export type { Canonicalization } from "./dkim_canonical.ts";
export * from "./dkim_key.ts";
export * from "./encoded_word.ts";
export * from "./errors.ts";
export * from "./header_block.ts";
export { Header, textHeader } from "./header.ts";
export {
  addressHeader,
  createHeader,
  idHeader,
  isReservedHeader,
  linkHeader,
} from "./header_field.ts";
export * from "./idna.ts";
export * from "./lenient_address.ts";
export * from "./mailbox.ts";
export { mediaTypeOf } from "./media_type.ts";
export {
  type BodyFields,
  encodeBody,
  type StreamedBodyFields,
  type TextFields,
} from "./message_body.ts";
export type { ComposedEnvelope, HeaderFields, MailboxLike } from "./message_header.ts";
export * from "./message_id.ts";
export type { OctetChunks, OctetSource } from "./octet_source.ts";
export * from "./parse.ts";
export * from "./parse_date.ts";
export type { ParsedField } from "./parsed_field.ts";
export * from "./pattern.ts";
export * from "./quoted_printable.ts";
export * from "./received_id.ts";
export { Sha256 } from "./sha256.ts";
export type { StreamedMessage } from "./streamed.ts";
export * from "./template.ts";
export { type EncodedBody, type EncodeOptions, encodeText, type TextOptions } from "./text_body.ts";
export {
  codeStream,
  codeWhole,
  type OctetCoder,
  type TransferEncoding,
} from "./transfer_encoding.ts";
