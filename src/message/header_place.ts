/**
 * Values in header fields that hold more than text: each stays the one thing that it is.
 *
 * @module
 */

import { type Escape, UnfitValue, type ValuePlace } from "./value_place.ts";

/** What would end an item of a list and begin another, or hide a part of it. */
const STRUCTURE = /[<>,;:"()\\]/;
/** As `linkHeader()` wants it, and without the comma that may stand between two. */
const LINK = /^(?:https?|mailto):[!-+\--;=?-~]+$/i;

function escapeItem(value: string): string {
  if (STRUCTURE.test(value)) throw new UnfitValue("holds a sign that would begin another item");
  return value;
}

function escapeLink(value: string): string {
  if (!LINK.test(value)) throw new UnfitValue("is no link of http, https or mailto");
  return value;
}

/** Lists of addresses or ids. */
export const LIST_PLACE: ValuePlace = {
  kind: "list",
  read: () => {},
  escape: () => escapeItem,
  passValue: () => {},
  mark: () => {},
  mayLack: () => {},
};

/** Lists of links in angle brackets. */
export class LinksPlace implements ValuePlace {
  readonly kind = "links";
  #last = "";

  /** Reads what stands up to the next placeholder. */
  read(text: string): void {
    this.#last = text.trimEnd().at(-1) ?? this.#last;
  }

  /** Behind "<" a value is a whole link; elsewhere it must not leave its place in one. */
  escape(): Escape {
    return this.#last === "<" ? escapeLink : encodeURIComponent;
  }

  /** A value has been put here. */
  passValue(): void {
    this.#last = "";
  }

  /** Something to come back to, where a section begins. */
  mark(): unknown {
    return this.#last;
  }

  /** The section from a mark up to here may not be there. */
  mayLack(mark: unknown): void {
    if (mark === "<") this.#last = mark;
  }
}
