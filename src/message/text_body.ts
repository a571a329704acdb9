/**
 * The body of a text message: line ends, charset and transfer encoding.
 *
 * @module
 */

import { base64Size, encodeBase64 } from "./base64.ts";
import { flow } from "./flowed.ts";
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

/** What the text is, and what the server takes. */
export interface TextOptions extends EncodeOptions {
  /** Whether it is HTML. @default {false} */
  readonly html?: boolean;
  /** Whether readers may wrap plain text anew (format=flowed). @default {false} */
  readonly flowed?: boolean;
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
 * @param options What the text is, and what the server takes.
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
export function encodeText(text: string, options: TextOptions = {}): EncodedBody {
  return encodedText(text, options);
}

/** The same; `closed` text is never written as it is, so that no boundary can stand in it. */
export function encodedText(
  text: string,
  options: TextOptions & { readonly closed?: boolean },
): EncodedBody {
  const { eightBit = false, html = false, flowed = false, closed = false } = options;
  if (!text.isWellFormed()) {
    throw new SyntaxError("Cannot encode the text: it holds half a character");
  }
  const wrapped = flowed && !html;
  const type = textType({ html, flowed });
  const unixLines = withLf(text);
  const lines = (wrapped ? flow(unixLines) : unixLines).replaceAll("\n", "\r\n");
  const bytes = new TextEncoder().encode(lines);
  // A NUL is forbidden even in 8-bit text (RFC 5322 section 4, RFC 6152 section 3).
  const fits = !closed && !text.includes("\0") && longestLine(bytes) <= MAX_LINE;
  if (fits && bytes.length === lines.length) return body(type, "7bit", bytes);
  if (fits && eightBit) return body(type, "8bit", bytes);
  const quoted = encodeQuotedPrintable(bytes);
  return text.includes("\0") || base64Size(bytes.length) < quoted.length
    ? body(type, "base64", encodeBase64(bytes))
    : body(type, "quoted-printable", quoted);
}

const PLAIN = new Header("Content-Type", "text/plain; charset=utf-8");
const FLOWED = new Header("Content-Type", "text/plain; charset=utf-8; format=flowed");
const HTML = new Header("Content-Type", "text/html; charset=utf-8");

/** The field that says what a text is. */
export function textType({ html = false, flowed = false }: TextOptions): Header {
  return html ? HTML : flowed ? FLOWED : PLAIN;
}

/** How octets are encoded, as a field. */
export const ENCODINGS: Readonly<Record<TransferEncoding, Header>> = {
  "7bit": encodingField("7bit"),
  "8bit": encodingField("8bit"),
  "quoted-printable": encodingField("quoted-printable"),
  base64: encodingField("base64"),
};

function encodingField(encoding: TransferEncoding): Header {
  return new Header("Content-Transfer-Encoding", encoding);
}

function body(type: Header, encoding: TransferEncoding, bytes: Uint8Array): EncodedBody {
  return { headers: [type, ENCODINGS[encoding]], bytes, eightBit: encoding === "8bit" };
}

/** Lines that end in LF, the last one too. */
export function withLf(text: string): string {
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  return lines === "" || lines.endsWith("\n") ? lines : `${lines}\n`;
}

/** In octets without CRLF; all lines end in CRLF. */
export function longestLine(bytes: Uint8Array): number {
  let longest = 0;
  let start = 0;
  for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
    longest = Math.max(longest, end - 1 - start);
    start = end + 1;
  }
  return longest;
}
