/**
 * The capabilities without which a dialogue is skipped.
 *
 * @module
 */

import type { DialogueEnd } from "./end.ts";
import { isOffered } from "./expect_capabilities.ts";
import type { Step } from "../step.ts";

/** Ends a run that lacks a capability. */
export class Skip extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "Skip";
}

/** What a client requires, and what of it was not offered yet. */
export class Requirements {
  readonly #end: DialogueEnd;
  readonly #missing: Set<string>;
  readonly #lists: number;

  /**
   * Begins with all of it missing.
   *
   * @param end The end. A server offers what its file says: it requires nothing.
   */
  constructor(end: DialogueEnd) {
    const { dialogue, role } = end.options;
    this.#end = end;
    this.#missing = new Set(role === "C" ? dialogue.require : []);
    this.#lists = countLists(dialogue.steps);
  }

  /** What was not offered and could have been. */
  get unmet(): readonly string[] {
    return this.#end.offersHeard > 0 ? [...this.#missing] : [];
  }

  /**
   * Looks at what is offered now. Before TLS and behind it, lists differ: only the last one decides.
   *
   * @throws {Skip} If there was the last list, and something is missing.
   */
  check(): void {
    const { course: { capabilities }, offersHeard } = this.#end;
    if (this.#missing.size === 0 || capabilities === undefined) return;
    for (const wanted of this.#missing) {
      if (isOffered(capabilities, wanted)) this.#missing.delete(wanted);
    }
    if (this.#missing.size > 0 && offersHeard >= this.#lists) throw new Skip();
  }
}

/** How many lists of capabilities a dialogue asks for, as it is written. */
function countLists(steps: readonly Step[]): number {
  let count = 0;
  for (const step of steps) {
    if (step.kind === "block") {
      count += Math.max(...step.arms.map((arm) => countLists(arm)));
    } else if (step.kind === "line" && !step.content) {
      const [first] = step.template;
      if (first?.kind === "text" && /^(?:EHLO|LHLO|CAPA)\b/i.test(first.text)) count++;
    }
  }
  return count;
}
