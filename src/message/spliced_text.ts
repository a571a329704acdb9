/**
 * A text that is the same for many messages but for the values of a row: what is the same is encoded
 * once, and the values are spliced in.
 *
 * @module
 */

import { base64Size } from "./base64.ts";
import type { Header } from "./header.ts";
import { encodeQuotedPrintable } from "./quoted_printable.ts";
import type { Template, TemplateData, TemplateSink } from "./template.ts";
import { encodedText, ENCODINGS, longestLine, type TextOptions, textType } from "./text_body.ts";

/** A text as it is written: octets, and strings of ASCII. */
export interface SplicedOctets {
  /** How it is encoded, as a field. */
  readonly encoding: Header;
  /** Its pieces. */
  readonly chunks: readonly (Uint8Array | string)[];
  /** How many octets they are. */
  readonly size: number;
}

/** RFC 5322 section 2.1.1, without CRLF. */
const MAX_LINE = 998;
/** Quoted-printable: the last place of 76 is kept for the sign of a soft break. */
const MAX_COLUMN = 75;
const LF = 10;

const ASCII = /^[\t\r\n -~]*$/;
/** What is the same in quoted-printable and ends in no blank. */
const LITERAL = /^(?:[ -<>-~]{0,60}[!-<>-~])?$/;
/** A boundary begins with "--=_": what could be a part of it, together with what stands before. */
const BOUNDARY = /=_|^_/;

const encoder = new TextEncoder();
const CRLF = encoder.encode("\r\n");
const SOFT_BREAK = encoder.encode("=\r\n");

/** Encoded octets, and how they fill lines. */
interface Run {
  readonly chunk: Uint8Array | string;
  readonly size: number;
  readonly eightBit: boolean;
  /** The length of their first line, of their last and of their longest. */
  readonly first: number;
  readonly last: number;
  readonly longest: number;
  /** Whether a line ends in them. */
  readonly breaks: boolean;
}

/** A template, its literals encoded in both ways. */
export class SplicedText {
  readonly #template: Template;
  readonly #options: TextOptions;
  readonly #plain: readonly Run[];
  readonly #quoted: readonly Run[];
  /** Whether literals are safe beside a boundary, as they are. */
  readonly #open: boolean;
  /** Whether the text is encoded as a whole: it is wrapped, or base64 is shorter. */
  readonly #whole: boolean;

  constructor(template: Template, options: TextOptions) {
    this.#template = template;
    this.#options = options;
    const literals = template.literals.map((text) => encoder.encode(withCrlf(text)));
    const quoted = literals.map(encodeQuotedPrintable);
    this.#plain = literals.map(runOf);
    this.#quoted = quoted.map(runOf);
    this.#open = !template.literals.some((text) => text.includes("=_") || text.startsWith("_"));
    this.#whole = options.flowed === true ||
      base64Size(sum(literals)) < sum(quoted);
  }

  /** What it is, as a field. */
  get type(): Header {
    return textType(this.#options);
  }

  /** The octets that stand in every message as they are, if any do. */
  get literals(): Uint8Array[] {
    return this.#template.literals.map((text) => encoder.encode(withCrlf(text)));
  }

  /** Fills in a row. */
  splice(data: TemplateData): SplicedOctets {
    const pieces = new Pieces();
    this.#template.write(data, pieces);
    if (this.#whole) return this.#encoded(pieces.list);
    return (pieces.open && this.#open ? this.#asItIs(pieces.list) : undefined) ??
      this.#inQuotedPrintable(pieces.list);
  }

  #encoded(list: readonly Piece[]): SplicedOctets {
    const text = list.map((piece) =>
      typeof piece === "string" ? piece : this.#template.literals[piece]
    ).join("");
    const closed = text.includes("=_");
    const { headers, bytes } = encodedText(text, { ...this.#options, closed });
    const encoding = headers[1] as Header; // type and encoding are the two
    return { encoding, chunks: [bytes], size: bytes.length };
  }

  /** In 7bit or 8bit; `undefined` where that is not allowed. */
  #asItIs(list: readonly Piece[]): SplicedOctets | undefined {
    const chunks: (Uint8Array | string)[] = [];
    let size = 0;
    let column = 0;
    let eightBit = false;
    for (const piece of list) {
      const run = typeof piece === "number" ? this.#plain[piece] as Run : plainRun(piece); // parsed so
      if (run.size === 0) continue;
      if (run.longest > MAX_LINE || column + run.first > MAX_LINE) return undefined;
      eightBit ||= run.eightBit;
      column = run.breaks ? run.last : column + run.size;
      size += run.size;
      chunks.push(run.chunk);
    }
    if (eightBit && !this.#options.eightBit) return undefined;
    return ended(chunks, size, { column, encoding: ENCODINGS[eightBit ? "8bit" : "7bit"] });
  }

  /** A soft break stands where a piece would not fit on the line. */
  #inQuotedPrintable(list: readonly Piece[]): SplicedOctets {
    const chunks: (Uint8Array | string)[] = [];
    let size = 0;
    let column = 0;
    for (const piece of list) {
      const run = typeof piece === "number" ? this.#quoted[piece] as Run : quotedRun(piece);
      if (run.size === 0) continue;
      if (column > 0 && column + run.first > MAX_COLUMN) {
        chunks.push(SOFT_BREAK);
        size += SOFT_BREAK.length;
        column = 0;
      }
      column = run.breaks ? run.last : column + run.size;
      size += run.size;
      chunks.push(run.chunk);
    }
    return ended(chunks, size, { column, encoding: ENCODINGS["quoted-printable"] });
  }
}

/** A literal by its index, or a value. */
type Piece = number | string;

/** The pieces of one row. */
class Pieces implements TemplateSink {
  readonly list: Piece[] = [];
  /** Whether no value needs to be encoded for its own sake. */
  open = true;

  literal(index: number): void {
    this.list.push(index);
  }

  value(text: string): void {
    if (BOUNDARY.test(text) || text.includes("\0")) this.open = false;
    this.list.push(text);
  }
}

function plainRun(value: string): Run {
  if (!ASCII.test(value)) return runOf(encoder.encode(withCrlf(value)));
  if (value.includes("\n") || value.includes("\r")) return runOf(encoder.encode(withCrlf(value)));
  return lineRun(value);
}

function quotedRun(value: string): Run {
  if (LITERAL.test(value)) return lineRun(value);
  return runOf(encodeQuotedPrintable(encoder.encode(withCrlf(value))));
}

/** ASCII in which no line ends. */
function lineRun(chunk: string): Run {
  const size = chunk.length;
  return { chunk, size, eightBit: false, first: size, last: size, longest: size, breaks: false };
}

function runOf(chunk: Uint8Array): Run {
  const size = chunk.length;
  const eightBit = chunk.some((octet) => octet > 127);
  const lf = chunk.indexOf(LF);
  if (lf < 0) {
    return { chunk, size, eightBit, first: size, last: size, longest: size, breaks: false };
  }
  const last = size - 1 - chunk.lastIndexOf(LF);
  const longest = Math.max(longestLine(chunk), last);
  return { chunk, size, eightBit, first: lf - 1, last, longest, breaks: true };
}

/** The last line ends, too. */
function ended(
  chunks: (Uint8Array | string)[],
  size: number,
  { column, encoding }: { readonly column: number; readonly encoding: Header },
): SplicedOctets {
  if (column === 0) return { encoding, chunks, size };
  chunks.push(CRLF);
  return { encoding, chunks, size: size + CRLF.length };
}

function withCrlf(text: string): string {
  return /[\r\n]/.test(text) ? text.replace(/\r\n?|\n/g, "\r\n") : text;
}

function sum(arrays: readonly Uint8Array[]): number {
  return arrays.reduce((size, { length }) => size + length, 0);
}
