/**
 * The body of a text message: line ends, charset and transfer encoding.
 *
 * @module
 */

import { encodeBase64 } from "./base64.ts";
import { Header } from "./header.ts";
import { encodeQuotedPrintable } from "./quoted_printable.ts";
import type { TransferEncoding } from "./transfer_encoding.ts";

/** RFC 5322 section 2.1.1, without CRLF. */
const MAX_LINE = 998;
const LF = 10;

/** What the server takes. */
export interface EncodeOptions {
  /** Whether octets above 127 may be sent as they are (8BITMIME). @default {false} */
  readonly eightBit?: boolean;
}

/** A body that is ready to be sent, and the fields that say how to read it. One serves many messages. */
export interface EncodedBody {
  /** The fields of the body, `Content-Type` among them. */
  readonly headers: readonly Header[];
  /** The octets; lines end in CRLF, the last one too. */
  readonly bytes: Uint8Array;
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
}

/**
 * Encodes text once, for one message or for many.
 *
 * LF, CRLF and CR all end a line and become CRLF. Text goes as it is where the wire allows it; else as
 * quoted-printable or base64, whichever is shorter.
 *
 * @param text The text.
 * @param options What the server takes.
 * @returns The body.
 * @throws {SyntaxError} If the text holds half a character.
 *
 * @example Usage
 * ```ts
 * import { encodeText } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const body = encodeText("Café at noon\n");
 * equal(new TextDecoder().decode(body.bytes), "Caf=C3=A9 at noon\r\n");
 * ```
 */
export function encodeText(text: string, options: EncodeOptions = {}): EncodedBody {
  const { eightBit = false } = options;
  if (!text.isWellFormed()) {
    throw new SyntaxError("Cannot encode the text: it holds half a character");
  }
  const lines = withCrlf(text);
  const bytes = new TextEncoder().encode(lines);
  // A NUL is forbidden even in 8-bit text (RFC 5322 section 4, RFC 6152 section 3).
  const fits = !text.includes("\0") && longestLine(bytes) <= MAX_LINE;
  if (fits && bytes.length === lines.length) return body("7bit", bytes);
  if (fits && eightBit) return body("8bit", bytes);
  const quoted = encodeQuotedPrintable(bytes);
  const base64Size = Math.ceil(bytes.length / 3) * 4 + Math.ceil(bytes.length / 57) * 2;
  return text.includes("\0") || base64Size < quoted.length
    ? body("base64", encodeBase64(bytes))
    : body("quoted-printable", quoted);
}

const TYPE = new Header("Content-Type", "text/plain; charset=utf-8");
const ENCODINGS: Readonly<Record<TransferEncoding, readonly Header[]>> = {
  "7bit": fields("7bit"),
  "8bit": fields("8bit"),
  "quoted-printable": fields("quoted-printable"),
  base64: fields("base64"),
};

function fields(encoding: TransferEncoding): readonly Header[] {
  return [TYPE, new Header("Content-Transfer-Encoding", encoding)];
}

function body(encoding: TransferEncoding, bytes: Uint8Array): EncodedBody {
  return { headers: ENCODINGS[encoding], bytes, eightBit: encoding === "8bit" };
}

function withCrlf(text: string): string {
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  const ended = lines === "" || lines.endsWith("\n") ? lines : `${lines}\n`;
  return ended.replaceAll("\n", "\r\n");
}

/** In octets without CRLF; all lines end in CRLF. */
function longestLine(bytes: Uint8Array): number {
  let longest = 0;
  let start = 0;
  for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
    longest = Math.max(longest, end - 1 - start);
    start = end + 1;
  }
  return longest;
}
