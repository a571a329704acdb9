/**
 * The newest messages of a mailbox, of each sender or of each list.
 *
 * @module
 */

import { addressesOf, listIdOf } from "../../../message/mod.ts";
import { instantsOf } from "./message_age.ts";
import { fieldsOf, type MessageFacts } from "./message_facts.ts";
import type { KeepNewestRule } from "../policy/policy.ts";
import type { RuleContext } from "./rules.ts";
import type { Lack } from "./verdict.ts";

/**
 * Finds what a rule keeps.
 *
 * @param rule The rule.
 * @param rows All messages in their order, which counts for those of the same time.
 * @param context How ages are taken, and the time.
 * @returns The newest, and those that cannot be put in order; they take the place of no other.
 */
export function newestOf<Row extends MessageFacts>(
  { count, per }: KeepNewestRule,
  rows: readonly Row[],
  context: RuleContext,
): ReadonlySet<Row> | "pending" {
  const kept = new Set<Row>();
  const groups = new Map<string, { readonly row: Row; readonly atMs: number }[]>();
  let pending = false;
  for (const row of rows) {
    const key = per === undefined ? { text: "" } : groupOf(row, per);
    const instants = instantsOf(row, context.age, context.nowMs);
    if (key === "pending" || instants === "pending") pending = true;
    // It is of no sender or list, so it is not one of its newest.
    else if (key === "absent") continue;
    else if (typeof key === "string" || typeof instants === "string") kept.add(row);
    else {
      const [trusted] = instants;
      const entry = { row, atMs: trusted?.atMs ?? 0 };
      if (!groups.get(key.text)?.push(entry)) groups.set(key.text, [entry]);
    }
  }
  if (pending) return "pending";
  for (const group of groups.values()) {
    const newest = group.toReversed().sort((one, other) => other.atMs - one.atMs).slice(0, count);
    for (const { row } of newest) kept.add(row);
  }
  return kept;
}

function groupOf(facts: MessageFacts, per: "from" | "listId"): { readonly text: string } | Lack {
  const fields = fieldsOf(facts, per === "from" ? "From" : "List-Id");
  if (typeof fields === "string") return fields;
  const [field] = fields;
  const text = field && (per === "from" ? addressesOf(field)[0]?.address : listIdOf(field));
  return text === undefined ? "unobtained" : { text: text.toLowerCase() };
}
