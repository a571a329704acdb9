/**
 * Append-only lines of JSON that a crash cannot spoil.
 *
 * @module
 */

import type { FileStore } from "../file_store.ts";
import { JournalError } from "./journal_error.ts";

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
export class LineJournal<E> implements Disposable {
  /** What was in the file when it was opened. */
  readonly entries: readonly E[] = [];
  /** The octets of a torn last line that were cut off when it was opened. */
  readonly dropped: number = 0;

  /**
   * Opens a journal, makes it if it is missing, and cuts off a torn last line.
   *
   * @param store The files.
   * @param path The file.
   * @param options How entries are read back.
   * @returns The journal.
   * @throws {JournalError} If another line than the last is damaged; nothing is written then.
   */
  static open<E>(
    _store: FileStore,
    path: string,
    _options: LineJournalOptions<E>,
  ): Promise<LineJournal<E>> {
    return Promise.reject(new JournalError(path, "Cannot open journal: not built yet"));
  }

  /**
   * Takes entries; they are written by the next {@linkcode sync}.
   *
   * @param _entries What happened, as JSON can hold it.
   */
  append(..._entries: readonly E[]): void {
    throw new Error("not built yet");
  }

  /**
   * Writes all entries taken so far in one write, and makes them durable. After a failure every
   * later call fails the same way.
   *
   * @returns When they are durable.
   */
  sync(): Promise<void> {
    return Promise.reject(new Error("not built yet"));
  }

  /** Closes the file; entries that were not synced are gone. */
  close(): void {}

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}
