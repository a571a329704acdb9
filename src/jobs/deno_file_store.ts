/**
 * The disk.
 *
 * @module
 */

import { systemClock } from "../wire/mod.ts";
import { kindOf, makeFolder, unlessMissing } from "./deno_folders.ts";
import { parentOf } from "./file_path.ts";
import type { FileEntry, FileLock, FileRange, FileStore, OpenFile } from "./file_store.ts";

const PIECE = 64 * 1024;
const OWNER_FILE = 0o600;

/**
 * The files of this machine.
 *
 * @example Usage
 * ```ts
 * import { denoFileStore } from "@mailwright/mailwright/jobs";
 * import { deepEqual, rejects } from "node:assert/strict";
 *
 * await denoFileStore.makeFolder("tests/.tmp");
 * const path = `tests/.tmp/${crypto.randomUUID()}`;
 * const file = await denoFileStore.create(path);
 * await file.write(Uint8Array.of(1, 2, 3));
 * await file.sync();
 * file.close();
 *
 * deepEqual(await denoFileStore.read(path), Uint8Array.of(1, 2, 3));
 * await rejects(denoFileStore.create(path), Deno.errors.AlreadyExists);
 * await denoFileStore.remove(path);
 * ```
 */
export const denoFileStore: FileStore = {
  create: (path) => open(path, { write: true, createNew: true, mode: OWNER_FILE }),

  async append(path) {
    await fileInfo(path);
    return await open(path, { append: true, create: true, mode: OWNER_FILE });
  },

  async read(path) {
    return await unlessMissing(Deno.readFile(path));
  },

  readPieces,

  async size(path) {
    return (await fileInfo(path))?.size;
  },

  async list(path) {
    const entries: FileEntry[] = [];
    try {
      for await (const each of Deno.readDir(path)) {
        entries.push({ name: each.name, kind: kindOf(each) });
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return entries.sort((one, other) => one.name < other.name ? -1 : 1);
  },

  makeFolder,

  async rename(from, to, { replace = false } = {}) {
    await refuseLink(parentOf(to));
    if (!replace && await unlessMissing(Deno.lstat(to)) !== undefined) {
      throw new Deno.errors.AlreadyExists(`Cannot rename "${from}" to "${to}": the name is taken`);
    }
    await Deno.rename(from, to);
  },

  async remove(path) {
    await unlessMissing(Deno.remove(path));
  },

  async syncFolder(path) {
    await refuseLink(path);
    using folder = await Deno.open(path);
    await folder.sync();
  },

  async lock(path) {
    await fileInfo(path);
    const file = await Deno.open(path, { write: true, create: true, mode: OWNER_FILE });
    try {
      if (!await file.tryLock(true)) {
        file.close();
        return undefined;
      }
      await file.truncate();
      const holder = `pid ${Deno.pid} since ${new Date(systemClock.now()).toISOString()}\n`;
      await file.write(new TextEncoder().encode(holder));
      return new HeldLock(file);
    } catch (error) {
      file.close();
      throw error;
    }
  },
};

class WrittenFile implements OpenFile {
  readonly #file: Deno.FsFile;
  #size: number;
  #closed = false;

  constructor(file: Deno.FsFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  async write(octets: Uint8Array): Promise<void> {
    // A full disk takes a part and fails at the next call.
    for (let at = 0; at < octets.length;) {
      const written = await this.#file.write(octets.subarray(at));
      at += written;
      this.#size += written;
    }
  }

  async truncate(size: number): Promise<void> {
    await this.#file.truncate(size);
    this.#size = size;
    await this.#file.seek(0, Deno.SeekMode.End);
  }

  async sync(): Promise<void> {
    await this.#file.syncData();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

class HeldLock implements FileLock {
  #file: Deno.FsFile | undefined;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  release(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

async function open(path: string, options: Deno.OpenOptions): Promise<OpenFile> {
  const file = await Deno.open(path, options);
  try {
    if (!await file.tryLock(true)) {
      throw new Deno.errors.Busy(`Cannot write "${path}": another run is writing it`);
    }
    const { size, nlink } = await file.stat();
    if (nlink === 0) {
      throw new Deno.errors.Busy(`Cannot write "${path}": another run has just removed it`);
    }
    return new WrittenFile(file, size);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function* readPieces(
  path: string,
  { offset, length }: FileRange = { offset: 0, length: Infinity },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  if (offset > 0) await file.seek(offset, Deno.SeekMode.Start);
  for (let left = length; left > 0;) {
    const piece = new Uint8Array(Math.min(PIECE, left));
    const read = await file.read(piece);
    if (read === null) return;
    left -= read;
    yield piece.subarray(0, read);
  }
}

/** The facts of a file; `undefined` if it is missing. */
async function fileInfo(path: string): Promise<Deno.FileInfo | undefined> {
  const info = await unlessMissing(Deno.lstat(path));
  if (info !== undefined && !info.isFile) {
    throw new TypeError(`Cannot open "${path}": it is a ${kindOf(info)}, not a file`);
  }
  return info;
}

async function refuseLink(folder: string): Promise<void> {
  const info = await Deno.lstat(folder);
  if (!info.isDirectory) {
    throw new Deno.errors.NotADirectory(
      `Cannot use "${folder}": it is a ${kindOf(info)}, not a folder`,
    );
  }
}
