/**
 * A small file beside a journal that remembers which journal was there, and how far it had come. A
 * journal that has lost commits, or is another one, or is gone, is noticed by it.
 *
 * It is written after each commit and never synced: what it says is never ahead of the journal.
 *
 * @module
 */

const LINE = /^mailwright-mark\/1 ([\w-]{36}) (\d{16})\n$/;

/** What a mark says. */
export interface Marked {
  /** The journal. */
  readonly journalId: string;
  /** How many commits it had. */
  readonly commits: number;
}

/**
 * Reads a mark.
 *
 * @param path The file.
 * @returns What it says; `undefined` if there is none, or none that can be read.
 */
export async function readMark(path: string): Promise<Marked | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const [, journalId, commits] = LINE.exec(text) ?? [];
  return journalId === undefined ? undefined : { journalId, commits: Number(commits) };
}

/** A mark that is kept up to date. */
export class RunMark implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #journalId: string;

  /**
   * Opens a mark.
   *
   * @param path The file; it is made if it is missing.
   * @param journalId The journal that it belongs to.
   */
  constructor(path: string, journalId: string) {
    this.#file = Deno.openSync(path, { write: true, create: true, mode: 0o600 });
    this.#journalId = journalId;
  }

  /**
   * Remembers how far the journal has come.
   *
   * @param commits How many commits it has.
   */
  set(commits: number): void {
    const text = `mailwright-mark/1 ${this.#journalId} ${`${commits}`.padStart(16, "0")}\n`;
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#file.writeSync(new TextEncoder().encode(text)); // one page: never half of it
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
