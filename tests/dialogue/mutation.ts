/**
 * What may be changed in a dialogue, and what is known of it where a step stands.
 *
 * @module
 */

import type { Dialogue, DialogueEnd, DialogueStep, LineTemplate } from "../../src/dialogue/mod.ts";

/** What was changed. */
export const MUTATIONS = [
  "code",
  "verb",
  "capability",
  "argument",
  "content",
  "credential",
] as const;

/** A kind of change. */
export type Mutation = typeof MUTATIONS[number];

/** A dialogue in which one thing is changed. */
export interface Mutant {
  /** What was changed. */
  readonly kind: Mutation;
  /** What there is now. */
  readonly change: string;
  /** The line of the file. */
  readonly line: number;
  /** Who says it: the other end must notice. */
  readonly end: DialogueEnd;
  /** The whole. */
  readonly dialogue: Dialogue;
}

/** A step in which one thing is changed. */
export type Changed = Omit<Mutant, "dialogue"> & { readonly step: DialogueStep };

/** What is asked where a reply stands. */
export class Course {
  readonly protocol: Dialogue["protocol"];
  /** The last command. */
  command = "";
  /** The keywords that were offered last. */
  offered: readonly string[] = [];
  /** Codes that other arms begin with. */
  taken: readonly string[] = [];

  constructor({ protocol }: Dialogue) {
    this.protocol = protocol;
  }
}

/** A line as it is shown: holes have no names. */
export function printed(template: LineTemplate): string {
  return template.map((part) => part.kind === "text" ? part.text : "${}").join("");
}
