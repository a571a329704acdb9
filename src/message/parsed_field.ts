/**
 * One field of a received header: octets, and text when somebody asks for it.
 *
 * @module
 */

import { decodeOctets } from "./charset.ts";
import { decodeWords } from "./encoded_word.ts";

/** One field of a received header. */
export interface ParsedField {
  /** The name as it was written. */
  readonly name: string;
  /** Where the field begins, in octets. */
  readonly at: number;
  /** The octets behind the colon, folds included: a view, without the last line end. */
  readonly raw: Uint8Array;
  /** The value on one line, without outer blanks; encoded words are still encoded. */
  readonly value: string;
  /** The value as people read it: encoded words are decoded. It may hold any character. */
  readonly text: string;
}

const LF = 10;
const CR = 13;

/** A field that decodes itself once, and not before that is wanted. */
export class LazyField implements ParsedField {
  readonly name: string;
  readonly at: number;
  readonly raw: Uint8Array;
  readonly #likely: () => TextDecoder | undefined;
  #value: string | undefined;
  #text: string | undefined;

  /** `likely` gives what to try for octets that are not UTF-8. */
  constructor(
    name: string,
    at: number,
    { raw, likely }: { readonly raw: Uint8Array; readonly likely: () => TextDecoder | undefined },
  ) {
    this.name = name;
    this.at = at;
    this.raw = raw;
    this.#likely = likely;
  }

  get value(): string {
    return this.#value ??= decodeOctets(unfolded(this.raw), this.#likely)
      .replace(/[\t\r]/g, " ").trim();
  }

  get text(): string {
    return this.#text ??= decodeWords(this.value, { lenient: true });
  }
}

/** Where a line ends without its line end; several CR before the LF are one line end, too. */
export function lineEnd(bytes: Uint8Array, start: number, lf: number): number {
  let end = lf;
  while (end > start && bytes[end - 1] === CR) end--;
  return end;
}

/** RFC 5322 section 2.2.3: the line ends go, the blanks behind them stay. */
function unfolded(raw: Uint8Array): Uint8Array {
  const octets = new Uint8Array(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length;) {
    const lf = raw.indexOf(LF, at);
    const line = raw.subarray(at, lf < 0 ? raw.length : lineEnd(raw, at, lf));
    octets.set(line, length);
    length += line.length;
    at = lf < 0 ? raw.length : lf + 1;
  }
  return octets.subarray(0, length);
}
