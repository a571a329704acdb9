/**
 * The form of a journal's lines, and how they are read back. A line is `{"sum":"…","entry":…}`; the sum
 * is taken over the sum of the line before and the octets of the entry, so that a line that is missing,
 * repeated or moved is noticed like one that has changed.
 *
 * @module
 */

import { Sha256 } from "../../../message/mod.ts";
import type { FileStore } from "../../file_store.ts";
import { JournalError } from "./journal_error.ts";
import { joined } from "../octets.ts";

const LF = 0x0a;
const SUM_DIGITS = 16;
const HEAD = '{"sum":"';
const MIDDLE = '","entry":';
const AFTER_ENTRY = "}\n";
const BEFORE_ENTRY = HEAD.length + SUM_DIGITS + MIDDLE.length;
/** A header block may have 1 MiB; more than this no entry needs. */
const MOST_LINE_OCTETS = 8 * 1024 * 1024;
/** How long the JSON of an entry may be, in octets. */
export const MOST_ENTRY_OCTETS: number = MOST_LINE_OCTETS - BEFORE_ENTRY - AFTER_ENTRY.length;

const utf8 = new TextEncoder();

/** The line of an entry. */
export function lineOf(sum: string, json: string): string {
  return `${HEAD}${sum}${MIDDLE}${json}${AFTER_ENTRY}`;
}

/** The sum of an entry behind another one; `""` stands for none. */
export function sumOf(before: string, entry: Uint8Array): string {
  const digest = new Sha256().update(utf8.encode(before)).update(entry).digest();
  return digest.toHex().slice(0, SUM_DIGITS);
}

/** What is in a file. */
export interface Replay<E> {
  /** Its entries. */
  readonly entries: readonly E[];
  /** Where the last good line ends. */
  readonly end: number;
  /** The sum of that line. */
  readonly sum: string;
}

/** Reads a file; only its last line may be damaged. */
export async function replayed<E>(
  store: FileStore,
  path: string,
  parse: (value: unknown) => E,
): Promise<Replay<E>> {
  const entries: E[] = [];
  let end = 0;
  let sum = "";
  let bad: { readonly number: number; readonly octets: Uint8Array } | undefined;
  const refuse = (line: number, what: string, cause?: unknown): never => {
    const message = `Cannot read journal "${path}": line ${line} ${what}`;
    throw new JournalError(path, message, { line, ...(cause !== undefined && { cause }) });
  };
  for await (const line of linesOf(store.readPieces(path))) {
    // A torn line is the last one; what follows it makes it a damaged one.
    if (bad !== undefined) refuse(bad.number, "is damaged");
    const number = entries.length + 1;
    const entry = line.subarray(BEFORE_ENTRY, -AFTER_ENTRY.length);
    const next = sumOf(sum, entry);
    if (!isLine(line, next)) {
      bad = { number, octets: line };
      continue;
    }
    try {
      entries.push(parse(JSON.parse(new TextDecoder().decode(entry))));
    } catch (cause) {
      refuse(number, "holds what it must not", cause);
    }
    sum = next;
    end += line.length;
  }
  // A file that has never been a journal is not cut back to nothing.
  if (bad !== undefined && end === 0 && !mayBeTornLine(bad.octets)) {
    refuse(1, "is not of a journal");
  }
  return { entries, end, sum };
}

/** The lines of a file with their ends; the last one may lack it, and so do parts of one too long. */
async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, from)) {
      yield joined([...held, piece.subarray(from, at + 1)]);
      held = [];
      size = 0;
      from = at + 1;
    }
    held.push(piece.subarray(from));
    size += piece.length - from;
    if (size <= MOST_LINE_OCTETS) continue;
    yield joined(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield joined(held);
}

function isLine(line: Uint8Array, sum: string): boolean {
  if (line.length < BEFORE_ENTRY + AFTER_ENTRY.length) return false;
  const ascii = new TextDecoder("latin1");
  return ascii.decode(line.subarray(0, BEFORE_ENTRY)) === `${HEAD}${sum}${MIDDLE}` &&
    ascii.decode(line.subarray(-AFTER_ENTRY.length)) === AFTER_ENTRY;
}

function mayBeTornLine(octets: Uint8Array): boolean {
  const begin = new TextDecoder("latin1").decode(octets.subarray(0, HEAD.length));
  return HEAD.startsWith(begin);
}
