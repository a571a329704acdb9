/**
 * The dots at the start of lines, both ways (RFC 5321 section 4.5.2, RFC 1939 section 3).
 *
 * Both directions keep their state across chunks, look for line ends with `indexOf` and copy runs.
 *
 * @module
 */

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
 * import { DotStuffer } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const stuffer = new DotStuffer();
 * const text = new TextDecoder();
 * const out = text.decode(stuffer.push(new TextEncoder().encode(".hidden\n")).slice());
 * equal(out + text.decode(stuffer.end()), "..hidden\r\n.\r\n");
 * ```
 */
export class DotStuffer {
  readonly #lineEnds: LineEnds;
  readonly #dots: boolean;
  #out = new Uint8Array(4096);
  #lineLength = 0;
  #longest = 0;
  #afterCr = false;
  #atStart = true;
  #octets = 0;

  /**
   * Makes one.
   *
   * @param options `lineEnds`: what to do with line ends that are not CRLF. @default {"normalize"}
   */
  constructor(options: { readonly lineEnds?: LineEnds; readonly dots?: boolean } = {}) {
    this.#lineEnds = options.lineEnds ?? "normalize";
    this.#dots = options.dots ?? true;
  }

  /** The longest line so far, in octets without its CRLF. */
  get longestLine(): number {
    return Math.max(this.#longest, this.#lineLength);
  }

  /** How many octets of content were pushed. */
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
    const base = this.#octets;
    this.#octets += chunk.length;
    const nul = chunk.indexOf(0);
    if (nul >= 0) throw new SyntaxError(`Cannot send octet ${base + nul}: NUL is not text`);
    // The worst case doubles every octet (only line feeds, or only dots behind them), and one more
    // for a CR held back.
    if (this.#out.length < 2 * chunk.length + 2) this.#out = new Uint8Array(2 * chunk.length + 2);
    const out = this.#out;
    let written = 0;
    let position = 0;
    let nextCr = chunk.indexOf(CR);
    let nextLf = chunk.indexOf(LF);
    if (this.#afterCr && chunk.length > 0) {
      this.#afterCr = false;
      if (nextLf === 0) {
        position = 1;
        nextLf = chunk.indexOf(LF, 1);
      } else this.#refuseIfExact("CR", base - 1);
      written = this.#endLine(out, written);
    }
    while (position < chunk.length) {
      if (this.#atStart) {
        this.#atStart = false;
        if (this.#dots && chunk[position] === DOT) out[written++] = DOT;
      }
      const stop = firstOf(nextCr, nextLf, chunk.length);
      if (stop > position) {
        const run = position === 0 && stop === chunk.length
          ? chunk
          : chunk.subarray(position, stop);
        out.set(run, written);
        written += run.length;
        this.#lineLength += run.length;
      }
      if (stop === chunk.length) break;
      if (stop === nextLf) {
        this.#refuseIfExact("LF", base + stop);
        position = stop + 1;
      } else if (stop + 1 === chunk.length) {
        this.#afterCr = true; // its LF may come with the next chunk
        break;
      } else if (nextLf === stop + 1) {
        position = stop + 2;
      } else {
        this.#refuseIfExact("CR", base + stop);
        position = stop + 1;
      }
      if (nextCr < position && nextCr >= 0) nextCr = chunk.indexOf(CR, position);
      if (nextLf < position && nextLf >= 0) nextLf = chunk.indexOf(LF, position);
      written = this.#endLine(out, written);
    }
    return out.subarray(0, written);
  }

  /**
   * Ends the content: the missing CRLF if the last line has none, and the lone dot.
   *
   * @returns The octets that end DATA. The stuffer is then ready for the next content.
   */
  end(): Uint8Array {
    if (this.#afterCr) this.#refuseIfExact("CR", this.#octets - 1);
    // An empty content is not given an empty line: the dot follows the CRLF of "DATA" itself.
    const bare = this.#atStart && !this.#afterCr;
    this.#longest = Math.max(this.#longest, this.#lineLength);
    this.#lineLength = 0;
    this.#octets = 0;
    this.#afterCr = false;
    this.#atStart = true;
    if (!this.#dots) return bare ? NOTHING : CRLF;
    return bare ? DOT_LINE : CRLF_DOT_LINE;
  }

  #endLine(out: Uint8Array, written: number): number {
    out[written] = CR;
    out[written + 1] = LF;
    if (this.#lineLength > this.#longest) this.#longest = this.#lineLength;
    this.#lineLength = 0;
    this.#atStart = true;
    return written + 2;
  }

  #refuseIfExact(what: "CR" | "LF", at: number): void {
    if (this.#lineEnds === "exact") {
      throw new SyntaxError(
        `Cannot send octet ${at}: a lone ${what} is not a line end, and the content must stay exact`,
      );
    }
  }
}

const NOTHING = new Uint8Array(0);
const CRLF: Uint8Array = new TextEncoder().encode("\r\n");
const DOT_LINE: Uint8Array = new TextEncoder().encode(".\r\n");
const CRLF_DOT_LINE: Uint8Array = new TextEncoder().encode("\r\n.\r\n");

function firstOf(a: number, b: number, none: number): number {
  if (a < 0) return b < 0 ? none : b;
  return b < 0 || a < b ? a : b;
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
 * import { DotUnstuffer } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const body = new DotUnstuffer();
 * const input = new TextEncoder().encode("..hidden\r\n.\r\nQUIT");
 * const out = new TextDecoder().decode(body.push(input));
 * equal(out, ".hidden\r\n");
 * equal(body.ended, true);
 * equal(body.consumed, 12); // QUIT is not ours
 * ```
 */
export class DotUnstuffer {
  readonly #bodyEnd: BodyEnd;
  #out = new Uint8Array(4096);
  // What of a line has been held back: "" | "." | ".\r" at its start, or "\r" within it.
  #state: "start" | "dot" | "dot-cr" | "text" | "cr" = "start";
  #ended = false;
  #consumed = 0;
  #bareLf = false;

  /**
   * Makes one.
   *
   * @param options `bodyEnd`: what ends a line. @default {"crlf"}
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
      const octet = chunk[position];
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
          out[written++] = octet === undefined ? 0 : octet;
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
