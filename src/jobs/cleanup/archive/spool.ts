/**
 * A message on its way to the disk: a temporary file that is hashed while it grows.
 *
 * @module
 */

import { Sha256 } from "../../../message/mod.ts";
import { joinPath } from "../../file_path.ts";
import type { FileStore, OpenFile } from "../../file_store.ts";

/** What a message turned out to be. */
export interface SpooledMessage {
  /** The SHA-256 of its octets, in hexadecimal. */
  readonly sha256: string;
  /** How many there are. */
  readonly bytes: number;
}

/** A temporary file with the octets of a message as they were received. It is locked until closed. */
export class Spool {
  /** Where it is. */
  readonly path: string;
  readonly #store: FileStore;
  readonly #file: OpenFile;
  readonly #hash = new Sha256();

  private constructor(store: FileStore, path: string, file: OpenFile) {
    this.#store = store;
    this.path = path;
    this.#file = file;
  }

  /** Makes one in a folder with the next number that no other run uses or has left. */
  static async create(store: FileStore, folder: string, next: () => number): Promise<Spool> {
    while (true) {
      const path = joinPath(folder, `${next()}.part`);
      try {
        return new Spool(store, path, await store.create(path));
      } catch (error) {
        const taken = error instanceof Deno.errors.AlreadyExists ||
          error instanceof Deno.errors.Busy;
        if (!taken) throw error;
      }
    }
  }

  async write(octets: Uint8Array): Promise<void> {
    this.#hash.update(octets);
    await this.#file.write(octets);
  }

  /** Ends the octets. */
  end(): SpooledMessage {
    return { sha256: this.#hash.digest().toHex(), bytes: this.#file.size };
  }

  /** Makes its octets durable. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  /** Makes it a file of the archive. */
  async rename(to: string, options: { readonly replace: boolean }): Promise<void> {
    await this.#store.rename(this.path, to, options);
    this.#file.close();
  }

  /** Forgets the message. */
  async remove(): Promise<void> {
    this.#file.close();
    await this.#store.remove(this.path);
  }

  close(): void {
    this.#file.close();
  }
}

/** Removes what runs that died have left in a folder of spools; one that is being written stays. */
export async function removeSpools(store: FileStore, folder: string): Promise<number> {
  let removed = 0;
  for (const { name, kind } of await store.list(folder)) {
    if (kind !== "file" || !/^\d+\.part$/.test(name)) continue;
    const path = joinPath(folder, name);
    const file = await unlessBusy(store.append(path));
    if (file === undefined) continue;
    try {
      // It stays locked until it is gone: nobody can begin to write it meanwhile.
      await store.remove(path);
    } finally {
      file.close();
    }
    removed += 1;
  }
  return removed;
}

/** What another run is writing is in good hands: `undefined`. */
export async function unlessBusy<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deno.errors.Busy) return undefined;
    throw error;
  }
}
