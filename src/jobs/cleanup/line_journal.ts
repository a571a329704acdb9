/**
 * Append-only lines of JSON that a crash cannot spoil. A line is `{"sum":"…","entry":…}`; the sum is
 * taken over the octets of the entry and the sum of the line before, so that a line that is missing,
 * repeated or moved is noticed like one that has changed.
 *
 * @module
 */

import { Sha256 } from "../../message/mod.ts";
import { parentOf } from "../file_path.ts";
import type { FileStore, OpenFile } from "../file_store.ts";
import { JournalError } from "./journal_error.ts";
import { joined } from "./octets.ts";

const LF = 0x0a;
const SUM_DIGITS = 16;
const HEAD = '{"sum":"';
const MIDDLE = '","entry":';
const AFTER_ENTRY = "}\n";
const BEFORE_ENTRY = HEAD.length + SUM_DIGITS + MIDDLE.length;
/** A header block may have 1 MiB; more than this no entry needs. */
const MOST_LINE_OCTETS = 8 * 1024 * 1024;

const utf8 = new TextEncoder();

/** How entries are read back. */
export interface LineJournalOptions<E> {
  /**
   * Checks an entry of the file. What it throws becomes the cause of a {@linkcode JournalError}.
   *
   * @param value The value of a line.
   * @returns The entry.
   */
  parse(value: unknown): E;
}

/** A file of entries. Only the end of the file can be lost, and only what was not synced. */
export class LineJournal<E extends object> implements Disposable {
  /** What was in the file when it was opened. */
  readonly entries: readonly E[];
  /** The octets of a torn last line that were cut off when it was opened. */
  readonly dropped: number;
  readonly #file: OpenFile;
  readonly #path: string;
  #sum: string;
  #waiting: string[] = [];
  #turn: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  private constructor(file: OpenFile, path: string, { entries, end, sum }: Replay<E>) {
    this.#file = file;
    this.#path = path;
    this.#sum = sum;
    this.entries = entries;
    this.dropped = file.size - end;
  }

  /**
   * Opens a journal, makes it if it is missing, and cuts off a torn last line.
   *
   * @param store The files.
   * @param path The file.
   * @param options How entries are read back.
   * @returns The journal.
   * @throws {JournalError} If another line than the last is damaged; nothing is written then.
   */
  static async open<E extends object>(
    store: FileStore,
    path: string,
    options: LineJournalOptions<E>,
  ): Promise<LineJournal<E>> {
    const file = await store.append(path);
    try {
      const replay = await replayed(store, path, options);
      const journal = new LineJournal(file, path, replay);
      if (journal.dropped > 0) await file.truncate(replay.end);
      // Also what a run that died has written and not synced is built upon from here.
      await file.sync();
      await store.syncFolder(parentOf(path));
      return journal;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Takes entries; they are written by the next {@linkcode sync}.
   *
   * @param entries What happened, as JSON can hold it.
   * @throws {JournalError} If an entry is too long. What broke the journal comes again as it is.
   */
  append(...entries: readonly E[]): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (const entry of entries) {
      const text = JSON.stringify(entry);
      const octets = utf8.encode(text);
      if (octets.length > MOST_LINE_OCTETS - BEFORE_ENTRY - AFTER_ENTRY.length) {
        throw new JournalError(
          this.#path,
          `Cannot write to journal "${this.#path}": an entry has ${octets.length} octets`,
        );
      }
      this.#sum = sumOf(this.#sum, octets);
      this.#waiting.push(`${HEAD}${this.#sum}${MIDDLE}${text}${AFTER_ENTRY}`);
    }
  }

  /**
   * Writes all entries taken so far in one write, and makes them durable. After a failure every
   * later call fails the same way, for nobody knows what the disk holds.
   *
   * @returns When they are durable.
   */
  sync(): Promise<void> {
    const done = this.#turn.then(() => this.#write());
    this.#turn = done.catch(() => {}); // The next one meets #failure.
    return done;
  }

  async #write(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#waiting.length === 0) return;
    const lines = utf8.encode(this.#waiting.join(""));
    this.#waiting = [];
    try {
      await this.#file.write(lines);
      await this.#file.sync();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** Closes the file; entries that were not synced are gone. */
  close(): void {
    this.#failure ??= {
      error: new JournalError(
        this.#path,
        `Cannot write to journal "${this.#path}": it has been closed`,
      ),
    };
    this.#file.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}

interface Replay<E> {
  readonly entries: readonly E[];
  /** Where the last good line ends. */
  readonly end: number;
  /** The sum of that line. */
  readonly sum: string;
}

async function replayed<E>(
  store: FileStore,
  path: string,
  { parse }: LineJournalOptions<E>,
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

function sumOf(before: string, entry: Uint8Array): string {
  const digest = new Sha256().update(utf8.encode(before)).update(entry).digest();
  return digest.toHex().slice(0, SUM_DIGITS);
}
