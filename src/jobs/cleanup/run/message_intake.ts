/**
 * A message on its way through: its header is held, for rules and archives ask for it; of the rest only
 * digests are counted.
 *
 * @module
 */

import { type ParsedHeader, parseHeaderBlock, Sha256 } from "../../../message/mod.ts";

const LF = 10;
const CR = 13;
/** A longer header is no header: nothing is known of it. */
const MAX_HEADER = 1024 * 1024;

/** Where the octets of a message go. */
export type IntakeSink = (octets: Uint8Array) => Promise<void> | void;

/** What a message is, once it is over. */
export interface TakenMessage {
  /** Its header; not complete if its end was not seen. */
  readonly header: ParsedHeader;
  /** SHA-256 of the header with the empty line behind it, hexadecimal. */
  readonly headerHash: string;
  /** SHA-256 of what follows, hexadecimal. */
  readonly bodyHash: string;
  /** How many octets it has. */
  readonly bytes: number;
}

/** Takes the octets of one message. */
export class MessageIntake {
  readonly #begin: (header: ParsedHeader) => Promise<IntakeSink>;
  readonly #body = new Sha256();
  #sink: IntakeSink | undefined;
  /** The header so far, with room for more. */
  #held: Uint8Array<ArrayBuffer> = new Uint8Array(8 * 1024);
  #length = 0;
  /** Where the last line of the header so far begins. */
  #line = 0;
  #header: ParsedHeader | undefined;
  #bytes = 0;

  /**
   * Nothing has come yet.
   *
   * @param begin Called once, as soon as the header is there; gives where all octets go.
   */
  constructor(begin: (header: ParsedHeader) => Promise<IntakeSink>) {
    this.#begin = begin;
  }

  /** Takes a piece: a view that is valid until the promise resolves. */
  async take(piece: Uint8Array): Promise<void> {
    this.#bytes += piece.length;
    if (this.#sink !== undefined) {
      this.#body.update(piece);
      return await this.#sink(piece);
    }
    const from = this.#length;
    this.#hold(piece);
    const end = this.#headerEnd(from);
    if (end !== undefined || this.#length > MAX_HEADER) await this.#start(end);
  }

  /** There is no more. */
  async end(): Promise<TakenMessage> {
    const header = this.#header ?? await this.#start(undefined);
    return {
      header,
      headerHash: new Sha256().update(this.#held).digest().toHex(),
      bodyHash: this.#body.digest().toHex(),
      bytes: this.#bytes,
    };
  }

  /** Where the first empty line ends; what is before `from` was looked at. */
  #headerEnd(from: number): number | undefined {
    const octets = this.#held.subarray(0, this.#length);
    for (let lf = octets.indexOf(LF, from); lf >= 0; lf = octets.indexOf(LF, lf + 1)) {
      // Of CR alone, too, as for TOP: the header must be the same octets.
      let end = lf;
      while (end > this.#line && octets[end - 1] === CR) end--;
      if (end === this.#line) return lf + 1;
      this.#line = lf + 1;
    }
    return undefined;
  }

  #hold(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#held.length));
      grown.set(this.#held.subarray(0, this.#length));
      this.#held = grown;
    }
    this.#held.set(piece, this.#length);
    this.#length = length;
  }

  /** The header is over: where it ends, unless there is no end. */
  async #start(end: number | undefined): Promise<ParsedHeader> {
    const octets = this.#held.subarray(0, this.#length);
    this.#held = octets.slice(0, end);
    this.#header = parseHeaderBlock(this.#held);
    this.#sink = await this.#begin(this.#header);
    this.#body.update(octets.subarray(this.#held.length));
    await this.#sink(octets);
    return this.#header;
  }
}
