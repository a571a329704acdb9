/**
 * Parts of a message and how they are put together (RFC 2045, RFC 2046 section 5.1).
 *
 * @module
 */

import { base64Size } from "./base64.ts";
import { Header } from "./header.ts";
import { Sha256 } from "./sha256.ts";
import type { OctetStream } from "./octet_source.ts";
import { type EncodedBody, ENCODINGS } from "./text_body.ts";

/** Octets that are here, or that will be read and encoded in base64. */
export type Piece = Uint8Array | OctetStream;

/** One part: what it is, and its octets in pieces. */
export interface Part {
  /** The fields that describe it. */
  readonly headers: readonly Header[];
  /** Its octets, encoded. */
  readonly pieces: readonly Piece[];
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
  /** The pieces in which a boundary could stand: neither base64 nor quoted-printable. */
  readonly open: readonly Uint8Array[];
}

const encoder = new TextEncoder();

/** Makes a part of an encoded body. */
export function partOf({ headers, bytes, eightBit }: EncodedBody): Part {
  return { headers, pieces: [bytes], eightBit, open: [bytes] };
}

/**
 * Puts parts together.
 *
 * @param subtype How they belong together, and parameters of it.
 * @param parts The parts.
 * @returns One part.
 */
export function multipart(subtype: string, parts: readonly Part[]): Part {
  const boundary = boundaryFor(parts);
  const pieces: Piece[] = [];
  let start = `--${boundary}\r\n`;
  for (const part of parts) {
    pieces.push(encoder.encode(`${start}${linesOf(part.headers)}\r\n`), ...part.pieces);
    // RFC 2046 section 5.1.1: the line end before a boundary belongs to the boundary.
    start = `\r\n--${boundary}\r\n`;
  }
  pieces.push(encoder.encode(`\r\n--${boundary}--\r\n`));
  const eightBit = parts.some((part) => part.eightBit);
  const type = new Header("Content-Type", `multipart/${subtype};\r\n boundary="${boundary}"`);
  return {
    headers: eightBit ? [type, ENCODINGS["8bit"]] : [type],
    pieces,
    eightBit,
    open: parts.flatMap((part) => part.open),
  };
}

/** The fields of a part as they are written. */
export function linesOf(headers: readonly Header[]): string {
  let text = "";
  for (const header of headers) text += header.line;
  return text;
}

/** The octets of a part, or `undefined` if it holds a stream of unknown size. */
export function sizeOf(pieces: readonly Piece[]): number | undefined {
  let size = 0;
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) size += piece.length;
    else if (piece.size === undefined) return undefined;
    else size += base64Size(piece.size);
  }
  return size;
}

/**
 * The same parts have the same boundary. No part holds it: it is a digest of all octets in which it
 * could stand, for "=_" stands neither in base64 nor in quoted-printable.
 */
function boundaryFor(parts: readonly Part[]): string {
  const hash = new Sha256();
  for (const { headers, open } of parts) {
    hash.update(encoder.encode(linesOf(headers)));
    for (const piece of open) hash.update(piece);
  }
  return `=_${hash.digest().toHex().slice(0, 32)}`;
}
