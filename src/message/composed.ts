/**
 * A message that was composed, as a whole.
 *
 * @module
 */

import type { Header } from "./header.ts";
import { linesOf } from "./mime.ts";
import { checkUtf8, type ComposedEnvelope } from "./message_header.ts";
import { joined } from "./transfer_encoding.ts";

/** A message that is ready to be sent. */
export interface ComposedMessage {
  /** The header with the empty line that ends it. */
  readonly header: Uint8Array;
  /** The body; one array for all messages that share an {@linkcode EncodedBody}. */
  readonly body: Uint8Array;
  /** The whole message; lines end in CRLF, the last one too. */
  readonly bytes: Uint8Array;
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
  /** Whether the header holds raw UTF-8, so that it needs SMTPUTF8. */
  readonly utf8Headers: boolean;
  /** Who it is from and who gets it. */
  readonly envelope: ComposedEnvelope;
}

const encoder = new TextEncoder();

/** What a composed message is made of. */
export interface Composition {
  /** The lines of the header, without the empty one that ends it. */
  readonly headerText: string;
  /** Whether the header holds raw UTF-8. */
  readonly utf8Headers: boolean;
  /** The body, and whether any octet of it is above 127. */
  readonly body: { readonly bytes: Uint8Array; readonly eightBit: boolean };
  /** Who it is from and who gets it. */
  readonly envelope: ComposedEnvelope;
}

/** A message that puts header and body together when somebody asks. */
export class Composed implements ComposedMessage {
  readonly body: Uint8Array;
  readonly eightBit: boolean;
  readonly utf8Headers: boolean;
  readonly envelope: ComposedEnvelope;
  readonly #headerText: string;
  #header: Uint8Array | undefined;
  #bytes: Uint8Array | undefined;

  constructor({ headerText, utf8Headers, body, envelope }: Composition) {
    this.#headerText = `${headerText}\r\n`;
    this.body = body.bytes;
    this.utf8Headers = utf8Headers;
    this.eightBit = utf8Headers || body.eightBit;
    this.envelope = envelope;
  }

  get header(): Uint8Array {
    return this.#header ??= encoder.encode(this.#headerText);
  }

  get bytes(): Uint8Array {
    return this.#bytes ??= this.utf8Headers ? joined(this.header, this.body) : this.#ascii();
  }

  /** The usual case: the size is known, so header and body are written into one array. */
  #ascii(): Uint8Array {
    const size = this.#headerText.length;
    const bytes = new Uint8Array(size + this.body.length);
    encoder.encodeInto(this.#headerText, bytes);
    bytes.set(this.body, size);
    return bytes;
  }
}

/** The lines of a header, and whether raw UTF-8 is in them. */
export function headerOf(
  headers: readonly Header[],
  smtpUtf8: boolean = false,
): Pick<Composition, "headerText" | "utf8Headers"> {
  checkUtf8(headers, smtpUtf8);
  return {
    headerText: linesOf(headers),
    utf8Headers: smtpUtf8 && headers.some((header) => header.utf8),
  };
}
