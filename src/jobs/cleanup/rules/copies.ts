/**
 * Which messages have the same octets. A message is fetched only if its header is that of another.
 *
 * @module
 */

import type { ListedRow } from "../plan/listed_row.ts";
import { known, type Lack, unknown, type Verdict } from "./verdict.ts";

/** The messages of one mailbox, by header; made anew when more is known. */
export class Copies {
  readonly #rows: readonly ListedRow[];
  #index: HeaderIndex | undefined;
  readonly #verdicts = new Map<ListedRow, Verdict>();

  /** Nothing is looked at yet. */
  constructor(rows: readonly ListedRow[]) {
    this.#rows = rows;
  }

  /**
   * Whether a message has the octets of one that stands before it.
   *
   * @param row The message.
   * @returns True with the hash of the octets; false, also for the first one; or unknown.
   */
  copyOf(row: ListedRow): Verdict {
    const { lack, byHash } = this.#index ??= indexOf(this.#rows);
    if (lack === "pending") return unknown(lack);
    const header = row.headerHash();
    if (typeof header === "string") return unknown(header);
    const alike = byHash.get(header.hash) ?? [];
    const verdict = alike[0] === row ? known(false) : this.#verdictOf(row, alike);
    // One that could not be read may be the same.
    return verdict.truth === false && lack !== undefined ? unknown(lack) : verdict;
  }

  /** All that are alike are looked at once: there may be very many. */
  #verdictOf(row: ListedRow, alike: readonly ListedRow[]): Verdict {
    if (!this.#verdicts.has(row)) {
      for (const [each, verdict] of verdictsOf(alike)) this.#verdicts.set(each, verdict);
    }
    return this.#verdicts.get(row) ?? unknown("pending");
  }
}

/**
 * Whether messages have the same octets. They are fetched only if their headers are the same.
 *
 * @param rows The messages, at least one.
 * @returns Whether it is so.
 */
export function haveSameOctets(rows: readonly ListedRow[]): boolean | Exclude<Lack, "absent"> {
  const headers = areSame(rows.map((row) => row.headerHash()));
  return headers === true ? areSame(rows.map((row) => row.contentHash())) : headers;
}

type Hash = ReturnType<ListedRow["contentHash"]>;

interface HeaderIndex {
  /** What is true of one of them at least. */
  readonly lack: Exclude<Lack, "absent"> | undefined;
  readonly byHash: ReadonlyMap<string, readonly ListedRow[]>;
}

function indexOf(rows: readonly ListedRow[]): HeaderIndex {
  const byHash = new Map<string, ListedRow[]>();
  const lacks = new Set<Exclude<Lack, "absent">>();
  for (const row of rows) {
    const header = row.headerHash();
    if (typeof header === "string") lacks.add(header);
    else if (!byHash.get(header.hash)?.push(row)) byHash.set(header.hash, [row]);
  }
  const [any] = lacks;
  return { lack: lacks.has("pending") ? "pending" : any, byHash };
}

function* verdictsOf(alike: readonly ListedRow[]): Generator<readonly [ListedRow, Verdict]> {
  const contents = alike.map((row) => ({ row, content: row.contentHash() }));
  const pending = contents.some(({ content }) => content === "pending");
  const seen = new Set<string>();
  let unread = false;
  for (const { row, content } of contents) {
    if (pending) yield [row, unknown("pending")];
    else if (typeof content === "string") {
      unread = true;
      yield [row, unknown(content)];
    } else if (seen.has(content.hash)) {
      yield [row, known(true, { fact: "sha256", value: content.hash })];
    } else {
      seen.add(content.hash);
      yield [row, unread ? unknown("unobtained") : known(false)];
    }
  }
}

function areSame(hashes: readonly Hash[]): boolean | Exclude<Lack, "absent"> {
  if (hashes.includes("pending")) return "pending";
  const texts = hashes.map((each) => typeof each === "string" ? undefined : each.hash);
  return texts.includes(undefined) ? "unobtained" : new Set(texts).size === 1;
}
