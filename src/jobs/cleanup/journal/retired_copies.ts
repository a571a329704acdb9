/**
 * Copies of which somebody has said that they are gone on purpose: moved to tape, or not wanted any
 * more. Their absence is no loss; that of all others is.
 *
 * @module
 */

import type { ArchivedCopy } from "../archive/archive.ts";
import type { NamedCopy, RetiredEvent } from "./journal_event.ts";

/** Who has said that a copy is gone on purpose, and when. */
export interface RetiredMark {
  /** Who. */
  readonly by: string;
  /** Where it is now, or why it is gone. */
  readonly note?: string;
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
}

/** Copies that are gone on purpose. */
export class RetiredCopies {
  readonly #marks = new Map<string, RetiredMark>();

  /** How many there are. */
  get size(): number {
    return this.#marks.size;
  }

  /** What was said of a copy. */
  markOf(copy: ArchivedCopy): RetiredMark | undefined {
    return this.#marks.get(keyOf(copy));
  }

  /** Takes what somebody has said. */
  take({ by, note, at, copies }: RetiredEvent & { readonly at: number }): void {
    const mark = { by, ...(note !== undefined && { note }), atMs: at };
    for (const copy of copies) this.#marks.set(keyOf(copy), mark);
  }

  /** A copy was written, or found: it must not go again without a word. */
  forget(copy: ArchivedCopy): void {
    this.#marks.delete(keyOf(copy));
  }
}

/** What tells a copy from all others: an mbox may have the same message twice. */
export function keyOf({ sha256, path, offset = 0 }: NamedCopy): string {
  return `${sha256} ${offset} ${path}`;
}
