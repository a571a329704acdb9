/**
 * A file beside the journal that is as large as it will ever be before the first message is sent: what
 * the journal cannot take any more is written into it when the disk is full (T-B10).
 *
 * @module
 */

import type { BulkEvent } from "../../src/jobs/mod.ts";

const ROOM = 256 * 1024;
const MOST_TEXT = 512;

/** An outcome that only this file and standard error know of. */
type Lost = Extract<BulkEvent, { kind: "lost" }>;

/** The file. Nothing is left of it if it was not needed. */
export class Emergency implements Disposable {
  /** Where it is. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #end: number;
  #at: number;
  #used: boolean;

  private constructor(path: string, file: Deno.FsFile, at: number) {
    this.path = path;
    this.#file = file;
    this.#at = at;
    this.#end = at + ROOM;
    this.#used = at > 0;
  }

  /**
   * Reserves the file.
   *
   * @param path Where. What an earlier run has written there stays.
   * @returns The file.
   */
  static async reserve(path: string): Promise<Emergency> {
    const before = await heldBy(path);
    const file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
    try {
      await file.seek(before, Deno.SeekMode.Start);
      const room = new TextEncoder().encode(`${" ".repeat(ROOM - 1)}\n`);
      for (let at = 0; at < room.length;) at += await file.write(room.subarray(at));
      await file.syncData();
      return new Emergency(path, file, before);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Whether it holds anything. */
  get used(): boolean {
    return this.#used;
  }

  /**
   * Writes an outcome down, at once.
   *
   * @param lost What could not be written to the journal.
   */
  take(lost: Lost): void {
    const line = new TextEncoder().encode(`${JSON.stringify(toldOf(lost))}\n`);
    if (this.#at + line.length > this.#end) return; // standard error has it
    this.#used = true;
    this.#file.seekSync(this.#at, Deno.SeekMode.Start);
    this.#at += this.#file.writeSync(line);
    this.#file.syncDataSync();
  }

  /** Closes it, and removes it if it holds nothing. */
  [Symbol.dispose](): void {
    this.#file.close();
    if (!this.#used) Deno.removeSync(this.path);
  }
}

/**
 * How much an earlier run has written.
 *
 * @param path The file.
 * @returns The octets, without the blanks behind them.
 */
export async function heldBy(path: string): Promise<number> {
  try {
    const text = await Deno.readTextFile(path);
    const held = text.trimEnd();
    return held === "" ? 0 : new TextEncoder().encode(held).length + 1;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/**
 * What is told of an outcome that the journal does not have.
 *
 * @param lost The outcome.
 * @returns Plain JSON.
 */
export function toldOf({ row, outcome }: Lost): Readonly<Record<string, unknown>> {
  const { line, recipient } = row;
  const { id: _, text, ...rest } = outcome;
  return {
    line,
    recipient,
    ...rest,
    ...(text !== undefined && { text: text.slice(0, MOST_TEXT) }),
  };
}
