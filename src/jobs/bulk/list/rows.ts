/**
 * The rows of a list, from CSV or JSON Lines, one at a time: a list may be longer than memory.
 *
 * @module
 */

import { parseAddress } from "../../../message/mod.ts";
import { CsvReader, type CsvRecord, MAX_CELL } from "./csv.ts";
import type { NewRow } from "../journal/journal.ts";
import { ListError } from "./list_error.ts";

/** What may stand between the cells of CSV: spreadsheets write what their country is used to. */
export type CsvSeparator = "," | ";" | "\t";

/** How a list is read. */
export interface ListOptions {
  /** What it is written in. @default {"csv"} */
  readonly format?: "csv" | "jsonl";
  /** What stands between the cells of CSV. @default {","} */
  readonly separator?: CsvSeparator;
  /** The column that holds the address. @default {"email"} */
  readonly emailColumn?: string;
  /** Whether an IP address in brackets may stand for a domain. @default {false} */
  readonly allowLiterals?: boolean;
}

/** The longest line of JSON, in characters. */
const MAX_LINE = 1_048_576;
/** Names that JavaScript gives a meaning of its own. */
const NOT_COLUMNS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads a list. What is wrong with one row is given in its place; what makes the rest of the list
 * meaningless is thrown.
 *
 * @param octets The list, in UTF-8.
 * @param options How it is read.
 * @returns The rows, and errors in the place of rows.
 * @throws {ListError} If the list cannot be read further.
 *
 * @example Usage
 * ```ts
 * import { readList } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * const list = new TextEncoder().encode("email,name\nann@mail.example,Ann\nbob,Bob\n");
 * const seen: string[] = [];
 * for await (const row of readList([list])) {
 *   seen.push(row instanceof Error ? `line ${row.line} is wrong` : `${row.fields.name}: ${row.key}`);
 * }
 * deepEqual(seen, ["Ann: ann@mail.example", "line 3 is wrong"]);
 * ```
 */
export async function* readList(
  octets: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ListOptions = {},
): AsyncGenerator<NewRow | ListError> {
  const { format = "csv", separator = ",", emailColumn = "email", allowLiterals = false } = options;
  const reader = format === "csv" ? new CsvRows(separator, emailColumn) : new JsonRows();
  const row = (raw: RawRow): NewRow | ListError => {
    const { line, fields } = raw;
    try {
      const recipient = fields[emailColumn];
      if (recipient === undefined) return new ListError(line, `"${emailColumn}" is missing`);
      if (recipient === "") return new ListError(line, "the address is missing", emailColumn);
      const address = parseAddress(recipient, { allowLiterals });
      return { line, recipient: address.toString(), key: address.key, fields };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return new ListError(line, error.message, emailColumn);
    }
  };
  for await (const text of decoded(octets)) {
    for (const raw of reader.push(text)) yield raw instanceof ListError ? raw : row(raw);
  }
  for (const raw of reader.end()) yield raw instanceof ListError ? raw : row(raw);
}

/** A row before its address was looked at. */
interface RawRow {
  readonly line: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** The text of a list, piece by piece, without a byte order mark. */
async function* decoded(
  octets: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let line = 1;
  let first = true;
  const checked = (text: string): string => {
    // A replacement character is what octets become that are not UTF-8, or were not once.
    const wrong = text.search(/[\0\ufffd]/);
    if (wrong >= 0) {
      const at = line + count(text.slice(0, wrong));
      throw new ListError(
        at,
        text[wrong] === "\0" ? "it holds NUL: is it UTF-16" : "it is not UTF-8",
      );
    }
    line += count(text);
    return text;
  };
  for await (const piece of octets) {
    if (first && isUtf16(piece)) throw new ListError(1, "it is UTF-16: expected UTF-8");
    if (piece.length > 0) first = false;
    yield checked(decoder.decode(piece, { stream: true }));
  }
  yield checked(decoder.decode());
}

function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function count(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

class CsvRows {
  readonly #csv: CsvReader;
  readonly #separator: CsvSeparator;
  readonly #emailColumn: string;
  #columns: readonly string[] | undefined;

  constructor(separator: CsvSeparator, emailColumn: string) {
    this.#csv = new CsvReader(separator);
    this.#separator = separator;
    this.#emailColumn = emailColumn;
  }

  *push(text: string): Generator<RawRow | ListError> {
    for (const record of this.#csv.push(text)) yield* this.#row(record);
  }

  *end(): Generator<RawRow | ListError> {
    for (const record of this.#csv.end()) yield* this.#row(record);
    if (this.#columns === undefined) throw new ListError(1, "it is empty: expected a header row");
  }

  *#row({ line, cells, error }: CsvRecord): Generator<RawRow | ListError> {
    if (this.#columns === undefined) {
      if (error !== undefined) throw error;
      checkSeparator(cells, line, this.#separator);
      this.#columns = checkColumns(cells, line, this.#emailColumn);
      return;
    }
    if (error !== undefined) return yield error;
    if (cells.length !== this.#columns.length) {
      const wanted = this.#columns.length;
      const has = cells.length === 1 ? "1 cell" : `${cells.length} cells`;
      return yield new ListError(line, `it has ${has}, the header has ${wanted}`);
    }
    const fields: Record<string, string> = Object.create(null);
    this.#columns.forEach((column, at) => fields[column] = cells[at] ?? "");
    yield { line, fields };
  }
}

/** A header in one piece that holds another separator was written with that one. */
function checkSeparator(columns: readonly string[], line: number, separator: CsvSeparator): void {
  const [header = ""] = columns;
  if (columns.length > 1) return;
  const other = [",", ";", "\t", "|"].find((each) => each !== separator && header.includes(each));
  if (other === undefined) return;
  const name = (each: string): string => each === "\t" ? "a tab" : `"${each}"`;
  throw new ListError(
    line,
    `the separator of its columns is ${name(other)}, expected ${name(separator)}`,
  );
}

function checkColumns(columns: readonly string[], line: number, email: string): readonly string[] {
  const seen = new Set<string>();
  for (const column of columns) {
    if (column.trim() !== column || column === "") {
      throw new ListError(line, `"${column}" is no name of a column`);
    }
    if (NOT_COLUMNS.has(column)) throw new ListError(line, `"${column}" cannot name a column`);
    if (seen.has(column)) throw new ListError(line, `two columns are named "${column}"`);
    seen.add(column);
  }
  if (!seen.has(email)) {
    const near = columns.find((column) => column.toLowerCase() === email.toLowerCase());
    const hint = near === undefined
      ? `has ${columns.map((each) => `"${each}"`).join(", ")}`
      : `has "${near}"`;
    throw new ListError(line, `no column is named "${email}", it ${hint}`);
  }
  return columns;
}

class JsonRows {
  #line = 1;
  #rest = "";

  *push(text: string): Generator<RawRow | ListError> {
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      yield* this.#row(this.#rest + text.slice(from, at));
      this.#rest = "";
      this.#line++;
      from = at + 1;
    }
    this.#rest += text.slice(from);
    if (this.#rest.length > MAX_LINE) {
      throw new ListError(this.#line, `it is longer than ${MAX_LINE} characters`);
    }
  }

  *end(): Generator<RawRow | ListError> {
    yield* this.#row(this.#rest);
  }

  *#row(text: string): Generator<RawRow | ListError> {
    if (text.trim() === "") return;
    const line = this.#line;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return yield new ListError(line, `it is not JSON: ${error.message}`);
    }
    yield toRow(value, line);
  }
}

function toRow(value: unknown, line: number): RawRow | ListError {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new ListError(line, "it is not a JSON object");
  }
  const fields: Record<string, string> = Object.create(null);
  for (const [name, field] of Object.entries(value)) {
    if (NOT_COLUMNS.has(name)) return new ListError(line, `"${name}" cannot name a field`);
    // A number or a word is written the same way by everybody; what null should look like, nobody knows.
    if (typeof field !== "string" && typeof field !== "number" && typeof field !== "boolean") {
      return new ListError(line, `expected a text, a number, true or false`, name);
    }
    const text = String(field);
    if (text.length > MAX_CELL) {
      return new ListError(line, `it is longer than ${MAX_CELL} characters`, name);
    }
    if (/[\0\ufffd]/.test(text)) {
      return new ListError(line, "it holds NUL or what is no text", name);
    }
    fields[name] = text;
  }
  return { line, fields };
}
