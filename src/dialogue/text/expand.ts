/**
 * How large a dialogue becomes, and the limits of a file from a stranger (T-I44).
 *
 * @module
 */

import type { Step } from "../step.ts";

/** The most turns of a loop. */
export const MAX_TURNS = 10_000;
/** The most steps of a dialogue when its loops are run. */
export const MAX_STEPS = 100_000;
/** The most blocks inside each other. */
export const MAX_DEPTH = 16;
/** The longest time of a step, in milliseconds. */
export const MAX_TIME = 600_000;

/**
 * Counts the steps that are run at most.
 *
 * @param steps The steps of a dialogue or a block.
 * @returns How many they are when every loop is run and every arm is counted.
 *
 * @example Usage
 * ```ts
 * import { countSteps, parseDialogue } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(countSteps(parseDialogue("C: NOOP\nS: 250 ok\n").steps), 2);
 * ```
 */
export function countSteps(steps: readonly Step[]): number {
  let count = 0;
  for (const step of steps) {
    if (step.kind !== "block") {
      count++;
      continue;
    }
    const turns = step.how === "repeat" ? step.count : step.how === "each" ? step.values.length : 1;
    const inside = step.arms.reduce((sum, arm) => sum + countSteps(arm), 0);
    // Loops do nothing at most so often either.
    count += turns * Math.max(inside, 1);
  }
  return count;
}
