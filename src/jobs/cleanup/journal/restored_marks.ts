/**
 * What was given back from the archive, and what became of it.
 *
 * @module
 */

import type { RestoredStatus } from "../cleanup_report.ts";
import type { ReleasedEvent, RestoredEvent, RestoringEvent } from "./journal_event.ts";

/** An archived message that was sent or exported. */
export interface RestoredMark {
  /** SHA-256 of its body, hexadecimal; `undefined` for a file. */
  readonly bodyHash?: string;
  /** Its identifier, if it has one. */
  readonly messageId?: string;
  /** What became of it last; without an answer in the journal it is in doubt. */
  readonly outcome: "accepted" | "refused" | "in-doubt" | "exported";
  /** Whether it is back on a server, or may be. */
  readonly back: boolean;
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
}

/** What was given back, by the digest of its octets. */
export class RestoredMarks {
  readonly #marks = new Map<string, RestoredMark>();
  /** Whether what is being restored was back before. */
  #wasBack = false;

  /** What was restored, and not released. */
  get bySha256(): ReadonlyMap<string, RestoredMark> {
    return this.#marks;
  }

  /** Takes what has happened next. */
  take(
    entry: (RestoringEvent | RestoredEvent | ReleasedEvent) & { readonly at: number },
  ): void {
    if (entry.event === "released") {
      for (const sha256 of entry.sha256s) this.#marks.delete(sha256);
      return;
    }
    const { at: atMs, sha256 } = entry;
    const before = this.#marks.get(sha256);
    if (entry.event === "restoring") {
      const { bodyHash, messageId } = entry;
      const known = { bodyHash, ...(messageId !== undefined && { messageId }) };
      this.#wasBack = before?.back ?? false;
      this.#marks.set(sha256, { ...known, outcome: "in-doubt", back: true, atMs });
      return;
    }
    const { outcome } = entry;
    const back = outcome === "accepted" || outcome === "in-doubt"
      ? true
      : outcome === "refused"
      ? this.#wasBack
      : before?.back ?? false;
    this.#marks.set(sha256, { ...before, outcome, back, atMs });
  }

  /** What people want to know. */
  status(): readonly RestoredStatus[] {
    return [...this.#marks].flatMap(([sha256, mark]): RestoredStatus[] => {
      const { messageId, outcome, back, atMs } = mark;
      if (!back && outcome !== "exported") return [];
      const known = { sha256, ...(messageId !== undefined && { messageId }) };
      return [{ ...known, outcome, back, at: new Date(atMs).toISOString() }];
    });
  }
}
