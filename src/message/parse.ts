/**
 * A received mail: its header and where its body begins.
 *
 * @module
 */

import { type ParsedHeader, parseHeaderBlock } from "./header_block.ts";

/** A received mail. */
export interface ParsedMessage {
  /** Its header. */
  readonly header: ParsedHeader;
  /** The octets of its body, as they came: a view. Empty if no empty line ends the header. */
  readonly body: Uint8Array;
}

/**
 * Parses a whole mail.
 *
 * @param bytes The mail; header and body are views of it.
 * @returns Its header and its body.
 *
 * @example Usage
 * ```ts
 * import { parseMessage } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const { header, body } = parseMessage(new TextEncoder().encode("Subject: Lunch\r\n\r\nAt noon?\r\n"));
 * equal(header.get("Subject")?.text, "Lunch");
 * equal(new TextDecoder().decode(body), "At noon?\r\n");
 * ```
 */
export function parseMessage(bytes: Uint8Array): ParsedMessage {
  const header = parseHeaderBlock(bytes, { complete: true });
  return { header, body: bytes.subarray(header.bodyStart ?? bytes.length) };
}
