/**
 * A message of a listing, and what has been fetched of it.
 *
 * @module
 */

import type { ParsedHeader } from "../../../message/mod.ts";
import type { ListedMessage, MsgNo } from "../../../pop3/mod.ts";
import type { MessageFacts } from "../rules/message_facts.ts";
import type { Lack, Verdict } from "../rules/verdict.ts";

/** Something that was fetched of a message, or why it could not be. */
export type MessageFact =
  | {
    /** TOP. */
    readonly tier: 1;
    /** The header. */
    readonly header: ParsedHeader;
    /** SHA-256 of its octets, hexadecimal. */
    readonly headerHash: string;
  }
  | {
    /** RETR. */
    readonly tier: 3;
    /** SHA-256 of all octets, hexadecimal. */
    readonly contentHash: string;
  }
  | {
    /** What was tried. */
    readonly tier: 1 | 3;
    /** Why there is nothing. */
    readonly failed: string;
  };

/** What a row asks of those who know more than it. */
export interface RowContext {
  /** Notes that something must be fetched. */
  ask(row: ListedRow, tier: 1 | 3): void;
  /** Tells whether a message has the octets of one before it. */
  copyOf(row: ListedRow): Verdict;
}

/** A message of a listing. */
export class ListedRow implements MessageFacts {
  /** Its number in this session. */
  readonly no: MsgNo;
  readonly uid: string | undefined;
  readonly size: number;
  readonly firstSeenMs: number | undefined;
  readonly #context: RowContext;
  readonly #learnt = new Map<1 | 3, MessageFact>();

  /** Nothing has been fetched yet. */
  constructor(
    { no, uid, size }: ListedMessage,
    firstSeenMs: number | undefined,
    context: RowContext,
  ) {
    this.no = no;
    this.uid = uid;
    this.size = size;
    this.firstSeenMs = firstSeenMs;
    this.#context = context;
  }

  /** Takes what was fetched. */
  learn(fact: MessageFact): void {
    this.#learnt.set(fact.tier, fact);
  }

  header(): ParsedHeader | Exclude<Lack, "absent"> {
    const fact = this.#fact(1);
    if (fact === undefined) return "pending";
    return "header" in fact ? fact.header : "unobtained";
  }

  /** The hash of the header, if that is whole. */
  headerHash(): { readonly hash: string } | Exclude<Lack, "absent"> {
    const fact = this.#fact(1);
    if (fact === undefined) return "pending";
    return "header" in fact && fact.header.complete ? { hash: fact.headerHash } : "unobtained";
  }

  /** The hash of all octets. */
  contentHash(): { readonly hash: string } | Exclude<Lack, "absent"> {
    const fact = this.#fact(3);
    if (fact === undefined) return "pending";
    return "contentHash" in fact ? { hash: fact.contentHash } : "unobtained";
  }

  copy(): Verdict {
    return this.#context.copyOf(this);
  }

  #fact(tier: 1 | 3): MessageFact | undefined {
    const fact = this.#learnt.get(tier);
    if (fact === undefined) this.#context.ask(this, tier);
    return fact;
  }
}
