/**
 * What is in a mailbox: the headers of all messages, or of as many as one cares to wait for.
 *
 * @module
 */

import {
  addressesOf,
  listIdOf,
  type ParsedHeader,
  parseHeaderBlock,
} from "../../src/message/mod.ts";
import {
  type CleanupProgress,
  type MessageFact,
  type PlannedListing,
  Planner,
  type Policy,
} from "../../src/jobs/mod.ts";
import type { MsgNo, Pop3Session } from "../../src/pop3/mod.ts";

/** Messages, and what they are together. */
export interface Share {
  /** How many. */
  readonly messages: number;
  /** Their size together, as the server counts it. */
  readonly octets: number;
}

/** How a mailbox is looked at. */
export interface SurveyOptions {
  /** How many headers to fetch; they lie evenly between the oldest and the newest. */
  readonly sample: number;
  /** The time, in milliseconds since 1970. */
  readonly nowMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Hears how far it is. */
  readonly onProgress: (progress: CleanupProgress) => void;
}

/** A mailbox that was looked at. */
export class Survey {
  /** The whole mailbox. */
  readonly whole: Share;
  /** The messages that were looked at. */
  readonly seen: Share;
  /** How much comes from each sender that is no mailing list, the most first. */
  readonly senders: readonly (readonly [address: string, share: Share])[];
  /** How much comes by each mailing list, the most first. */
  readonly lists: readonly (readonly [id: string, share: Share])[];
  readonly #listing: PlannedListing;
  readonly #facts: ReadonlyMap<MsgNo, MessageFact>;
  readonly #nowMs: number;

  /**
   * Counts.
   *
   * @param listing The mailbox.
   * @param facts What was fetched of which messages.
   * @param nowMs The time.
   */
  constructor(listing: PlannedListing, facts: ReadonlyMap<MsgNo, MessageFact>, nowMs: number) {
    const messages = listing.messages.filter(({ no }) => facts.has(no));
    this.whole = shareOf(listing.messages);
    this.seen = shareOf(messages);
    this.#listing = { messages, digest: listing.digest, contradictions: [] };
    this.#facts = facts;
    this.#nowMs = nowMs;
    this.senders = this.#most((header) => {
      const [from] = header.get("List-Id") === undefined ? header.getAll("From") : [];
      return from && addressesOf(from)[0]?.address.toLowerCase();
    });
    this.lists = this.#most((header) => {
      const id = header.get("List-Id");
      return id && listIdOf(id);
    });
  }

  /**
   * What a policy would remove of the messages that were looked at.
   *
   * @param policy The policy.
   * @returns How many, and their size.
   */
  async removedBy(policy: Policy): Promise<Share> {
    const planner = new Planner(policy, this.#listing, { nowMs: this.#nowMs });
    for (let needed = planner.needs(); needed !== undefined; needed = planner.needs()) {
      for (const no of needed.numbers) {
        const fact = needed.tier === 1 ? this.#facts.get(no) : undefined;
        planner.learn(no, fact ?? { tier: needed.tier, failed: "it was not fetched" });
      }
    }
    return shareOf((await planner.plan()).items);
  }

  #most(keyOf: (header: ParsedHeader) => string | undefined): [string, Share][] {
    const shares = new Map<string, { messages: number; octets: number }>();
    for (const { no, size } of this.#listing.messages) {
      const fact = this.#facts.get(no);
      const key = fact !== undefined && "header" in fact ? keyOf(fact.header) : undefined;
      if (key === undefined) continue;
      const share = shares.get(key) ?? { messages: 0, octets: 0 };
      share.messages++;
      share.octets += size;
      shares.set(key, share);
    }
    return [...shares].sort(([, one], [, other]) =>
      other.messages - one.messages || other.octets - one.octets
    );
  }
}

/**
 * Looks at a mailbox: its listing, and headers by TOP. Nothing is marked or retrieved.
 *
 * @param session A session that is logged in.
 * @param options How much to look at.
 * @returns What is there.
 */
export async function survey(session: Pop3Session, options: SurveyOptions): Promise<Survey> {
  const { sample, nowMs, signal, onProgress } = options;
  const snapshot = await session.snapshot({ signal });
  const numbers = evenly(snapshot.numbers, sample);
  const facts = new Map<MsgNo, MessageFact>();
  let octets = 0;
  for await (const item of session.top(numbers, 0, { signal })) {
    if (item.ok) {
      const { header: bytes, complete } = item.value;
      octets += bytes.length;
      const header = parseHeaderBlock(bytes, { complete });
      facts.set(item.no, { tier: 1, header, headerHash: "" });
    } else {
      facts.set(item.no, { tier: 1, failed: item.error.message });
    }
    onProgress({ stage: "headers", done: facts.size, total: numbers.length, octets });
  }
  return new Survey(snapshot, facts, nowMs);
}

/** So many of them, the first and the last one included. */
function evenly<T>(all: readonly T[], count: number): readonly T[] {
  if (count >= all.length) return all;
  const step = (all.length - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, at) => all[Math.round(at * step)])
    .filter((each) => each !== undefined);
}

function shareOf(messages: readonly { readonly size: number }[]): Share {
  return {
    messages: messages.length,
    octets: messages.reduce((sum, { size }) => sum + size, 0),
  };
}
