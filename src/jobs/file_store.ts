/**
 * The files of a job as the job sees them. Every effect on the disk goes through this interface, so
 * that tests can fail, count and end it at every call.
 *
 * Errors are those of the platform (`Deno.errors`), untouched. What is written is durable after
 * `sync()` of the file; a new, renamed or removed name after `syncFolder()` of its folder.
 *
 * @module
 */

/** A file opened for writing. It is locked until it is closed: nobody else can open it so. */
export interface OpenFile {
  /** The octets in it, also after a write that failed half way. */
  readonly size: number;
  /**
   * Writes all octets at its end.
   *
   * @param octets What to write.
   */
  write(octets: Uint8Array): Promise<void>;
  /**
   * Cuts its end off.
   *
   * @param size The octets that stay.
   */
  truncate(size: number): Promise<void>;
  /** Makes its data and size durable. After a failure the file must not be trusted again. */
  sync(): Promise<void>;
  /** Closes it; again is harmless. */
  close(): void;
}

/** A name in a folder. */
export interface FileEntry {
  /** The name, without the folder. */
  readonly name: string;
  /** What it is; links are not followed. */
  readonly kind: "file" | "folder" | "link" | "other";
}

/** A lock that is held until it is released, or the process ends. */
export interface FileLock extends Disposable {
  /** Lets the next one in; again is harmless. */
  release(): void;
}

/** A part of a file. */
export interface FileRange {
  /** Where it begins. */
  readonly offset: number;
  /** How many octets it has. */
  readonly length: number;
}

/** Files and folders. Paths are separated by `/`. */
export interface FileStore {
  /**
   * Makes a new file that only its owner may read.
   *
   * @param path Where; `AlreadyExists` if something is there, be it a link; `Busy` if another one took it
   *   before it could be locked.
   * @returns The file.
   */
  create(path: string): Promise<OpenFile>;
  /**
   * Opens a file for writing at its end, and makes it if it is missing.
   *
   * @param path The file; what is a link or no file is refused, and `Busy` what another one writes.
   * @returns The file.
   */
  append(path: string): Promise<OpenFile>;
  /**
   * Reads a small file.
   *
   * @param path The file.
   * @returns Its octets; `undefined` if it is missing.
   */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Reads a file of any size in pieces, each with memory of its own.
   *
   * @param path The file; `NotFound` if it is missing.
   * @param range The part to read; a file that ends before gives less. Without it, all.
   * @returns The pieces.
   */
  readPieces(path: string, range?: FileRange): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /**
   * Tells how many octets a file has.
   *
   * @param path The file; what is a link or no file is refused.
   * @returns Its size; `undefined` if it is missing.
   */
  size(path: string): Promise<number | undefined>;
  /**
   * Lists a folder, in the order of the names.
   *
   * @param path The folder.
   * @returns What is in it; nothing if it is missing.
   */
  list(path: string): Promise<readonly FileEntry[]>;
  /**
   * Makes a folder with its parents, for the owner only. All their names are durable then, also those
   * of folders that were there before.
   *
   * @param path The folder.
   * @param options `below` names a folder above it: no step below that one may be a link.
   */
  makeFolder(path: string, options?: { readonly below?: string }): Promise<void>;
  /**
   * Gives a file another name.
   *
   * @param from The file.
   * @param to Its new name, in a folder that is no link.
   * @param options `replace` allows that something has the name; otherwise that is `AlreadyExists`.
   */
  rename(from: string, to: string, options?: { readonly replace?: boolean }): Promise<void>;
  /**
   * Removes a file; one that is missing is no error.
   *
   * @param path The file.
   */
  remove(path: string): Promise<void>;
  /**
   * Makes the names in a folder durable.
   *
   * @param path The folder; a link is refused.
   */
  syncFolder(path: string): Promise<void>;
  /**
   * Takes a lock that only one process of this machine can hold. The file then tells who holds it, in
   * one line.
   *
   * @param path The lock file. It is made if it is missing, and stays.
   * @returns The lock; `undefined` if it is held.
   */
  lock(path: string): Promise<FileLock | undefined>;
}
