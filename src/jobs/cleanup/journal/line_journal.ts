/**
 * Append-only lines of JSON that a crash cannot spoil.
 *
 * @module
 */

import { parentOf } from "../../file_path.ts";
import type { FileStore, OpenFile } from "../../file_store.ts";
import { JournalError } from "./journal_error.ts";
import { lineOf, MOST_ENTRY_OCTETS, type Replay, replayed, sumOf } from "./journal_lines.ts";

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
    { parse }: LineJournalOptions<E>,
  ): Promise<LineJournal<E>> {
    const file = await store.append(path);
    try {
      const replay = await replayed(store, path, parse);
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
      if (octets.length > MOST_ENTRY_OCTETS) {
        throw new JournalError(
          this.#path,
          `Cannot write to journal "${this.#path}": an entry has ${octets.length} octets`,
        );
      }
      this.#sum = sumOf(this.#sum, octets);
      this.#waiting.push(lineOf(this.#sum, text));
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
