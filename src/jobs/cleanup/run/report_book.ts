/**
 * What a run knows of each message of its plan.
 *
 * @module
 */

import type { ArchivedCopy } from "../archive/archive.ts";
import type {
  CleanupCounts,
  CleanupExit,
  CopyCounts,
  ItemKeptReason,
  ItemOutcome,
  ReportItem,
} from "../cleanup_report.ts";

/** A message that a report is about. */
export type BookedMessage = Pick<ReportItem, "uid" | "size" | "rule">;

interface Page {
  outcome?: ItemOutcome;
  reason?: ItemKeptReason;
  detail?: string;
  copy?: ArchivedCopy;
  archived: boolean;
  marked: boolean;
  committed: boolean;
}

/** What a run knows of each message of its plan. */
export class ReportBook {
  readonly #pages = new Map<BookedMessage, Page>();
  readonly #warnings = new Set<string>();
  /** What has become of all copies, once somebody has looked. */
  copies: CopyCounts | undefined;

  /**
   * Nothing has become of any of them.
   *
   * @param messages The messages.
   */
  constructor(messages: Iterable<BookedMessage>) {
    for (const message of messages) {
      this.#pages.set(message, { archived: false, marked: false, committed: false });
    }
  }

  /** What somebody should know. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** Adds something that somebody should know. */
  warn(text: string): void {
    this.#warnings.add(text);
  }

  /** Whether it is known what has become of a message. */
  isSettled(message: BookedMessage): boolean {
    return this.#page(message).outcome !== undefined;
  }

  /** A message stays, for a reason. */
  keep(message: BookedMessage, reason: ItemKeptReason, detail?: string): void {
    const page = this.#page(message);
    page.outcome = "kept";
    page.reason = reason;
    if (detail === undefined) delete page.detail;
    else page.detail = detail;
  }

  /** A message has a durable copy; `fresh` if it was written by this run. */
  archived(message: BookedMessage, copy: ArchivedCopy, fresh: boolean): void {
    const page = this.#page(message);
    page.copy = copy;
    page.archived ||= fresh;
  }

  /** The server has marked a message. */
  marked(message: BookedMessage): void {
    this.#page(message).marked = true;
  }

  /** The server has confirmed that a message is gone. */
  committed(message: BookedMessage): void {
    const page = this.#page(message);
    page.outcome = "committed";
    page.committed = true;
  }

  /** QUIT was said about a message, and nobody knows what it came to. */
  unknown(message: BookedMessage): void {
    this.#page(message).outcome = "unknown";
  }

  /** A message is gone because of us, as a listing shows. */
  verified(message: BookedMessage): void {
    this.#page(message).outcome = "verified";
  }

  /** A message was gone, and not because of us. */
  goneElsewhere(message: BookedMessage): void {
    this.#page(message).outcome = "gone-elsewhere";
  }

  /**
   * A listing has told of what was marked when QUIT was said.
   *
   * @param gone The unique-ids that are gone.
   * @param there Those that are still there.
   */
  resolve(gone: ReadonlySet<string>, there: ReadonlySet<string>): void {
    for (const [message, { outcome }] of this.#pages) {
      if (outcome !== "committed" && outcome !== "unknown") continue;
      if (gone.has(message.uid)) this.verified(message);
      else if (there.has(message.uid)) {
        this.keep(message, outcome === "committed" ? "still-there" : "not-committed");
      }
    }
  }

  /** What is not settled stays, for a reason. */
  keepRest(reason: ItemKeptReason): void {
    for (const [message, { outcome }] of this.#pages) {
      if (outcome === undefined) this.keep(message, reason);
    }
  }

  /** How a run has ended that nothing has stopped. */
  get exit(): CleanupExit {
    const { unknown, kept } = this.counts;
    if (unknown > 0) return "unverified";
    return kept > 0 ? "kept" : "done";
  }

  /** How many messages have come how far. */
  get counts(): CleanupCounts {
    const pages = [...this.#pages.values()];
    const count = (holds: (page: Page) => boolean): number => pages.filter(holds).length;
    return {
      planned: pages.length,
      archived: count(({ archived }) => archived),
      marked: count(({ marked }) => marked),
      committed: count(({ committed }) => committed),
      verified: count(({ outcome }) => outcome === "verified"),
      kept: count(({ outcome }) => outcome === "kept"),
      goneElsewhere: count(({ outcome }) => outcome === "gone-elsewhere"),
      unknown: count(({ outcome }) => outcome === "unknown"),
    };
  }

  /** What became of each message. */
  get items(): readonly ReportItem[] {
    return [...this.#pages].map(([{ uid, size, rule }, page]): ReportItem => {
      const { outcome = "kept", reason, detail, copy } = page;
      return {
        uid,
        ...(size !== undefined && { size }),
        ...(rule !== undefined && { rule }),
        outcome,
        ...(outcome === "kept" && reason !== undefined && { reason }),
        ...(outcome === "kept" && detail !== undefined && { detail }),
        ...(copy && { copy }),
      };
    });
  }

  #page(message: BookedMessage): Page {
    const page = this.#pages.get(message);
    if (page === undefined) throw new RangeError(`Cannot book "${message.uid}": it is not planned`);
    return page;
  }
}
