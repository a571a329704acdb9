/**
 * The canonical forms of header and body that a DKIM signature covers (RFC 6376 section 3.4).
 *
 * @module
 */

import { Sha256 } from "./sha256.ts";

/** How much may change on the way: line folds and blanks (`relaxed`), or nothing (`simple`). */
export type Canonicalization = "relaxed" | "simple";

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const BUFFER = 16 * 1024;

/** Hashes the canonical form of a body that comes in chunks. */
export class BodyHash {
  readonly #relaxed: boolean;
  readonly #hash = new Sha256();
  readonly #out = new Uint8Array(BUFFER);
  #used = 0;
  #empty = true;
  /** Line ends that count only if something follows: empty lines at the end are ignored. */
  #lines = 0;
  #blank = false;
  #afterCr = false;

  constructor(canonicalization: Canonicalization) {
    this.#relaxed = canonicalization === "relaxed";
  }

  /** Takes a chunk. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      const octet = chunk[at] as number; // at is below the length
      if (this.#afterCr) {
        this.#afterCr = false;
        if (octet === LF) {
          this.#lines++;
          this.#blank = false; // section 3.4.4: blanks at the end of a line are ignored
          continue;
        }
        this.#put(CR);
      }
      if (octet === CR) this.#afterCr = true;
      else if (this.#relaxed && (octet === SPACE || octet === TAB)) this.#blank = true;
      else this.#put(octet);
    }
  }

  /** Ends the body and gives the hash in base64. */
  digest(): string {
    if (this.#afterCr) this.#put(CR);
    // Section 3.4.3 and 3.4.4: an empty body is one line end in the simple form, and nothing else.
    if (!this.#empty || !this.#relaxed) this.#lineEnd();
    return this.#hash.update(this.#out.subarray(0, this.#used)).digest().toBase64();
  }

  #put(octet: number): void {
    this.#empty = false;
    for (; this.#lines > 0; this.#lines--) this.#lineEnd();
    if (this.#blank) this.#write(SPACE);
    this.#blank = false;
    this.#write(octet);
  }

  #lineEnd(): void {
    this.#write(CR);
    this.#write(LF);
  }

  #write(octet: number): void {
    if (this.#used === BUFFER) {
      this.#hash.update(this.#out);
      this.#used = 0;
    }
    this.#out[this.#used++] = octet;
  }
}

/** A field as it was written: its name, and the whole of it with its line end. */
export interface RawField {
  readonly name: string;
  readonly text: string;
}

/** Cuts a header into its fields; the name is in lower case. */
export function rawFields(header: string): RawField[] {
  return header.split(/\r\n(?![\t ])/).filter((text) => text !== "").map((text) => ({
    name: text.slice(0, text.indexOf(":")).trimEnd().toLowerCase(),
    text: `${text}\r\n`,
  }));
}

/** The canonical form of a field (sections 3.4.1 and 3.4.2). */
export function canonicalField({ name, text }: RawField, form: Canonicalization): string {
  if (form === "simple") return text;
  const value = text.slice(text.indexOf(":") + 1).replaceAll("\r\n", "").replace(/[\t ]+/g, " ");
  return `${name}:${value.replace(/^ | $/g, "")}\r\n`;
}
