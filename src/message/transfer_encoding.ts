/**
 * Content transfer encodings (RFC 2045 section 6): the form that base64 and quoted-printable share.
 *
 * @module
 */

/** How the octets of a body stand in a message. */
export type TransferEncoding = "7bit" | "8bit" | "quoted-printable" | "base64";

/** Encodes or decodes octets as they come; how they are cut into chunks changes nothing. */
export interface OctetCoder {
  /**
   * Takes a chunk.
   *
   * @param chunk The next octets.
   * @returns What is certain by now; an array of its own.
   */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer>;
  /**
   * Ends the octets. The coder is not used again.
   *
   * @returns What was held back.
   */
  end(): Uint8Array<ArrayBuffer>;
}

/**
 * Runs octets through a new coder.
 *
 * @param coder A new coder.
 * @param bytes All octets.
 * @returns All of its output.
 *
 * @example Usage
 * ```ts
 * import { Base64Encoder, codeWhole } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const encoded = codeWhole(new Base64Encoder(), new Uint8Array([1, 2, 3]));
 * equal(new TextDecoder().decode(encoded), "AQID\r\n");
 * ```
 */
export function codeWhole(coder: OctetCoder, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const most = coder.push(bytes);
  const rest = coder.end();
  return rest.length === 0 ? most : joined(most, rest);
}

/**
 * Makes a coder into a stream, for `pipeThrough`.
 *
 * @param coder A new coder.
 * @returns The stream.
 *
 * @example Usage
 * ```ts
 * import { codeStream, QuotedPrintableDecoder } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const source = ReadableStream.from([new Uint8Array([0x3d, 0x34]), new Uint8Array([0x31])]);
 * const decoded = source.pipeThrough(codeStream(new QuotedPrintableDecoder()));
 * equal(await new Response(decoded).text(), "A");
 * ```
 */
export function codeStream(
  coder: OctetCoder,
): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  const give = (
    octets: Uint8Array<ArrayBuffer>,
    controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>,
  ): void => {
    if (octets.length > 0) controller.enqueue(octets);
  };
  return new TransformStream({
    transform: (chunk, controller) => give(coder.push(chunk), controller),
    flush: (controller) => give(coder.end(), controller),
  });
}

/** Both, one after the other; the second itself where the first is empty. */
export function joined<T extends Uint8Array>(a: Uint8Array, b: T): T | Uint8Array<ArrayBuffer> {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** All, one after the other; one alone is not copied. */
export function joinedAll(parts: readonly Uint8Array[]): Uint8Array {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  const all = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
