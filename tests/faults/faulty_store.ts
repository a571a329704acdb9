/**
 * A file store whose Nth call fails, or ends the process.
 *
 * A sweep (threats.md section 6): for every fault of {@linkcode STORE_FAULTS} and N = 1, 2, 3 … make a
 * new world, run the job with a `FaultyStore`, then resume without it on what is left, then ask the
 * oracle; stop with the first run in which the fault has not fired. {@linkcode sweepStore} is that loop.
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

/** The calls that are counted: those that change something. */
export type StoreCall =
  | "create"
  | "append"
  | "write"
  | "truncate"
  | "sync"
  | "rename"
  | "remove"
  | "syncFolder"
  | "makeFolder"
  | "lock";

/** What goes wrong. */
export interface StoreFault {
  /** Of which calls; of all, if it is missing. */
  readonly call?: StoreCall;
  /** At which of them, from 1. */
  readonly nth: number;
  /** What happens: `died` ends the process. */
  readonly kind: "ENOSPC" | "EDQUOT" | "EIO" | "permission" | "died";
  /** Whether the effect happens all the same. `midway` is a write of half the octets. */
  readonly when: "before" | "midway" | "after";
  /** Whether every later call fails as well: a full disk stays full. */
  readonly sticky?: boolean;
}

/** A fault at no particular call yet. */
export type StoreFaultKind = Omit<StoreFault, "nth">;

/** Every kind of fault that makes a difference. */
export const STORE_FAULTS: readonly StoreFaultKind[] = [
  { kind: "died", when: "before" },
  { kind: "died", when: "midway", call: "write" },
  { kind: "died", when: "after" },
  ...[false, true].flatMap((sticky): StoreFaultKind[] => [
    { kind: "ENOSPC", when: "before", sticky },
    { kind: "ENOSPC", when: "midway", call: "write", sticky },
    { kind: "EIO", when: "before", sticky },
    { kind: "EIO", when: "after", sticky },
    { kind: "permission", when: "before", sticky },
  ]),
];

/** The process is dead. Who catches this and goes on meets it again at the next call. */
export class Died extends Error {
  override readonly name = "Died";
}

/** Whether an error is the death of the process, or was made of it. */
export function isDeath(error: unknown): boolean {
  if (error instanceof Died) return true;
  if (error instanceof SuppressedError) return isDeath(error.error) || isDeath(error.suppressed);
  return error instanceof Error && error.cause !== undefined && isDeath(error.cause);
}

/** A file store with a fault. Without one it only counts. */
export class FaultyStore implements FileStore {
  /** How often each call was made. */
  readonly calls: Map<StoreCall, number> = new Map();
  /** Whether the fault has happened. */
  fired = false;
  /** Whether the process is dead. */
  dead = false;
  readonly #store: FileStore;
  readonly #fault: StoreFault | undefined;
  /** Files and locks that a dead process leaves to the system. */
  readonly #held = new Set<() => void>();
  #matching = 0;

  constructor(store: FileStore, fault?: StoreFault) {
    this.#store = store;
    this.#fault = fault;
  }

  /** How many counted calls there were. */
  get total(): number {
    return this.calls.values().reduce((sum, count) => sum + count, 0);
  }

  /** Closes files and lets go of locks, as the system does for a process that is gone. */
  bury(): void {
    for (const close of this.#held) close();
    this.#held.clear();
  }

  create(path: string): Promise<OpenFile> {
    return this.#effect("create", async () => this.#opened(await this.#store.create(path)));
  }

  append(path: string): Promise<OpenFile> {
    return this.#effect("append", async () => this.#opened(await this.#store.append(path)));
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#alive();
    return await this.#store.read(path);
  }

  async *readPieces(path: string, range?: FileRange): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    this.#alive();
    for await (const piece of this.#store.readPieces(path, range)) {
      yield piece;
      this.#alive();
    }
  }

  async size(path: string): Promise<number | undefined> {
    this.#alive();
    return await this.#store.size(path);
  }

  async list(path: string): Promise<readonly FileEntry[]> {
    this.#alive();
    return await this.#store.list(path);
  }

  makeFolder(path: string, options?: { readonly below?: string }): Promise<void> {
    return this.#effect("makeFolder", () => this.#store.makeFolder(path, options));
  }

  rename(from: string, to: string, options?: { readonly replace?: boolean }): Promise<void> {
    return this.#effect("rename", () => this.#store.rename(from, to, options));
  }

  remove(path: string): Promise<void> {
    return this.#effect("remove", () => this.#store.remove(path));
  }

  syncFolder(path: string): Promise<void> {
    return this.#effect("syncFolder", () => this.#store.syncFolder(path));
  }

  lock(path: string): Promise<FileLock | undefined> {
    return this.#effect("lock", async () => {
      const lock = await this.#store.lock(path);
      if (lock === undefined) return undefined;
      const release = this.#holding(() => lock.release());
      return { release, [Symbol.dispose]: release };
    });
  }

  #opened(file: OpenFile): OpenFile {
    const half = (octets: Uint8Array): Uint8Array => octets.subarray(0, octets.length >> 1);
    return {
      get size(): number {
        return file.size;
      },
      write: (octets) =>
        this.#effect("write", () => file.write(octets), () => file.write(half(octets))),
      truncate: (size) => this.#effect("truncate", () => file.truncate(size)),
      sync: () => this.#effect("sync", () => file.sync()),
      close: this.#holding(() => file.close()),
    };
  }

  /** What closes is no effect: a dead process does it without a word. */
  #holding(close: () => void): () => void {
    this.#held.add(close);
    return () => {
      if (this.dead) return;
      this.#held.delete(close);
      close();
    };
  }

  #alive(): void {
    if (this.dead) throw new Died("The process is dead");
  }

  async #effect<T>(
    call: StoreCall,
    work: () => Promise<T>,
    midway: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<T> {
    this.#alive();
    this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
    const fault = this.#fault;
    if (fault === undefined || !this.#strikes(fault, call)) return await work();
    this.fired = true;
    this.dead = fault.kind === "died";
    // What goes wrong by itself does so unseen behind the fault.
    if (fault.when === "after") await work().catch(() => {});
    if (fault.when === "midway") await midway();
    throw errorOf(fault.kind, call);
  }

  #strikes({ call, nth, sticky = false }: StoreFault, seen: StoreCall): boolean {
    if (call !== undefined && call !== seen) return false;
    this.#matching += 1;
    return sticky ? this.#matching >= nth : this.#matching === nth;
  }
}

function errorOf(kind: StoreFault["kind"], call: StoreCall): Error {
  if (kind === "died") return new Died(`The process has died at ${call}`);
  if (kind === "permission") return new Deno.errors.PermissionDenied(`Permission denied: ${call}`);
  return Object.assign(new Error(`${kind}: ${call}`), { code: kind });
}

/**
 * Runs a world with every fault at every call.
 *
 * @param run Makes a new world, runs in it with the fault, resumes and checks; tells whether it fired.
 * @param kinds The faults.
 * @returns How many faults have fired.
 */
export async function sweepStore(
  run: (fault: StoreFault) => Promise<boolean>,
  kinds: readonly StoreFaultKind[] = STORE_FAULTS,
): Promise<number> {
  let fired = 0;
  for (const kind of kinds) {
    for (let nth = 1; await run({ ...kind, nth }); nth++) fired += 1;
  }
  return fired;
}
