/**
 * Fetching what a plan needs, and nothing else: what was read before comes from the cache.
 *
 * @module
 */

import { parseHeaderBlock, Sha256 } from "../../../message/mod.ts";
import type { ListedMessage, MsgNo, Pop3Session, Pop3Snapshot } from "../../../pop3/mod.ts";
import { ProtocolError, TimeoutError } from "../../../wire/mod.ts";
import type { CleanupLimits, CleanupProgress } from "../cleanup_options.ts";
import { writing } from "../failure.ts";
import type { HeaderCache } from "./header_cache.ts";
import type { MessageFact } from "./listed_row.ts";
import type { Planner } from "./planner.ts";

/** Where facts come from. */
export interface CollectOptions {
  /** The session. */
  readonly session: Pop3Session;
  /** What it has listed. */
  readonly listing: Pop3Snapshot;
  /** What was read before. */
  readonly cache: HeaderCache;
  /** What the caller knows of the server. */
  readonly limits: Pick<CleanupLimits, "retrieveRemoves">;
  /** The messages that a session was lost over; those that are lost now are added. */
  readonly unreadable: Set<string>;
  /** Ends it; the session is dead then. */
  readonly signal: AbortSignal | undefined;
  /** Tells how far it is. */
  readonly progress: (progress: CleanupProgress) => void;
}

/** Messages that are read before the cache is made durable: so much is lost if the session is. */
const BATCH = 500;

/**
 * Fetches what a planner needs.
 *
 * @param planner The planner; it can make its plan afterwards.
 * @param options Where facts come from.
 */
export async function collectFacts(planner: Planner, options: CollectOptions): Promise<void> {
  const collector = new Collector(planner, options);
  for (let needed = planner.needs(); needed !== undefined; needed = planner.needs()) {
    await collector.fetch(needed.tier, needed.numbers);
  }
  await collector.sync();
}

class Collector {
  readonly #planner: Planner;
  readonly #options: CollectOptions;
  readonly #byNumber: ReadonlyMap<MsgNo, ListedMessage>;

  constructor(planner: Planner, options: CollectOptions) {
    this.#planner = planner;
    this.#options = options;
    this.#byNumber = new Map(options.listing.messages.map((message) => [message.no, message]));
  }

  async fetch(tier: 1 | 3, numbers: readonly MsgNo[]): Promise<void> {
    const unknown = numbers.filter((no) => {
      const cacheable = this.#cacheable(no);
      const fact = cacheable && this.#options.cache.get(cacheable, tier);
      if (fact !== undefined) this.#planner.learn(no, fact, { asked: false });
      return fact === undefined;
    });
    if (tier === 1) return await this.#headers(unknown);
    const { may = [], not = [] } = Object.groupBy(
      unknown,
      (no) => this.#mayRetrieve(no) ? "may" : "not",
    );
    for (const no of not) {
      this.#planner.learn(no, { tier, failed: "not retrieved" }, { asked: false });
    }
    await this.#contents(may);
  }

  async sync(): Promise<void> {
    const { cache } = this.#options;
    await writing(cache.path, () => cache.sync());
  }

  async #headers(numbers: readonly MsgNo[]): Promise<void> {
    const { session, cache, signal } = this.#options;
    let done = 0;
    const put: string[] = [];
    try {
      for await (const result of session.top(numbers, 0, { signal })) {
        const { no } = result;
        let fact: MessageFact = { tier: 1, failed: result.ok ? "" : result.error.message };
        if (result.ok) {
          const { header, complete } = result.value;
          const headerHash = new Sha256().update(header).digest().toHex();
          fact = { tier: 1, header: parseHeaderBlock(header), headerHash };
          const cacheable = complete ? this.#cacheable(no) : undefined;
          if (cacheable !== undefined) {
            cache.putHeader(cacheable, header, headerHash);
            put.push(cacheable.uid);
          }
        }
        this.#planner.learn(no, fact);
        this.#tell("headers", ++done, numbers.length);
        if (done % BATCH === 0) await this.sync();
      }
    } catch (error) {
      // Where an answer is missing at the end, each of those before it may be that of another message.
      if (error instanceof TimeoutError || error instanceof ProtocolError) cache.forget(put);
      throw error;
    }
  }

  async #contents(numbers: readonly MsgNo[]): Promise<void> {
    const { session, cache, signal } = this.#options;
    let done = 0;
    let current: MsgNo | undefined = numbers[0];
    using _unreadable = {
      [Symbol.dispose]: () => {
        const { uid } = current === undefined ? {} : this.#byNumber.get(current) ?? {};
        if (uid !== undefined) this.#options.unreadable.add(uid);
      },
    };
    for await (const result of session.retrieve(numbers, { signal })) {
      const { no } = result;
      let fact: MessageFact = { tier: 3, failed: result.ok ? "" : result.error.message };
      if (result.ok) {
        const sum = new Sha256();
        await result.value.read((piece) => void sum.update(piece));
        const contentHash = sum.digest().toHex();
        fact = { tier: 3, contentHash };
        const cacheable = this.#cacheable(no);
        if (cacheable !== undefined) cache.putContent(cacheable, contentHash);
      }
      this.#planner.learn(no, fact);
      this.#tell("retrieve", ++done, numbers.length);
      current = numbers[done];
      if (done % BATCH === 0) await this.sync();
    }
  }

  /** EXPIRE: what is retrieved may be removed, at once or some days later (RFC 2449 section 6.7). */
  #mayRetrieve(no: MsgNo): boolean {
    const { session: { capabilities: { expire } }, limits, unreadable } = this.#options;
    const { uid } = this.#byNumber.get(no) ?? {};
    if (uid !== undefined && unreadable.has(uid)) return false;
    return !limits.retrieveRemoves && (expire === undefined || expire.days === "never");
  }

  /** A message that its unique-id tells from all others. */
  #cacheable(no: MsgNo): { readonly uid: string; readonly size: number } | undefined {
    const { uid, size } = this.#byNumber.get(no) ?? {};
    if (uid === undefined || size === undefined) return undefined;
    return this.#options.listing.duplicates.has(uid) ? undefined : { uid, size };
  }

  #tell(stage: "headers" | "retrieve", done: number, total: number): void {
    this.#options.progress({ stage, done, total, octets: 0 });
  }
}
