/**
 * The dots at the start of lines, both ways (RFC 5321 section 4.5.2, RFC 1939 section 3).
 *
 * Both directions keep their state across chunks, look at each octet once and copy runs.
 *
 * @module
 */

const NUL = 0;
const CR = 13;
const LF = 10;
const DOT = 46;

/** What to do with line ends that are not CRLF. */
export type LineEnds =
  /** A lone LF or CR becomes CRLF. */
  | "normalize"
  /** A lone LF or CR is refused. */
  | "exact";

/**
 * Makes any content safe for DATA: every line ends in CRLF, a dot at the start of a line is doubled,
 * and {@linkcode DotStuffer.end} gives the lone dot that ends it.
 *
 * Whatever the content and however it is cut, the output holds no lone CR or LF and exactly one
 * `CRLF . CRLF`, at its end.
 *
 * @example Usage
 * ```ts
 * import { DotStuffer } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const stuffer = new DotStuffer();
 * const text = new TextDecoder();
 * const out = text.decode(stuffer.push(new TextEncoder().encode(".hidden\n")).slice());
 * equal(out + text.decode(stuffer.end()), "..hidden\r\n.\r\n");
 * ```
 */
export class DotStuffer {
  readonly #exact: boolean;
  readonly #dots: boolean;
  #out = new Uint8Array(4096);
  #lineLength = 0;
  #longest = 0;
  #octets = 0;
  #afterCr = false; // held back: its LF may come with the next chunk
  #over = false;

  /**
   * A stuffer at the start of a content.
   *
   * @param options `lineEnds`: what to do with line ends that are not CRLF. `dots`: whether to double
   * dots and to end with one; without, only line ends are made right, for BDAT (RFC 3030).
   * @default {{ lineEnds: "normalize", dots: true }}
   */
  constructor(options: { readonly lineEnds?: LineEnds; readonly dots?: boolean } = {}) {
    this.#exact = options.lineEnds === "exact";
    this.#dots = options.dots ?? true;
  }

  /** The longest line of this content so far, in octets without its CRLF. */
  get longestLine(): number {
    return Math.max(this.#longest, this.#lineLength);
  }

  /** How many octets of this content were pushed. */
  get octets(): number {
    return this.#octets;
  }

  /**
   * Takes a chunk and gives what goes on the wire for it.
   *
   * @param chunk Content, cut anywhere.
   * @returns A view that is valid until the next call.
   * @throws {SyntaxError} If the chunk holds NUL, or, with `exact`, a lone CR or LF.
   */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#over) {
      this.#over = false;
      this.#longest = this.#octets = 0;
    }
    const { length } = chunk;
    const base = this.#octets;
    this.#octets += length;
    if (length === 0) return NOTHING;
    // The worst case doubles every octet (line feeds, dots behind them); two more for a held-back CR.
    if (this.#out.length < 2 * length + 2) this.#out = new Uint8Array(2 * length + 2);
    const out = this.#out;
    let written = 0;
    let from = 0; // the first octet that is not yet written
    let begin = -this.#lineLength; // the first octet of the line; negative: in an earlier chunk
    let fresh = this.#lineLength === 0;
    if (this.#afterCr) {
      out[written++] = CR;
      fresh = chunk[0] !== LF;
      if (fresh) {
        this.#alone("CR", base - 1);
        out[written++] = LF;
        this.#longest = this.longestLine;
        begin = 0;
      }
    }
    if (fresh && this.#dots && chunk[0] === DOT) out[written++] = DOT;

    for (let at = 0; at < length; at++) {
      const octet = chunk[at] as number; // within bounds
      if (octet > CR) continue; // a plain loop over the octets is faster here than two of indexOf
      let lineLength = at - begin;
      if (octet === LF) {
        const crlf = at === 0 ? this.#afterCr : chunk[at - 1] === CR;
        if (!crlf) {
          this.#alone("LF", base + at);
          written = copyRun(chunk, from, at, out, written);
          out[written++] = CR;
          from = at;
        } else if (at > 0) lineLength--;
      } else if (octet === CR && at + 1 < length && chunk[at + 1] !== LF) {
        this.#alone("CR", base + at);
        written = copyRun(chunk, from, at + 1, out, written);
        out[written++] = LF;
        from = at + 1;
      } else if (octet === NUL) {
        throw new SyntaxError(`Cannot send octet ${base + at}: NUL is not text`);
      } else continue;
      if (lineLength > this.#longest) this.#longest = lineLength;
      begin = at + 1;
      if (this.#dots && chunk[begin] === DOT) {
        written = copyRun(chunk, from, begin, out, written);
        out[written++] = DOT;
        from = begin;
      }
    }

    this.#afterCr = chunk[length - 1] === CR;
    const stop = this.#afterCr ? length - 1 : length;
    this.#lineLength = stop - begin;
    return out.subarray(0, copyRun(chunk, from, stop, out, written));
  }

  /**
   * Ends the content: the missing CRLF if the last line has none, and the lone dot.
   *
   * @returns The octets that end DATA. The next push begins another content.
   * @throws {SyntaxError} If, with `exact`, the content ends in a lone CR.
   */
  end(): Uint8Array {
    if (this.#afterCr) this.#alone("CR", this.#octets - 1);
    // An empty content is not given an empty line: the dot follows the CRLF of "DATA" itself.
    const ended = this.#lineLength === 0 && !this.#afterCr;
    this.#longest = this.longestLine;
    this.#lineLength = 0;
    this.#afterCr = false;
    this.#over = true;
    if (!this.#dots) return ended ? NOTHING : CRLF;
    return ended ? DOT_LINE : CRLF_DOT_LINE;
  }

  #alone(what: "CR" | "LF", at: number): void {
    if (!this.#exact) return;
    throw new SyntaxError(
      `Cannot send octet ${at}: a lone ${what} is not a line end, and the content must stay exact`,
    );
  }
}

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);
const CRLF: Uint8Array = new TextEncoder().encode("\r\n");
const DOT_LINE: Uint8Array = new TextEncoder().encode(".\r\n");
const CRLF_DOT_LINE: Uint8Array = new TextEncoder().encode("\r\n.\r\n");

/** Copies octets and says where the next goes. A call of `set` does not pay for a few. */
function copyRun(
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): number {
  if (to - from > 32) {
    target.set(source.subarray(from, to), at);
    return at + to - from;
  }
  for (let next = from; next < to; next++) target[at++] = source[next] as number; // within bounds
  return at;
}

/** What ends a dot-stuffed body. */
export type BodyEnd =
  /** Only CRLF ends a line: `CRLF . CRLF`. What others take for an end stays content. */
  | "crlf"
  /** A lone LF ends a line too: for a peer that speaks so from its greeting on. */
  | "lf";

/**
 * Reads a dot-stuffed body: takes away the doubled dots and finds the end.
 *
 * @example Usage
 * ```ts
 * import { DotUnstuffer } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const body = new DotUnstuffer();
 * const input = new TextEncoder().encode("..hidden\r\n.\r\nQUIT");
 * const out = new TextDecoder().decode(body.push(input));
 * equal(out, ".hidden\r\n");
 * equal(body.ended, true);
 * equal(body.consumed, 13); // QUIT is not ours
 * ```
 */
export class DotUnstuffer {
  readonly #bodyEnd: BodyEnd;
  #out = new Uint8Array(4096);
  // Where in a line it is. Behind "dot" and "dot-cr" stand octets that are not given out yet.
  #state: "start" | "dot" | "dot-cr" | "text" | "cr" = "start";
  #ended = false;
  #consumed = 0;
  #bareLf = false;

  /**
   * A reader at the start of a body.
   *
   * @param options `bodyEnd`: what ends a line.
   * @default {{ bodyEnd: "crlf" }}
   */
  constructor(options: { readonly bodyEnd?: BodyEnd } = {}) {
    this.#bodyEnd = options.bodyEnd ?? "crlf";
  }

  /** Whether the lone dot has been seen. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How many octets of the last chunk belong to the body, its end included. */
  get consumed(): number {
    return this.#consumed;
  }

  /** Whether a lone LF has been seen. */
  get bareLf(): boolean {
    return this.#bareLf;
  }

  /**
   * Takes a chunk and gives the content in it.
   *
   * @param chunk What arrived, cut anywhere.
   * @returns A view that is valid until the next call.
   */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#out.length < chunk.length + 2) this.#out = new Uint8Array(chunk.length + 2);
    const out = this.#out;
    let written = 0;
    let position = 0;
    while (position < chunk.length && !this.#ended) {
      const octet = chunk[position] as number; // within bounds
      switch (this.#state) {
        case "start":
          if (octet === DOT) {
            this.#state = "dot";
            position++;
          } else this.#state = "text";
          break;
        case "dot": // the dot itself is dropped: it was added, or it is the end
          if (octet === CR) {
            this.#state = "dot-cr";
            position++;
          } else if (octet === LF && this.#bodyEnd === "lf") {
            this.#bareLf = this.#ended = true;
            position++;
          } else this.#state = "text";
          break;
        case "dot-cr":
          if (octet === LF) {
            this.#ended = true;
            position++;
          } else {
            out[written++] = CR; // it was no end: the CR is content
            this.#state = "text";
          }
          break;
        case "cr":
          out[written++] = octet;
          position++;
          this.#state = octet === LF ? "start" : octet === CR ? "cr" : "text";
          break;
        case "text": {
          const stop = this.#lineStop(chunk, position);
          out.set(chunk.subarray(position, stop), written);
          written += stop - position;
          position = stop;
          break;
        }
      }
    }
    this.#consumed = position;
    return out.subarray(0, written);
  }

  /** The end of the run that begins in the middle of a line and can be copied as it is. */
  #lineStop(chunk: Uint8Array, from: number): number {
    let at = chunk.indexOf(LF, from);
    while (at >= 0) {
      const crlf = at > from && chunk[at - 1] === CR;
      if (!crlf) this.#bareLf = true;
      if (crlf || this.#bodyEnd === "lf") {
        this.#state = "start";
        // Lines that do not begin with a dot are part of the same run.
        if (at + 1 < chunk.length && chunk[at + 1] !== DOT) this.#state = "text";
        else return at + 1;
      }
      at = chunk.indexOf(LF, at + 1);
    }
    this.#state = chunk[chunk.length - 1] === CR ? "cr" : "text";
    return chunk.length;
  }
}
