/**
 * The journal of a cleanup: what has happened, durable before anything follows from it.
 *
 * @module
 */

import type { Clock } from "../../../wire/mod.ts";
import type { FileStore } from "../../file_store.ts";
import { CleanupError } from "../cleanup_error.ts";
import type { JournalEntry, JournalEvent } from "./journal_event.ts";
import { JournalState } from "./journal_state.ts";
import { LineJournal } from "./line_journal.ts";
import { parseJournalEntry } from "./parse_journal_entry.ts";

/** The journal of a cleanup. */
export class CleanupJournal implements Disposable {
  readonly #lines: LineJournal<JournalEntry>;
  readonly #path: string;
  readonly #clock: Clock;
  /** What it tells. */
  readonly state: JournalState = new JournalState();

  private constructor(lines: LineJournal<JournalEntry>, path: string, clock: Clock) {
    this.#lines = lines;
    this.#path = path;
    this.#clock = clock;
    for (const entry of lines.entries) this.state.take(entry);
  }

  /**
   * Opens a journal and reads it.
   *
   * @param store The files.
   * @param path The file.
   * @param clock What entries are dated by.
   * @returns The journal.
   * @throws {JournalError} If it is damaged elsewhere than at its end.
   */
  static async open(store: FileStore, path: string, clock: Clock): Promise<CleanupJournal> {
    const lines = await LineJournal.open(store, path, { parse: parseJournalEntry });
    return new CleanupJournal(lines, path, clock);
  }

  /** The octets of a torn last line that were cut off when it was opened. */
  get dropped(): number {
    return this.#lines.dropped;
  }

  /**
   * Writes down what may be lost in a crash, as it can be found out again.
   *
   * @param events What has happened.
   */
  note(...events: readonly JournalEvent[]): void {
    for (const event of events) {
      const entry = { at: this.#clock.now(), ...event };
      this.#lines.append(entry);
      this.state.take(entry);
    }
  }

  /**
   * Writes down what something else will rest on.
   *
   * @param events What has happened, or is about to.
   * @returns When it is durable, with all that was noted before.
   * @throws {CleanupError} If it could not be written: then nothing may follow from it.
   */
  async record(...events: readonly JournalEvent[]): Promise<void> {
    try {
      this.note(...events);
      await this.#lines.sync();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : "of an unknown failure";
      throw new CleanupError("archive", `Cannot write "${this.#path}": ${why}`, { cause });
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#lines.close();
  }
}
