/**
 * The messages of a plan in the listing of a session.
 *
 * @module
 */

import type { ListedMessage, MsgNo } from "../../../pop3/mod.ts";
import type { PlanItem } from "../plan/plan.ts";

/** A message of a plan, and its number in one session. */
export interface BoundItem {
  /** The message in the plan. */
  readonly item: PlanItem;
  /** Its number; it ends with its session. */
  readonly no: MsgNo;
  /** How many messages of the listing have its unique-id. */
  readonly alike: number;
}

/** Where the messages of a plan are. */
export interface Binding {
  /** Those that are there, in the order of the listing. */
  readonly bound: readonly BoundItem[];
  /** Those that are not there. */
  readonly missing: readonly PlanItem[];
  /** Those that have another size now. */
  readonly changed: readonly PlanItem[];
  /** Those whose unique-id is also that of a message of another size. */
  readonly doubled: readonly PlanItem[];
}

/**
 * Looks for the messages of a plan.
 *
 * @param items The messages.
 * @param messages The listing.
 * @returns Where they are.
 */
export function bindItems(
  items: Iterable<PlanItem>,
  messages: readonly ListedMessage[],
): Binding {
  const listed = Map.groupBy(messages, ({ uid }) => uid);
  const bound: BoundItem[] = [];
  const missing: PlanItem[] = [];
  const changed: PlanItem[] = [];
  const doubled: PlanItem[] = [];
  for (const [uid, planned] of Map.groupBy(items, ({ uid }) => uid)) {
    const found = listed.get(uid) ?? [];
    const sizes = new Set(found.map(({ size }) => size));
    for (const [at, item] of planned.entries()) {
      const message = found[at];
      if (message === undefined) missing.push(item);
      else if (sizes.size > 1) doubled.push(item);
      else if (message.size !== item.size) changed.push(item);
      else bound.push({ item, no: message.no, alike: found.length });
    }
  }
  bound.sort((one, other) => one.no.value - other.no.value);
  return { bound, missing, changed, doubled };
}
