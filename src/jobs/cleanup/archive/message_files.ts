/**
 * Archives that hold each message in a file of its own, named by its digest: a message that is there
 * already is not written again.
 *
 * @module
 */

import { joinPath, parentOf } from "../../file_path.ts";
import { type ArchiveFiles, type ArchiveKind, FolderMaker, readMessage } from "./archive_kind.ts";
import type { ArchivedCopy } from "./archive_types.ts";
import type { Spool, SpooledMessage } from "./spool.ts";

/** How the files are laid out in a place. */
export interface FileLayout {
  /** The folders that a place has from its first message on. */
  foldersOf(place: string): readonly string[];
  /** The file of a digest. */
  fileOf(place: string, sha256: string): string;
  /** All files of a place that are named by a digest, wherever mail readers have moved them. */
  filesOf(place: string, files: ArchiveFiles): AsyncIterable<NamedFile>;
}

/** A file that is named by a digest. */
export interface NamedFile {
  readonly path: string;
  readonly sha256: string;
}

interface Arrival {
  readonly spool: Spool;
  readonly copy: ArchivedCopy;
  readonly replace: boolean;
}

/** One file for each message. */
export class MessageFiles implements ArchiveKind {
  readonly #files: ArchiveFiles;
  readonly #layout: FileLayout;
  readonly #folders: FolderMaker;
  #arrivals: Arrival[] = [];
  #touched = new Set<string>();
  readonly #moved = new Map<string, Promise<ReadonlyMap<string, string>>>();

  constructor(files: ArchiveFiles, layout: FileLayout) {
    this.#files = files;
    this.#layout = layout;
    this.#folders = new FolderMaker(files);
  }

  spoolFolder(place: string): string {
    return `${place}/tmp`;
  }

  async take(spool: Spool, message: SpooledMessage, place: string): Promise<ArchivedCopy> {
    const path = this.#layout.fileOf(place, message.sha256);
    const folder = parentOf(path);
    const copy = { archive: this.#files.archive, path, ...message };
    for (const each of this.#layout.foldersOf(place)) await this.#folders.make(each);
    await this.#folders.make(folder);
    // A run that died may have left the file without a durable name.
    this.#touched.add(folder);
    const seen = await this.#seen(copy);
    if (seen === "intact") await spool.remove();
    else this.#arrivals.push({ spool, copy, replace: seen === "damaged" });
    return copy;
  }

  async #seen(copy: ArchivedCopy): Promise<"missing" | "intact" | "damaged"> {
    const { store } = this.#files;
    const path = this.#at(copy.path);
    const size = await store.size(path);
    if (size === undefined) return "missing";
    if (size !== copy.bytes) return "damaged";
    const { sha256 } = await readMessage(store.readPieces(path));
    return sha256 === copy.sha256 ? "intact" : "damaged";
  }

  async barrier(): Promise<void> {
    const arrivals = this.#arrivals;
    const touched = this.#touched;
    this.#arrivals = [];
    this.#touched = new Set();
    try {
      // Together, for a file system can make many files durable at the price of one.
      await allOf(arrivals.map(({ spool }) => spool.sync()));
      for (const each of arrivals) await this.#settle(each);
      for (const folder of touched) await this.#files.store.syncFolder(this.#at(folder));
    } finally {
      for (const { spool } of arrivals) spool.close();
    }
  }

  async #settle({ spool, copy, replace }: Arrival): Promise<void> {
    try {
      await spool.rename(this.#at(copy.path), { replace });
    } catch (error) {
      // Another run may have brought the same message in the meantime.
      const same = error instanceof Deno.errors.AlreadyExists &&
        await this.#seen(copy) === "intact";
      if (!same) throw error;
      await spool.remove();
    }
  }

  async *read(copy: ArchivedCopy): AsyncGenerator<Uint8Array> {
    const there = await this.#files.store.size(this.#at(copy.path)) !== undefined;
    const path = there ? copy.path : await this.#movedTo(copy);
    yield* this.#files.store.readPieces(this.#at(path));
  }

  async #movedTo({ path, sha256 }: ArchivedCopy): Promise<string> {
    const place = parentOf(parentOf(path));
    const index = this.#moved.get(place) ?? this.#index(place);
    this.#moved.set(place, index);
    return (await index).get(sha256) ?? path;
  }

  async #index(place: string): Promise<ReadonlyMap<string, string>> {
    const paths = new Map<string, string>();
    for await (const file of this.#layout.filesOf(place, this.#files)) {
      paths.set(file.sha256, file.path);
    }
    return paths;
  }

  async *copies(place: string): AsyncGenerator<ArchivedCopy> {
    const synced = new Set<string>();
    for await (const { path, sha256 } of this.#layout.filesOf(place, this.#files)) {
      const folder = parentOf(path);
      if (!synced.has(folder)) {
        await this.#folders.make(folder);
        await this.#files.store.syncFolder(this.#at(folder));
        synced.add(folder);
      }
      const message = await readMessage(this.#files.store.readPieces(this.#at(path)));
      if (message.sha256 === sha256) yield { archive: this.#files.archive, path, ...message };
    }
  }

  tidy(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): void {
    for (const { spool } of this.#arrivals) spool.close();
    this.#arrivals = [];
  }

  #at(path: string): string {
    return joinPath(this.#files.base, path);
  }
}

/** Waits for all, also when one fails: nothing is left running. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === "rejected") throw result.reason;
  }
}
