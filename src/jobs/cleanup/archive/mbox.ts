/**
 * mbox: all messages of a place in one file. A run appends to it between two barriers and owns it so
 * long; what others have put into it stays.
 *
 * @module
 */

import { joinPath, parentOf } from "../../file_path.ts";
import type { FileRange, OpenFile } from "../../file_store.ts";
import { type ArchiveFiles, type ArchiveKind, FolderMaker } from "./archive_kind.ts";
import type { ArchivedCopy } from "./archive_types.ts";
import { MboxQuoting } from "./mbox_quoting.ts";
import { fromLine, type MboxRecord, mboxRecords, recordEnd } from "./mbox_records.ts";
import { joined } from "../octets.ts";
import { type Spool, type SpooledMessage, unlessBusy } from "./spool.ts";

const WRITTEN_AT_ONCE = 64 * 1024;
const utf8 = new TextEncoder();

interface OpenMbox {
  readonly file: OpenFile;
  readonly seen: Seen;
  /** Whether a torn record was cut off. */
  readonly torn: boolean;
}

/** What is known of a file. */
interface Seen {
  /** Up to where. */
  end: number;
  /** A copy before that, of the journal: if it is not there, the file is another one. */
  readonly last?: ArchivedCopy;
  /** Copies before that by digest, those of the journal left out. */
  readonly copies: Map<string, ArchivedCopy>;
}

/** One file for all messages. */
export class Mbox implements ArchiveKind {
  readonly #files: ArchiveFiles;
  readonly #folders: FolderMaker;
  readonly #seen = new Map<string, Seen>();
  readonly #open = new Map<string, OpenMbox>();

  constructor(files: ArchiveFiles, known: Iterable<ArchivedCopy>) {
    this.#files = files;
    this.#folders = new FolderMaker(files);
    for (const last of known) {
      const { path, offset = 0, length = 0 } = last;
      const end = offset + length;
      if (end < (this.#seen.get(path)?.end ?? 0)) continue;
      this.#seen.set(path, { end, last, copies: new Map() });
    }
  }

  spoolFolder(place: string): string {
    return `${place}.tmp`;
  }

  async take(spool: Spool, message: SpooledMessage, place: string): Promise<ArchivedCopy> {
    const { file, seen } = this.#open.get(place) ?? await this.#begin(place);
    const offset = file.size;
    const there = seen.copies.get(message.sha256);
    if (there === undefined) await this.#append(file, spool, message);
    await spool.remove();
    const length = file.size - offset;
    const copy = there ??
      { archive: this.#files.archive, path: place, ...message, offset, length };
    seen.copies.set(copy.sha256, copy);
    seen.end = file.size;
    return copy;
  }

  async #append(file: OpenFile, spool: Spool, message: SpooledMessage): Promise<void> {
    const quoting = new MboxQuoting("quote");
    let waiting: Uint8Array[] = [utf8.encode(fromLine(message))];
    let size = 0;
    let last: number | undefined;
    for await (const piece of this.#files.store.readPieces(spool.path)) {
      last = piece.at(-1);
      waiting.push(quoting.push(piece));
      size += piece.length;
      if (size < WRITTEN_AT_ONCE) continue;
      await file.write(joined(waiting));
      waiting = [];
      size = 0;
    }
    await file.write(joined([...waiting, quoting.end(), utf8.encode(recordEnd(last))]));
  }

  /** Opens a file, cuts off a torn record, and learns what else is in it. */
  async #begin(place: string): Promise<OpenMbox> {
    const { store, archive, base } = this.#files;
    await this.#makeFolder(place);
    const path = joinPath(base, place);
    const file = await store.append(path);
    try {
      let seen = this.#seen.get(place);
      // Somebody may have put another file in its place.
      if (seen === undefined || seen.end > file.size || !await this.#holds(seen.last)) {
        seen = { end: 0, copies: new Map() };
      }
      let last: MboxRecord | undefined;
      for await (const record of this.#records(place, seen.end, file.size)) {
        last = record;
        if (record.state !== "intact") continue;
        seen.copies.set(record.sha256, copyOf(record, archive, place));
      }
      const torn = last?.state === "torn" ? last : undefined;
      if (torn !== undefined) await file.truncate(torn.offset);
      await this.#closeLine(file, place);
      seen.end = file.size;
      const opened = { file, seen, torn: torn !== undefined };
      this.#seen.set(place, seen);
      this.#open.set(place, opened);
      return opened;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Ends the last message of another program with an empty line, if it did not. */
  async #closeLine(file: OpenFile, place: string): Promise<void> {
    const offset = Math.max(0, file.size - 3);
    const text = await this.#textAt(place, { offset, length: 3 });
    if (text === "" || /\n\r?\n$/.test(text)) return;
    await file.write(utf8.encode(text.endsWith("\n") ? "\r\n" : "\r\n\r\n"));
  }

  async barrier(): Promise<void> {
    const { store, base } = this.#files;
    try {
      for (const [place, { file }] of this.#open) {
        const path = joinPath(base, place);
        await file.sync();
        await store.syncFolder(parentOf(path));
        if (await store.size(path) !== file.size) {
          throw new Deno.errors.NotFound(
            `Cannot find "${path}": it was moved while it was written`,
          );
        }
      }
    } finally {
      this.close();
    }
  }

  async *read(copy: ArchivedCopy): AsyncGenerator<Uint8Array> {
    const { path, offset, length, bytes } = copy;
    if (offset === undefined || length === undefined) {
      throw new Deno.errors.InvalidData(`Cannot read "${path}": the place in the mbox is unknown`);
    }
    // Who moves an mbox away finds a new one in its place after the next run.
    if (!await this.#holds(copy)) {
      throw new Deno.errors.NotFound(`Cannot find "${path}" at ${offset}: the record is not there`);
    }
    const head = fromLine(copy);
    const quoting = new MboxQuoting("unquote");
    let left = bytes;
    const range = { offset: offset + head.length, length: length - head.length };
    for await (const piece of this.#pieces(path, range)) {
      const octets = quoting.push(piece).subarray(0, left);
      left -= octets.length;
      if (octets.length > 0) yield octets;
    }
    // Of a damaged record the end may be held back.
    const rest = quoting.end().subarray(0, left);
    if (rest.length > 0) yield rest;
  }

  async *copies(place: string): AsyncGenerator<ArchivedCopy> {
    const { store, archive, base } = this.#files;
    const path = joinPath(base, place);
    if (await store.size(path) === undefined) return;
    await this.#makeFolder(place);
    const file = await unlessBusy(store.append(path));
    if (file === undefined) return;
    try {
      await file.sync();
      await store.syncFolder(parentOf(path));
      for await (const record of this.#records(place, 0, file.size)) {
        if (record.state === "intact") yield copyOf(record, archive, place);
      }
    } finally {
      file.close();
    }
  }

  async tidy(place: string): Promise<number> {
    const { store, base } = this.#files;
    const size = await store.size(joinPath(base, place));
    if (size === undefined || size === this.#seen.get(place)?.end) return 0;
    try {
      const opened = await unlessBusy(this.#begin(place));
      await opened?.file.sync();
      return opened?.torn ? 1 : 0;
    } finally {
      this.close();
    }
  }

  close(): void {
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
  }

  async #makeFolder(place: string): Promise<void> {
    if (place.includes("/")) await this.#folders.make(parentOf(place));
  }

  #records(place: string, offset: number, size: number): AsyncGenerator<MboxRecord> {
    return mboxRecords(this.#pieces(place, { offset, length: size - offset }), offset);
  }

  /** Whether the record of a copy begins where it did. */
  async #holds(copy: ArchivedCopy | undefined): Promise<boolean> {
    if (copy?.offset === undefined) return true;
    const head = fromLine(copy);
    return await this.#textAt(copy.path, { offset: copy.offset, length: head.length }) === head;
  }

  async #textAt(place: string, range: FileRange): Promise<string> {
    const pieces = await Array.fromAsync(this.#pieces(place, range));
    return new TextDecoder("latin1").decode(joined(pieces));
  }

  #pieces(place: string, range: FileRange): AsyncIterable<Uint8Array> {
    return this.#files.store.readPieces(joinPath(this.#files.base, place), range);
  }
}

function copyOf(record: MboxRecord, archive: string, path: string): ArchivedCopy {
  const { sha256, bytes, offset, length } = record;
  return { archive, path, sha256, bytes, offset, length };
}
