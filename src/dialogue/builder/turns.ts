/**
 * Loops and batches: calls that a caller adds to a program in between.
 *
 * @module
 */

import type { Step } from "../step.ts";
import { answersTo } from "./answers.ts";
import type { CaptureKind } from "./captures.ts";
import { append, itemsOf } from "./chain.ts";
import { closed, nextPlace } from "./exchanges.ts";
import type { PhaseAfterBatch } from "./program_types.ts";
import type { ProgramData } from "./program_data.ts";

/** Has a caller add to a program; gives what it gave, if that is the same program. */
export type Add<Arguments extends readonly unknown[]> = (
  data: ProgramData,
  ...given: Arguments
) => ProgramData | undefined;

const AFTER_BATCH: PhaseAfterBatch = {
  "batch ready": "ready",
  "batch mail": "mail",
  "batch rcpt": "rcpt",
  "batch chunks": "chunks",
  "batch sent": "ready",
  "batch transaction": "transaction",
};

/**
 * Adds the same calls for each item.
 *
 * @param data The program.
 * @param items The items.
 * @param add Adds the calls of one turn.
 * @throws {RangeError} If there is no item.
 * @throws {TypeError} If a turn is not what it may be.
 */
export function eachItem<T>(
  data: ProgramData,
  items: readonly T[],
  add: Add<[item: T, index: number]>,
): ProgramData {
  if (items.length === 0) throw new RangeError("Cannot repeat calls for no items");
  const { captures, turn, ...before } = closed(data);
  const lists: Record<string, CaptureKind> = {};
  let after: ProgramData = { ...before, captures, turn };
  for (const [index, item] of items.entries()) {
    const begun = { ...after, steps: undefined };
    const ended = sameTurn(begun, (mine) => add(mine, item, index));
    const local = Object.entries(ended.captures).filter(([name]) => !(name in captures));
    for (const [name, kind] of local) {
      if (data.phase.startsWith("batch")) {
        throw new TypeError(`Cannot capture "${name}": a loop in a batch binds no hole`);
      }
      lists[name] = kind === "number" || kind === "numbers" ? "numbers" : "strings";
    }
    const steps = itemsOf(ended.steps);
    const turned = local.length === 0 ? steps : [ownScope(steps, begun)];
    after = { ...ended, steps: append(after.steps, turned), captures, turn };
  }
  return { ...after, captures: { ...captures, ...lists } };
}

/** Steps that keep to themselves what they bind: a block of one turn. */
function ownScope(steps: readonly Step[], begun: ProgramData): Step {
  return { kind: "block", how: "repeat", count: 1, arms: [steps], at: nextPlace(begun) };
}

/**
 * Adds commands in one write, and their replies after it.
 *
 * @param data The program.
 * @param add Adds the commands.
 * @throws {RangeError} If there is no command.
 * @throws {TypeError} If they are not what they may be.
 */
export function batchOf(data: ProgramData, add: Add<[]>): ProgramData {
  const { phase, turn, ...before } = closed(data);
  const begun = { ...before, turn, phase: `batch ${phase}` as keyof PhaseAfterBatch }; // by its type
  const ended = sameTurn(begun, add);
  const group = itemsOf(ended.group);
  if (group.length === 0) throw new RangeError("Cannot send a batch of no commands");
  const steps = [...group.flatMap(({ said }) => said), ...answersTo(group)];
  return {
    ...ended,
    phase: AFTER_BATCH[ended.phase as keyof PhaseAfterBatch], // what begins in a batch stays in it
    steps: append(before.steps, steps),
    group: undefined,
    turn,
  };
}

function sameTurn(data: ProgramData, add: Add<[]>): ProgramData {
  const turn = {};
  const ended = add({ ...data, turn });
  if (ended?.turn === turn) return closed(ended);
  throw new TypeError("Cannot go on with another program: expected the one that was given");
}
