/**
 * Reads the content of DATA: finds its end, takes the doubled dots away, and looks for what other
 * servers take for an end.
 *
 * @module
 */

import { DotUnstuffer } from "../wire/mod.ts";

const NUL = 0;
const LF = 10;
const CR = 13;

/** What is wrong with a content, in words for the reply. */
export type ContentBreach = "bare CR" | "bare LF" | "NUL";

/**
 * Takes the octets after 354 as they come and gives the content in them.
 *
 * Only `CRLF . CRLF` ends it, in both manners. What tells strict from lenient is the fate of the rest: a
 * lone CR or LF, or a NUL, is a breach or it is content.
 */
export class DataReader {
  readonly #dots = new DotUnstuffer();
  readonly #strict: boolean;
  #afterCr = false;
  #breach: ContentBreach | undefined;

  /**
   * Makes one.
   *
   * @param options `strict`: whether breaches are looked for. @default {true}
   */
  constructor({ strict = true }: { readonly strict?: boolean } = {}) {
    this.#strict = strict;
  }

  /** Whether the end has been seen. */
  get ended(): boolean {
    return this.#dots.ended;
  }

  /** How many octets of the last chunk belong to the content, its end included. */
  get consumed(): number {
    return this.#dots.consumed;
  }

  /** The first breach, if there was one. */
  get breach(): ContentBreach | undefined {
    return this.#breach;
  }

  /**
   * Takes a chunk.
   *
   * @param chunk What arrived, cut anywhere.
   * @returns The content in it: a view that is valid until the next call.
   */
  push(chunk: Uint8Array): Uint8Array {
    const content = this.#dots.push(chunk);
    if (this.#strict && this.#breach === undefined) {
      this.#inspect(chunk.subarray(0, this.consumed));
    }
    return content;
  }

  // RFC 5321 section 2.3.8: CR and LF stand only together (T-V02).
  #inspect(raw: Uint8Array): void {
    if (raw.length === 0) return;
    if (this.#afterCr && raw[0] !== LF) this.#breach = "bare CR";
    for (let lf = raw.indexOf(LF); lf >= 0; lf = raw.indexOf(LF, lf + 1)) {
      if (lf > 0 ? raw[lf - 1] !== CR : !this.#afterCr) this.#breach ??= "bare LF";
    }
    for (let cr = raw.indexOf(CR); cr >= 0 && cr < raw.length - 1; cr = raw.indexOf(CR, cr + 1)) {
      if (raw[cr + 1] !== LF) this.#breach ??= "bare CR";
    }
    if (raw.indexOf(NUL) >= 0) this.#breach ??= "NUL";
    this.#afterCr = raw[raw.length - 1] === CR;
  }
}
