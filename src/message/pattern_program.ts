/**
 * A pattern as states (Thompson's construction).
 *
 * @module
 */

import type { CharacterSet } from "./character_set.ts";
import type { PatternNode, Place } from "./pattern_syntax.ts";

/** What is wanted, and the index of the state behind it. */
export type State =
  | { readonly kind: "set"; readonly set: CharacterSet; readonly next: number }
  | { readonly kind: "place"; readonly place: Place; readonly next: number }
  | { readonly kind: "split"; next: number; readonly other: number }
  | { readonly kind: "found" };

/** States, and the one in which a match begins. */
export interface Program {
  readonly states: readonly State[];
  readonly start: number;
}

/** Makes states of a tree, from its end to its begin: each part is told what stands behind it. */
export function programOf(tree: PatternNode): Program {
  const states: State[] = [{ kind: "found" }];
  const start = build(tree, 0);
  return { states, start };

  function add(state: State): number {
    return states.push(state) - 1;
  }

  function build(node: PatternNode, next: number): number {
    switch (node.kind) {
      case "set":
        return add({ kind: "set", set: node.set, next });
      case "place":
        return add({ kind: "place", place: node.place, next });
      case "sequence":
        return node.parts.reduceRight((behind, part) => build(part, behind), next);
      case "choice":
        return node.parts.map((part) => build(part, next))
          .reduceRight((other, first) => add({ kind: "split", next: first, other }));
      case "repeat":
        return node.max === Infinity ? atLeast(node, next) : upTo(node, next);
    }
  }

  /** The last time goes round in a loop. */
  function atLeast({ part, min }: PatternNode & { kind: "repeat" }, next: number): number {
    const loop: State = { kind: "split", next, other: next };
    const again = add(loop);
    loop.next = build(part, again);
    if (min === 0) return again;
    return times(min - 1, part, loop.next);
  }

  /** Each time that may be left out ends in a way out. */
  function upTo({ part, min, max }: PatternNode & { kind: "repeat" }, next: number): number {
    let behind = next;
    for (let time = min; time < max; time++) {
      behind = add({ kind: "split", next: build(part, behind), other: next });
    }
    return times(min, part, behind);
  }

  function times(count: number, part: PatternNode, next: number): number {
    let behind = next;
    for (let time = 0; time < count; time++) behind = build(part, behind);
    return behind;
  }
}
