/**
 * A file store in memory that knows what a disk would keep. `crash()` is the death of the process:
 * everything written stays. `powerLoss()` is the death of the machine: of a file stays what was
 * synced, of a folder the names that were there when it was synced.
 *
 * @module
 */

import type {
  FileEntry,
  FileLock,
  FileRange,
  FileStore,
  OpenFile,
} from "../../src/jobs/file_store.ts";
import { parentOf, stepsTo } from "../../src/jobs/file_path.ts";

/** A file; `synced` is what a power loss leaves of it. */
class MemoryFile {
  data: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  size = 0;
  synced: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(octets: Uint8Array = new Uint8Array(0), synced = octets) {
    this.write(octets);
    this.synced = synced.slice();
  }

  write(octets: Uint8Array): void {
    if (this.size + octets.length > this.data.length) {
      const more = new Uint8Array(2 * (this.size + octets.length));
      more.set(this.data.subarray(0, this.size));
      this.data = more;
    }
    this.data.set(octets, this.size);
    this.size += octets.length;
  }

  octets(): Uint8Array<ArrayBuffer> {
    return this.data.slice(0, this.size);
  }
}

type Node = MemoryFile | "folder" | "link";

/** What a power loss leaves besides what was synced. */
export interface PowerLoss {
  /** How many of the octets that were not synced stay, from the first; of each file. @default {0} */
  readonly octets?: number;
  /** Whether names stay that were not synced, and old ones are gone: a disk may do either. @default {false} */
  readonly names?: boolean;
}

/** Files in memory. The folders `.` and `/` are always there. */
export class MemoryStore implements FileStore {
  /** How big the pieces are that files are read in. */
  readonly pieceSize: number;
  readonly #names = new Map<string, Node>();
  readonly #durable = new Map<string, Node>();
  readonly #locked = new Set<Node>();

  constructor({ pieceSize = 65_536 }: { readonly pieceSize?: number } = {}) {
    this.pieceSize = pieceSize;
  }

  /** Puts a durable file with its folders; for the beginning of a test. */
  put(path: string, octets: Uint8Array | string): void {
    const bytes = typeof octets === "string" ? new TextEncoder().encode(octets) : octets;
    for (const step of stepsTo(path, path.startsWith("/") ? "/" : ".").slice(0, -1)) {
      this.#both(step, "folder");
    }
    this.#both(path, new MemoryFile(bytes));
  }

  /** Puts a symbolic link in place of whatever is there. It leads nowhere: nobody may follow it. */
  putLink(path: string): void {
    this.#both(path, "link");
  }

  /** Takes a file or a folder with all that is in it away, as a user might. */
  take(path: string): void {
    for (const names of [this.#names, this.#durable]) {
      for (const name of [...names.keys()]) {
        if (name === path || name.startsWith(`${path}/`)) names.delete(name);
      }
    }
  }

  /** All files by their paths. */
  files(): Map<string, Uint8Array<ArrayBuffer>> {
    const files = [...this.#names].filter((each): each is [string, MemoryFile] =>
      each[1] instanceof MemoryFile
    );
    return new Map(files.sort().map(([path, file]) => [path, file.octets()]));
  }

  /** What the next process finds after this one has died. */
  crash(): MemoryStore {
    return this.#next(
      this.#names,
      this.#durable,
      (file) => new MemoryFile(file.octets(), file.synced),
    );
  }

  /** What the next process finds after the machine has lost its power. */
  powerLoss({ octets = 0, names = false }: PowerLoss = {}): MemoryStore {
    const left = names ? this.#names : this.#durable;
    return this.#next(left, left, (file) => new MemoryFile(torn(file, octets)));
  }

  #next(
    names: ReadonlyMap<string, Node>,
    durable: ReadonlyMap<string, Node>,
    copy: (file: MemoryFile) => MemoryFile,
  ): MemoryStore {
    const next = new MemoryStore(this);
    // A file may have a name in both.
    const copies = new Map<Node, Node>();
    for (const node of [...names.values(), ...durable.values()]) {
      if (!copies.has(node)) copies.set(node, node instanceof MemoryFile ? copy(node) : node);
    }
    for (const [path, node] of names) next.#names.set(path, copies.get(node) ?? node);
    for (const [path, node] of durable) next.#durable.set(path, copies.get(node) ?? node);
    return next;
  }

  create(path: string): Promise<OpenFile> {
    return this.#soon(() => {
      this.#folder(parentOf(path));
      if (this.#names.has(path)) throw new Deno.errors.AlreadyExists(path);
      const file = new MemoryFile();
      this.#names.set(path, file);
      return this.#open(file);
    });
  }

  append(path: string): Promise<OpenFile> {
    return this.#soon(() => {
      this.#folder(parentOf(path));
      const file = this.#file(path) ?? new MemoryFile();
      this.#names.set(path, file);
      return this.#open(file);
    });
  }

  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#soon(() => this.#file(path)?.octets());
  }

  async *readPieces(path: string, range?: FileRange): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const file = await this.#soon(() => this.#file(path));
    if (file === undefined) throw new Deno.errors.NotFound(path);
    const { offset, length } = range ?? { offset: 0, length: Infinity };
    const end = (): number => Math.min(file.size, offset + length);
    for (let at = offset; at < end(); at += this.pieceSize) {
      yield file.data.slice(at, Math.min(at + this.pieceSize, end()));
    }
  }

  size(path: string): Promise<number | undefined> {
    return this.#soon(() => this.#file(path)?.size);
  }

  list(path: string): Promise<readonly FileEntry[]> {
    return this.#soon(() =>
      [...this.#names].filter(([name]) => parentOf(name) === path && name !== path)
        .map(([name, node]): FileEntry => ({
          name: name.slice(name.lastIndexOf("/") + 1),
          kind: node instanceof MemoryFile ? "file" : node,
        }))
        .sort((one, other) => one.name < other.name ? -1 : 1)
    );
  }

  makeFolder(path: string, { below }: { readonly below?: string } = {}): Promise<void> {
    return this.#soon(() => {
      const from = below ?? (path.startsWith("/") ? "/" : ".");
      for (const step of stepsTo(path, from)) {
        const node = this.#names.get(step) ?? "folder";
        if (node !== "folder") throw new Deno.errors.NotADirectory(step);
        this.#both(step, "folder");
        this.#sync(parentOf(step));
      }
    });
  }

  rename(
    from: string,
    to: string,
    { replace = false }: { readonly replace?: boolean } = {},
  ): Promise<void> {
    return this.#soon(() => {
      this.#folder(parentOf(to));
      const node = this.#names.get(from);
      if (node === undefined) throw new Deno.errors.NotFound(from);
      if (!replace && this.#names.has(to)) throw new Deno.errors.AlreadyExists(to);
      this.#names.delete(from);
      this.#names.set(to, node);
    });
  }

  remove(path: string): Promise<void> {
    return this.#soon(() => {
      this.#names.delete(path);
    });
  }

  syncFolder(path: string): Promise<void> {
    return this.#soon(() => {
      this.#folder(path);
      this.#sync(path);
    });
  }

  lock(path: string): Promise<FileLock | undefined> {
    return this.#soon(() => {
      this.#folder(parentOf(path));
      const file = this.#file(path) ?? new MemoryFile();
      this.#names.set(path, file);
      if (this.#locked.has(file)) return undefined;
      this.#locked.add(file);
      const release = (): void => {
        this.#locked.delete(file);
      };
      return { release, [Symbol.dispose]: release };
    });
  }

  #open(file: MemoryFile): OpenFile {
    if (this.#locked.has(file)) throw new Deno.errors.Busy("another run is writing it");
    this.#locked.add(file);
    return {
      get size(): number {
        return file.size;
      },
      write: (octets) => this.#soon(() => file.write(octets)),
      truncate: (size) =>
        this.#soon(() => {
          file.size = size;
        }),
      sync: () =>
        this.#soon(() => {
          file.synced = file.octets();
        }),
      close: () => {
        this.#locked.delete(file);
      },
    };
  }

  /** Like a disk, it answers later, and an error is a rejection. */
  async #soon<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    return work();
  }

  #both(path: string, node: Node): void {
    this.#names.set(path, node);
    this.#durable.set(path, node);
  }

  #sync(folder: string): void {
    for (const name of this.#durable.keys()) {
      if (parentOf(name) === folder && !this.#names.has(name)) this.#durable.delete(name);
    }
    for (const [name, node] of this.#names) {
      if (parentOf(name) === folder) this.#durable.set(name, node);
    }
  }

  #folder(path: string): void {
    if (path === "." || path === "/") return;
    const node = this.#names.get(path);
    if (node === undefined) throw new Deno.errors.NotFound(path);
    if (node !== "folder") throw new Deno.errors.NotADirectory(path);
  }

  #file(path: string): MemoryFile | undefined {
    const node = this.#names.get(path);
    if (node === undefined || node instanceof MemoryFile) return node;
    throw new TypeError(`"${path}" is a ${node}, not a file`);
  }
}

/** What was synced and did not change, and the first octets of what came after. */
function torn(file: MemoryFile, octets: number): Uint8Array<ArrayBuffer> {
  if (octets === 0) return file.synced;
  const written = file.octets();
  let same = 0;
  while (same < file.synced.length && file.synced[same] === written[same]) same += 1;
  return written.slice(0, same + octets);
}
