/**
 * Archives of a cleanup: where the octets of a message are before the server forgets them.
 *
 * A message is spooled to a temporary file while it comes; what it turns out to be decides whether
 * it is kept. A barrier makes all messages of a batch durable at once.
 *
 * @module
 */

import { escapeControls } from "../../../wire/mod.ts";
import { isPlainPath, joinPath } from "../../file_path.ts";
import type { FileStore } from "../../file_store.ts";
import { ArchiveError } from "./archive_error.ts";
import { type ArchiveFiles, type ArchiveKind, FolderMaker, readMessage } from "./archive_kind.ts";
import { placeFor, placesOf } from "./archive_place.ts";
import type { Archive, ArchivedCopy, ArchiveWriter, CopyState } from "./archive_types.ts";
import { emlLayout } from "./eml.ts";
import { maildirLayout } from "./maildir.ts";
import { Mbox } from "./mbox.ts";
import { MessageFiles } from "./message_files.ts";
import type { PolicyArchive } from "../policy/policy.ts";
import { removeSpools, Spool } from "./spool.ts";

export type { Archive, ArchivedCopy, ArchiveWriter, CopyState } from "./archive_types.ts";

/** What an archive has to know. */
export interface ArchiveOptions {
  /** The folder that the paths start from. @default {"."} */
  readonly base?: string;
  /** The copies that the journal knows, of whatever archive. */
  readonly known?: Iterable<ArchivedCopy>;
}

/**
 * Opens an archive. Nothing is read or written yet.
 *
 * @param store The files.
 * @param name The archive, as the policy names it.
 * @param spec What the policy says of it.
 * @param options Where its path starts, and what is known.
 * @returns The archive.
 * @throws {ArchiveError} If the path is not one of plain names below the base.
 */
export function openArchive(
  store: FileStore,
  name: string,
  spec: PolicyArchive,
  { base = ".", known = [] }: ArchiveOptions = {},
): Archive {
  const files: ArchiveFiles = { store, archive: name, base };
  const copies = [...known].filter(({ archive }) => archive === name);
  const [template, kind]: [string, ArchiveKind] = "maildir" in spec
    ? [spec.maildir, new MessageFiles(files, maildirLayout)]
    : "eml" in spec
    ? [spec.eml, new MessageFiles(files, emlLayout)]
    : [spec.mbox, new Mbox(files, copies)];
  if (!isPlainPath(template)) {
    const path = escapeControls(template);
    throw new ArchiveError(
      name,
      `Cannot open archive "${name}": "${path}" is no path below its base`,
    );
  }
  return new SpoolingArchive(files, template, kind, copies);
}

class SpoolingArchive implements Archive {
  readonly #files: ArchiveFiles;
  readonly #template: string;
  readonly #kind: ArchiveKind;
  readonly #folders: FolderMaker;
  /** Copies by digest: behind a barrier, and before one. */
  readonly #durable: Map<string, ArchivedCopy>;
  readonly #finished = new Map<string, ArchivedCopy>();
  readonly #writers = new Set<Spool>();
  #spools = 0;
  #failure: ArchiveError | undefined;

  constructor(
    files: ArchiveFiles,
    template: string,
    kind: ArchiveKind,
    known: readonly ArchivedCopy[],
  ) {
    this.#files = files;
    this.#template = template;
    this.#kind = kind;
    this.#folders = new FolderMaker(files);
    this.#durable = new Map(known.map((copy) => [copy.sha256, copy]));
  }

  begin(day: Date | undefined): Promise<ArchiveWriter> {
    return this.#effect(async () => {
      const place = placeFor(this.#template, day);
      const folder = this.#kind.spoolFolder(place);
      await this.#folders.make(folder);
      const { store, base } = this.#files;
      const spool = await Spool.create(store, joinPath(base, folder), () => ++this.#spools);
      this.#writers.add(spool);
      return {
        write: (octets) => this.#effect(() => spool.write(octets)),
        finish: () => this.#effect(() => this.#finish(spool, place)),
        abort: () => this.#abort(spool),
      };
    });
  }

  async #finish(spool: Spool, place: string): Promise<ArchivedCopy> {
    const message = spool.end();
    const there = await this.#copyOf(message.sha256);
    if (there !== undefined) await spool.remove();
    const copy = there ?? await this.#kind.take(spool, message, place);
    this.#writers.delete(spool);
    if (there === undefined) this.#finished.set(copy.sha256, copy);
    return copy;
  }

  /** A copy of the same octets that is there. */
  async #copyOf(sha256: string): Promise<ArchivedCopy | undefined> {
    const finished = this.#finished.get(sha256);
    if (finished !== undefined) return finished;
    const durable = this.#durable.get(sha256);
    return durable !== undefined && await this.verify(durable) ? durable : undefined;
  }

  async #abort(spool: Spool): Promise<void> {
    if (!this.#writers.delete(spool)) return;
    try {
      await spool.remove();
    } catch {
      // It is left for tidy().
    }
  }

  barrier(): Promise<void> {
    return this.#effect(async () => {
      await this.#kind.barrier();
      for (const copy of this.#finished.values()) this.#durable.set(copy.sha256, copy);
      this.#finished.clear();
    });
  }

  async verify(copy: ArchivedCopy): Promise<boolean> {
    return await this.look(copy) === "whole";
  }

  async look(copy: ArchivedCopy): Promise<CopyState> {
    if (copy.archive !== this.#files.archive || !isPlainPath(copy.path)) return "damaged";
    try {
      const { sha256, bytes } = await readMessage(this.#kind.read(copy));
      return sha256 === copy.sha256 && bytes === copy.bytes ? "whole" : "damaged";
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "missing";
      if (error instanceof Deno.errors.InvalidData) return "damaged";
      throw this.#error("read", error);
    }
  }

  async *read(copy: ArchivedCopy): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#kind.read(copy);
    } catch (error) {
      throw this.#error("read", error);
    }
  }

  async *digests(): AsyncGenerator<ArchivedCopy> {
    const { store, base } = this.#files;
    try {
      for await (const place of placesOf(store, base, this.#template)) {
        yield* this.#kind.copies(place);
      }
    } catch (error) {
      throw this.#error("read", error);
    }
  }

  tidy(): Promise<number> {
    const { store, base } = this.#files;
    return this.#effect(async () => {
      let count = 0;
      const spools = this.#kind.spoolFolder(this.#template);
      for await (const folder of placesOf(store, base, spools)) {
        count += await removeSpools(store, joinPath(base, folder));
      }
      for await (const place of placesOf(store, base, this.#template)) {
        count += await this.#kind.tidy(place);
      }
      return count;
    });
  }

  close(): void {
    for (const spool of this.#writers) spool.close();
    this.#writers.clear();
    this.#kind.close();
    this.#failure ??= this.#error("write", "it has been closed");
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Does what changes files. After a failure nothing does: what the disk holds is not known. */
  async #effect<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await work();
    } catch (error) {
      this.#failure = this.#error("write", error);
      throw this.#failure;
    }
  }

  #error(what: "read" | "write", cause: unknown): ArchiveError {
    if (cause instanceof ArchiveError) return cause;
    const { archive } = this.#files;
    const seen = cause instanceof Error ? cause.message : String(cause);
    return new ArchiveError(archive, `Cannot ${what} archive "${archive}": ${seen}`, { cause });
  }
}
