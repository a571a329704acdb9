/**
 * The archives of a policy, opened when they are needed.
 *
 * @module
 */

import type { FileStore } from "../../file_store.ts";
import { type Archive, type ArchivedCopy, type CopyState, openArchive } from "./archive.ts";
import { CleanupError } from "../cleanup_error.ts";
import type { CleanupJournal } from "../journal/cleanup_journal.ts";
import type { FoundEvent } from "../journal/journal_event.ts";
import type { Policy } from "../policy/policy.ts";

/** What archives are opened with. */
export interface ArchivesOptions {
  /** The files. */
  readonly store: FileStore;
  /** The folder that their paths begin at. */
  readonly base: string;
  /** What the policy says of them. */
  readonly archives: Policy["archives"];
  /** What is known of their copies. */
  readonly journal: CleanupJournal;
}

/** Copies that the journal of a mailbox takes in at once. */
const BATCH = 500;

/** The archives of a policy. */
export class Archives implements Disposable {
  readonly #options: ArchivesOptions;
  readonly #open = new Map<string, Archive>();

  /** None is open yet. */
  constructor(options: ArchivesOptions) {
    this.#options = options;
  }

  /**
   * An archive.
   *
   * @param name Its name in the policy.
   * @returns The archive.
   * @throws {CleanupError} If the policy does not have it.
   */
  get(name: string): Archive {
    const archive = this.#open.get(name) ?? this.#opened(name);
    this.#open.set(name, archive);
    return archive;
  }

  /** Whether a copy is there, octet for octet. */
  async verify(copy: ArchivedCopy): Promise<boolean> {
    return await this.get(copy.archive).verify(copy);
  }

  /** The first of several copies that is there, octet for octet. */
  async firstWhole(copies: Iterable<ArchivedCopy>): Promise<ArchivedCopy | undefined> {
    for (const copy of copies) if (await this.verify(copy)) return copy;
    return undefined;
  }

  /** What has become of a copy. */
  async look(copy: ArchivedCopy): Promise<CopyState> {
    return await this.get(copy.archive).look(copy);
  }

  /** Makes all finished copies durable. */
  async barrier(): Promise<void> {
    for (const archive of this.#open.values()) await archive.barrier();
  }

  /**
   * Gets all archives ready: takes in what a lost journal knew of them, and removes what a run that
   * died has left half done.
   */
  async prepare(): Promise<void> {
    const { archives, journal } = this.#options;
    const names = Object.keys(archives);
    if (journal.state.runs === 0) {
      for (const name of names) await this.#adopt(name);
      this.#close(); // What they know is what the journal knew when they were opened.
    }
    for (const name of names) await this.get(name).tidy();
  }

  /** Lets go of all files. */
  [Symbol.dispose](): void {
    this.#close();
  }

  async #adopt(name: string): Promise<void> {
    let found: FoundEvent[] = [];
    for await (const copy of this.get(name).digests()) {
      found.push({ event: "found", copy });
      if (found.length < BATCH) continue;
      await this.#options.journal.record(...found);
      found = [];
    }
    await this.#options.journal.record(...found);
  }

  #opened(name: string): Archive {
    const { store, base, archives, journal } = this.#options;
    const spec = Object.hasOwn(archives, name) ? archives[name] : undefined;
    if (spec === undefined) {
      throw new CleanupError("policy", `Cannot use archive "${name}": the policy does not have it`);
    }
    return openArchive(store, name, spec, { base, known: journal.state.copies() });
  }

  #close(): void {
    for (const archive of this.#open.values()) archive.close();
    this.#open.clear();
  }
}
