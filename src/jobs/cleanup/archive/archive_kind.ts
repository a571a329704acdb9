/**
 * What the kinds of archives do each in their own way.
 *
 * @module
 */

import { Sha256 } from "../../../message/mod.ts";
import { joinPath } from "../../file_path.ts";
import type { FileStore } from "../../file_store.ts";
import type { ArchivedCopy } from "./archive_types.ts";
import type { Spool, SpooledMessage } from "./spool.ts";

/** Files of one archive. Paths of copies and places start from the base. */
export interface ArchiveFiles {
  /** The files. */
  readonly store: FileStore;
  /** The archive, as the policy names it. */
  readonly archive: string;
  /** The folder that paths start from. */
  readonly base: string;
}

/** A form of keeping messages. A place is what the policy's path is for a day. */
export interface ArchiveKind {
  /** The folder of a place for messages on their way. */
  spoolFolder(place: string): string;
  /** Takes a spooled message over; it is durable after {@linkcode ArchiveKind.barrier}. */
  take(spool: Spool, message: SpooledMessage, place: string): Promise<ArchivedCopy>;
  /** Makes all that was taken durable. */
  barrier(): Promise<void>;
  /** Reads a copy; `NotFound` or `InvalidData` if it is not there. */
  read(copy: ArchivedCopy): AsyncIterable<Uint8Array>;
  /** The intact copies of a place; each one is durable. */
  copies(place: string): AsyncIterable<ArchivedCopy>;
  /** Removes what a run that died has left half done, besides spools. */
  tidy(place: string): Promise<number>;
  /** Lets go of all files. */
  close(): void;
}

/** Makes folders below the base, each one once. */
export class FolderMaker {
  readonly #files: ArchiveFiles;
  readonly #made = new Set<string>();

  constructor(files: ArchiveFiles) {
    this.#files = files;
  }

  async make(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    const { store, base } = this.#files;
    await store.makeFolder(joinPath(base, folder), { below: base });
    this.#made.add(folder);
  }
}

/** Counts and hashes octets that are read again. */
export async function readMessage(pieces: AsyncIterable<Uint8Array>): Promise<SpooledMessage> {
  const hash = new Sha256();
  let bytes = 0;
  for await (const piece of pieces) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { sha256: hash.digest().toHex(), bytes };
}
