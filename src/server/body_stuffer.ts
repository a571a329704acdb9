/**
 * Dots for the body of a POP3 reply (RFC 1939 section 3).
 *
 * @module
 */

const LF = 10;
const CR = 13;
const DOT = 46;

/**
 * Doubles the dots at the start of lines and leaves every other octet alone, lone CR and LF and NUL
 * too: who reads by the letter gets the content octet by octet. A maildrop has what it has, and its
 * server is not the one to mend it.
 *
 * Only CRLF begins a line, as only CRLF ends one.
 */
export class BodyStuffer {
  #out = new Uint8Array(0);
  // Where in a line the next octet stands.
  #state: "start" | "text" | "cr" = "start";

  /**
   * Takes a chunk and gives what goes on the wire for it.
   *
   * @param chunk Content, cut anywhere.
   * @returns The chunk itself, or a view that is valid until the next call.
   */
  push(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    let from = 0; // the first octet that is not yet copied
    let written = 0;
    for (let at = chunk.indexOf(DOT); at >= 0; at = chunk.indexOf(DOT, at + 1)) {
      if (!this.#beginsLine(chunk, at)) continue;
      // A dot at the start of a line has two octets of its own before it, but for the first of a chunk.
      const most = Math.ceil(chunk.length * 4 / 3) + 1;
      if (this.#out.length < most) this.#out = new Uint8Array(most);
      this.#out.set(chunk.subarray(from, at), written);
      written += at - from;
      this.#out[written++] = DOT;
      from = at;
    }
    this.#state = this.#stateAfter(chunk);
    if (written === 0) return chunk;
    this.#out.set(chunk.subarray(from), written);
    return this.#out.subarray(0, written + chunk.length - from);
  }

  /**
   * Ends the content.
   *
   * @returns The CRLF that its last line lacks, so that the dot that ends the body begins a line.
   */
  end(): Uint8Array {
    return this.#state === "start" ? new Uint8Array(0) : Uint8Array.of(CR, LF);
  }

  #beginsLine(chunk: Uint8Array, at: number): boolean {
    if (at === 0) return this.#state === "start";
    if (chunk[at - 1] !== LF) return false;
    return at === 1 ? this.#state === "cr" : chunk[at - 2] === CR;
  }

  #stateAfter(chunk: Uint8Array): "start" | "text" | "cr" {
    if (this.#beginsLine(chunk, chunk.length)) return "start";
    return chunk[chunk.length - 1] === CR ? "cr" : "text";
  }
}
