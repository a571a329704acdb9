/**
 * Comma-separated values (RFC 4180), as they come, with the physical line of each record.
 *
 * @module
 */

import { ListError } from "./list_error.ts";

/** A record: its cells, or what is wrong with it. */
export interface CsvRecord {
  /** The physical line on which it begins, the first is 1. */
  readonly line: number;
  /** The cells, as far as they could be read. */
  readonly cells: readonly string[];
  /** What is wrong with it. */
  readonly error?: ListError;
}

/** The most characters of a cell: an unclosed quote stops here, and not at the end of the list. */
export const MAX_CELL = 65_536;
/** The most cells of a record. */
const MAX_CELLS = 1_000;

const QUOTE = 0x22;
const CR = 0x0d;
const LF = 0x0a;

/**
 * Cuts text into records. Blanks belong to cells; a quoted cell may hold separators, quotes and lines.
 *
 * A record that is wrong is given with its error, and the next line begins a new one. A quote that is
 * never closed cannot be passed over: it is thrown.
 */
export class CsvReader {
  #state: "begin" | "plain" | "quoted" | "quote" | "cr" = "begin";
  #cell = "";
  #cells: string[] = [];
  #error: ListError | undefined;
  /** The line that is being read, and those on which the record and its quoted cell began. */
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  readonly #separator: number;

  /**
   * Makes one.
   *
   * @param separator The character between cells.
   */
  constructor(separator = ",") {
    this.#separator = separator.charCodeAt(0);
  }

  /**
   * Takes the next piece of text.
   *
   * @param text The piece.
   * @returns The records that end in it.
   * @throws {ListError} If a cell grows too long.
   */
  *push(text: string): Generator<CsvRecord> {
    let from = 0; // what belongs to the cell and is not in it yet begins here
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#state === "quoted") {
        if (code === LF) this.#line++;
        if (code !== QUOTE) continue;
        this.#take(text, from, at);
        this.#state = "quote";
        continue;
      }
      if (this.#state === "quote" && code === QUOTE) { // a doubled one stands for itself
        this.#state = "quoted";
        from = at;
        continue;
      }
      if (this.#state === "cr" && code !== LF) {
        this.#fail("a carriage return without a line feed stands in it");
        this.#state = "plain";
      }
      if (code === QUOTE && this.#state === "begin") {
        this.#state = "quoted";
        this.#quoteLine = this.#line;
        from = at + 1;
      } else if (code === this.#separator) {
        this.#endCell(text, from, at);
        from = at + 1;
      } else if (code === CR) {
        if (this.#state !== "quote") this.#take(text, from, at);
        this.#state = "cr";
        from = at + 1;
      } else if (code === LF) {
        if (this.#state === "plain") this.#take(text, from, at);
        yield* this.#endRecord();
        from = at + 1;
      } else if (this.#state === "quote") {
        this.#fail("text follows the closing quote of a cell");
        this.#state = "plain";
        from = at;
      } else {
        if (code === QUOTE) this.#fail("a quote stands in a cell that does not begin with one");
        if (this.#state === "begin") from = at;
        this.#state = "plain";
      }
    }
    if (this.#state === "plain" || this.#state === "quoted") this.#take(text, from, text.length);
  }

  /**
   * Takes the end of the text.
   *
   * @returns The last record, if its line has no end.
   * @throws {ListError} If a quote is not closed.
   */
  *end(): Generator<CsvRecord> {
    if (this.#state === "quoted") {
      throw new ListError(this.#quoteLine, "a quote is opened here and never closed");
    }
    if (this.#state === "cr") this.#fail("a carriage return without a line feed stands in it");
    if (this.#state !== "begin" || this.#cells.length > 0) yield* this.#endRecord();
  }

  #take(text: string, from: number, to: number): void {
    this.#cell += text.slice(from, to);
    if (this.#cell.length <= MAX_CELL) return;
    const quoted = this.#state === "quoted" || this.#state === "quote";
    throw new ListError(
      quoted ? this.#quoteLine : this.#line,
      `a cell is longer than ${MAX_CELL} characters${
        quoted ? ": a quote is opened here, is it closed" : ""
      }`,
    );
  }

  #endCell(text: string, from: number, to: number): void {
    if (this.#state === "plain") this.#take(text, from, to);
    this.#cells.push(this.#cell);
    this.#cell = "";
    this.#state = "begin";
    if (this.#cells.length >= MAX_CELLS) {
      throw new ListError(this.#line, `it has more than ${MAX_CELLS} cells`);
    }
  }

  *#endRecord(): Generator<CsvRecord> {
    const cells = this.#cells;
    cells.push(this.#cell);
    const record = { line: this.#recordLine, cells };
    const error = this.#error;
    // An empty line is no record; an empty quoted cell is one.
    const blank = cells.length === 1 && this.#cell === "" && this.#state !== "quote" &&
      error === undefined;
    this.#cells = [];
    this.#cell = "";
    this.#error = undefined;
    this.#state = "begin";
    this.#recordLine = ++this.#line;
    if (!blank) yield error === undefined ? record : { ...record, error };
  }

  #fail(reason: string): void {
    this.#error ??= new ListError(this.#line, reason);
  }
}
