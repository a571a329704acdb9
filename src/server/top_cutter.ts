/**
 * The beginning of a message, for TOP (RFC 1939 section 7).
 *
 * @module
 */

const LF = 10;
const CR = 13;

/**
 * Lets the header, the empty line behind it and some lines of the body through. Here a lone LF ends a
 * line too: a header block without any CRLF has an end all the same.
 */
export class TopCutter {
  #left: number;
  #inHeader = true;
  /** What the line holds so far. */
  #line: "nothing" | "cr" | "text" = "nothing";
  #ended = false;

  /**
   * Makes one.
   *
   * @param lines How many lines of the body.
   */
  constructor(lines: number) {
    this.#left = lines;
  }

  /** Whether all that is wanted has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Takes a chunk.
   *
   * @param chunk Content, cut anywhere.
   * @returns The part of it that is wanted.
   */
  push(chunk: Uint8Array): Uint8Array {
    let begin = 0;
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, begin)) {
      if (!this.#inHeader) this.#left--;
      else if (this.#lineUpTo(chunk, begin, lf) !== "text") this.#inHeader = false;
      begin = lf + 1;
      this.#line = "nothing";
      if (!this.#inHeader && this.#left === 0) {
        this.#ended = true;
        return chunk.subarray(0, begin);
      }
    }
    this.#line = this.#lineUpTo(chunk, begin, chunk.length);
    return chunk;
  }

  #lineUpTo(chunk: Uint8Array, begin: number, end: number): "nothing" | "cr" | "text" {
    if (end === begin) return this.#line;
    return this.#line === "nothing" && end === begin + 1 && chunk[begin] === CR ? "cr" : "text";
  }
}
