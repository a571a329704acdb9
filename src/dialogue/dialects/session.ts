/**
 * What an importer makes of a page: sessions, whose lines stand where they stood.
 *
 * @module
 */

import type { SourceLine } from "../text/parse_source.ts";
import type { Dialogue, Position } from "../step.ts";

/** Something about the import that a reader should know. */
export interface ImportNote {
  /** Where it is in the page. */
  readonly at: Position;
  /** What was done. It quotes nothing: what is left away may hold a credential. */
  readonly text: string;
}

/** One session of a page. */
export interface FoundSession {
  /** Its dialogue, under a name. */
  readonly dialogue: (name: string) => Dialogue;
  /** What was done with the page. */
  readonly notes: readonly ImportNote[];
  /** The first and the last line of the page that belong to it. */
  readonly range: readonly [first: number, last: number];
}

/** Reads one notation: finds the sessions of a page. */
export type Importer = (lines: readonly SourceLine[]) => readonly FoundSession[];

/** A line whose other blanks are plain ones: NBSP, U+3000 and tabs. */
export function plainBlanks(text: string): string {
  return text.replace(/[\t\u00a0\u3000]/g, " ");
}
