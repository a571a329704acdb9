/**
 * What is written for the next step: `@step`, `#+12ms`.
 *
 * @module
 */

import { problem } from "../errors.ts";
import { timeOf } from "./parse_header.ts";
import type { Words } from "./parse_words.ts";
import type { Step, StepBase } from "../step.ts";

/** What any step may have. */
export type Attributes = Pick<StepBase, "label" | "within" | "match" | "soft" | "after">;

/** Takes the attributes of `@step`. */
export function attributesOf(words: Words): Attributes {
  let attributes: Attributes = {};
  const add = (more: Attributes) => {
    for (const key of Object.keys(more)) if (key in attributes) words.fail(`"${key}" only once`);
    attributes = { ...attributes, ...more };
  };
  if (words.done) words.fail("an attribute");
  while (!words.done) {
    if (words.take(/soft(?!\S)/y) !== undefined) {
      add({ soft: true });
    } else if (words.take(/label=/y) !== undefined) {
      add({ label: words.quoted() ?? words.word("a label") });
    } else if (words.take(/within=/y) !== undefined) {
      add({ within: timeOf(words) });
    } else if (words.take(/match=/y) !== undefined) {
      // Which levels there are depends on the step, where it is checked.
      add({ match: words.word("a level") as NonNullable<Attributes["match"]> });
    } else {
      words.fail('one of "match=", "within=", "soft" and "label="');
    }
  }
  return attributes;
}

/** Whether the level of a step is one that its kind has. */
export function checkLevel(step: Step, levels: readonly string[]): void {
  if (step.match === undefined) return;
  const kinds = ["line", "content", "bytes", "reply"];
  if (!kinds.includes(step.kind)) problem(step.at, step.match, '"match" at a reply or a line');
  if (!levels.includes(step.match)) problem(step.at, step.match, `one of ${levels.join(", ")}`);
}
