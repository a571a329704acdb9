/**
 * Dialogues with one thing changed: whoever plays the original must notice.
 *
 * @module
 */

import type { Dialogue, DialogueStep } from "../../src/dialogue/mod.ts";
import { changesOfBytes, changesOfLine } from "./mutated_lines.ts";
import { changesOfReply, codesOf } from "./mutated_replies.ts";
import { type Changed, Course, type Mutant } from "./mutation.ts";

/**
 * All mutants of a dialogue. What nobody can notice is none:
 * - a line that may be missing (`S?`), for it may be missing;
 * - a code that the original takes as well (`{250|251}`, `2xx`, another arm);
 * - what stands in a hole that takes anything;
 * - what is in a block whose keyword nobody offers (`@when`): it is not played;
 * - the texts of replies, which are compared by their codes.
 */
export function mutantsOf(dialogue: Dialogue): readonly Mutant[] {
  const course = new Course(dialogue);
  const inSteps = changesOf(dialogue.steps, course).map(({ steps, ...change }) => ({
    ...change,
    dialogue: { ...dialogue, steps },
  }));
  return [...inSteps, ...credentials(dialogue)];
}

type ChangedSteps = Omit<Mutant, "dialogue"> & { readonly steps: readonly DialogueStep[] };

function changesOf(steps: readonly DialogueStep[], course: Course): readonly ChangedSteps[] {
  return steps.flatMap((step, index) =>
    changesOfStep(step, course).map(({ step: changed, ...change }) => ({
      ...change,
      steps: steps.with(index, changed),
    }))
  );
}

function changesOfStep(step: DialogueStep, course: Course): readonly Changed[] {
  switch (step.kind) {
    case "line":
      return changesOfLine(step, course);
    case "reply":
      return changesOfReply(step, course);
    case "bytes":
      return changesOfBytes(step);
    case "block":
      if (step.how === "when" && !course.offered.includes(step.capability)) return [];
      return step.arms.flatMap((arm, index) => {
        course.taken = step.arms.flatMap(([first]) =>
          first?.kind === "reply" ? first.lines.flatMap(codesOf) : []
        );
        return changesOf(arm, course).map(({ steps, ...change }) => ({
          ...change,
          // The same block with other steps in one of its arms.
          step: { ...step, arms: step.arms.with(index, steps) } as DialogueStep,
        }));
      });
    default:
      return [];
  }
}

/** Each name and each secret with another value. */
function credentials(dialogue: Dialogue): readonly Mutant[] {
  const about = { kind: "credential", line: 1, end: "C" } as const;
  const secrets = dialogue.secrets.map(({ name, sample = "" }): Mutant => ({
    ...about,
    change: name,
    dialogue: {
      ...dialogue,
      secrets: dialogue.secrets.map((each) =>
        each.name === name ? { name, sample: `other ${sample}` } : each
      ),
    },
  }));
  const names = Object.entries(dialogue.vars).map(([name, value]): Mutant => ({
    ...about,
    change: name,
    dialogue: { ...dialogue, vars: { ...dialogue.vars, [name]: `other-${value}` } },
  }));
  return [...secrets, ...names];
}
