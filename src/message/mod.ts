/**
 * message: a mail as data, to be sent and as it was received; and patterns. It knows no network.
 * It imports nothing of the other folders.
 *
 * RFC 5322 and 6532 (header, addresses, dates), 5321 and 6531 (addresses), 5890 (international
 * domains), 2045 (transfer encodings), 2047 (encoded words), 2369 and 2919 (list headers).
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
export * from "./base64.ts";
export * from "./compose.ts";
export * from "./content.ts";
export * from "./date.ts";
export * from "./encoded_word.ts";
export * from "./errors.ts";
export * from "./header_block.ts";
export { Header, textHeader } from "./header.ts";
export * from "./header_field.ts";
export * from "./idna.ts";
export * from "./lenient_address.ts";
export * from "./mailbox.ts";
export * from "./message_id.ts";
export * from "./parse.ts";
export * from "./parse_date.ts";
export type { ParsedField } from "./parsed_field.ts";
export * from "./pattern.ts";
export * from "./quoted_printable.ts";
export * from "./received_id.ts";
export * from "./text_body.ts";
export {
  codeStream,
  codeWhole,
  type OctetCoder,
  type TransferEncoding,
} from "./transfer_encoding.ts";
