/**
 * What was read of messages that are still on the server, by unique-id: a known mailbox costs next to
 * nothing. To lose it costs work, and the times of first sight, which then begin anew.
 *
 * @module
 */

import { parseHeaderBlock } from "../../../message/mod.ts";
import type { FileStore } from "../../file_store.ts";
import { JournalError } from "../journal/journal_error.ts";
import { LineJournal } from "../journal/line_journal.ts";
import type { MessageFact } from "./listed_row.ts";
import { fieldsIn } from "../journal/stored_value.ts";

/** What is known of a message; a later line about the same message adds to the earlier ones. */
interface CacheEntry {
  /** The message. */
  readonly uid: string;
  /** When it was first seen, in milliseconds since 1970. */
  readonly seen?: number;
  /** Its size when the rest was read: with another size it may be another message. */
  readonly size?: number;
  /** The octets of its header, base64. */
  readonly header?: string;
  /** SHA-256 of them, hexadecimal. */
  readonly headerHash?: string;
  /** SHA-256 of all its octets, hexadecimal. */
  readonly contentHash?: string;
}

/** Whose mailbox it is: the first line. */
interface OwnerEntry {
  readonly account: string;
}

type Line = OwnerEntry | CacheEntry;

/** A message as a listing shows it. */
interface Listed {
  readonly uid: string;
  readonly size: number;
}

/** Lines that are not needed any more, before the file is written anew. */
const MOST_STALE = 1000;

/** What was read of messages. */
export class HeaderCache implements Disposable {
  readonly #store: FileStore;
  /** Its file. */
  readonly path: string;
  readonly #account: string;
  #lines: LineJournal<Line>;
  #count: number;
  readonly #known = new Map<string, CacheEntry>();

  private constructor(store: FileStore, path: string, account: string, lines: LineJournal<Line>) {
    this.#store = store;
    this.path = path;
    this.#account = account;
    this.#lines = lines;
    this.#count = lines.entries.length;
    for (const entry of lines.entries) if ("uid" in entry) this.#learn(entry);
    if (this.#count === 0) lines.append({ account });
  }

  /**
   * Opens a cache. One that is damaged, or of another mailbox, begins anew.
   *
   * @param store The files.
   * @param path The file.
   * @param account Whose mailbox it is.
   * @returns The cache.
   */
  static async open(store: FileStore, path: string, account: string): Promise<HeaderCache> {
    try {
      const lines = await openLines(store, path);
      const [owner = { account }] = lines.entries;
      if ("account" in owner && owner.account === account) {
        return new HeaderCache(store, path, account, lines);
      }
      lines.close();
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
    }
    await store.remove(path);
    return new HeaderCache(store, path, account, await openLines(store, path));
  }

  /**
   * Notes that messages are there.
   *
   * @param uids Their unique-ids.
   * @param nowMs The time.
   */
  see(uids: Iterable<string>, nowMs: number): void {
    for (const uid of uids) {
      const { seen } = this.#known.get(uid) ?? {};
      // What was seen in the future was seen by a wrong clock.
      if (seen === undefined || seen > nowMs) this.#add({ uid, seen: nowMs });
    }
  }

  /** When a message was first seen, in milliseconds since 1970. */
  firstSeen(uid: string): number | undefined {
    return this.#known.get(uid)?.seen;
  }

  /**
   * What is known of a message.
   *
   * @param message The message.
   * @param tier What is wanted.
   * @returns What was fetched of it.
   */
  get({ uid, size }: Listed, tier: 1 | 3): MessageFact | undefined {
    const known = this.#known.get(uid);
    if (known?.size !== size) return undefined;
    const { header, headerHash, contentHash } = known;
    if (tier === 3) return contentHash === undefined ? undefined : { tier, contentHash };
    if (header === undefined || headerHash === undefined) return undefined;
    return { tier, header: parseHeaderBlock(Uint8Array.fromBase64(header)), headerHash };
  }

  /** Keeps a header that is whole. */
  putHeader({ uid, size }: Listed, header: Uint8Array, headerHash: string): void {
    this.#add({ uid, size, header: header.toBase64(), headerHash });
  }

  /** Keeps the digest of all octets. */
  putContent({ uid, size }: Listed, contentHash: string): void {
    this.#add({ uid, size, contentHash });
  }

  /**
   * Forgets what was read of messages, as it was not theirs; not when they were first seen.
   *
   * @param uids Their unique-ids.
   */
  forget(uids: Iterable<string>): void {
    // No message has this size, so that nothing of it is believed any more.
    for (const uid of uids) if (this.#known.has(uid)) this.#add({ uid, size: 0 });
  }

  /** Makes durable what was put. */
  async sync(): Promise<void> {
    await this.#lines.sync();
  }

  /**
   * Forgets the messages that are not there any more, once that is worth it.
   *
   * @param uids What is there.
   */
  async keepOnly(uids: ReadonlySet<string>): Promise<void> {
    const live = [...this.#known.values()].filter(({ uid }) => uids.has(uid));
    if (this.#count - live.length < Math.max(live.length, MOST_STALE)) return;
    const next = `${this.path}.new`;
    await this.#store.remove(next);
    const lines = await openLines(this.#store, next);
    try {
      lines.append({ account: this.#account }, ...live);
      await lines.sync();
    } finally {
      lines.close();
    }
    this.#lines.close();
    await this.#store.rename(next, this.path, { replace: true });
    this.#lines = await openLines(this.#store, this.path);
    this.#count = live.length;
    this.#known.clear();
    for (const entry of live) this.#learn(entry);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#lines.close();
  }

  #add(entry: CacheEntry): void {
    this.#lines.append(entry);
    this.#count++;
    this.#learn(entry);
  }

  #learn(entry: CacheEntry): void {
    const { uid, size } = entry;
    const before = this.#known.get(uid);
    const other = size !== undefined && before?.size !== undefined && before.size !== size;
    const kept = other ? { ...before?.seen !== undefined && { seen: before.seen } } : before;
    this.#known.set(uid, { ...kept, ...entry });
  }
}

function openLines(store: FileStore, path: string): Promise<LineJournal<Line>> {
  return LineJournal.open(store, path, { parse });
}

function parse(value: unknown): Line {
  const from = fieldsIn(value);
  const owner = from.optional("account", () => ({ account: from.text("account") }));
  if (owner !== undefined) return owner;
  return {
    uid: from.text("uid"),
    ...from.optional("seen", () => ({ seen: from.count("seen") })),
    ...from.optional("size", () => ({ size: from.count("size") })),
    ...from.optional("header", () => ({ header: from.text("header") })),
    ...from.optional("headerHash", () => ({ headerHash: from.hash("headerHash") })),
    ...from.optional("contentHash", () => ({ contentHash: from.hash("contentHash") })),
  };
}
