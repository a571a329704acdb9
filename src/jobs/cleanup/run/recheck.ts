/**
 * Another look at a planned message, when all of its octets are here and before it is removed.
 *
 * @module
 */

import type { ParsedHeader } from "../../../message/mod.ts";
import { checkPolicy } from "../policy/check_policy.ts";
import type { PlanItem } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import { predicateOf } from "../rules/rules.ts";
import { known } from "../rules/verdict.ts";

/** A message as it was retrieved. */
export interface RetrievedMessage {
  /** Its header. */
  readonly header: ParsedHeader;
  /** How many octets it has. */
  readonly size: number;
  /** When it was first seen, in milliseconds since 1970. */
  readonly firstSeenMs?: number | undefined;
}

/**
 * Asks the rules again about a message of a plan: that which removes it, and all that may keep it.
 * What depends on other messages (copies, the newest, the target) is taken from the plan.
 *
 * @param policy The policy of the plan.
 * @param item The message in the plan.
 * @param options The message as it was retrieved, and the time.
 * @returns The rule that does not agree any more; `undefined` if the message may be removed.
 *
 * @example Usage
 * ```ts
 * import { parseHeaderBlock } from "@mailwright/mailwright/message";
 * import { definePolicy, header, recheckItem, remove } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const policy = definePolicy({
 *   rules: [remove("lists", header("List-Id").exists(), { archive: "none" })],
 * });
 * const item = {
 *   uid: "1", size: 20, headerHash: "", rule: "lists", tier: 1, evidence: [], archive: "none",
 * } as const;
 * const octets = new TextEncoder().encode("Subject: Lunch\r\n\r\n");
 * const message = { header: parseHeaderBlock(octets), size: octets.length };
 * equal(recheckItem(policy, item, { message, nowMs: Date.now() }), "lists");
 * ```
 */
export function recheckItem(
  policy: Policy,
  item: PlanItem,
  { message, nowMs }: { readonly message: RetrievedMessage; readonly nowMs: number },
): string | undefined {
  const { rules, age } = checkPolicy(policy);
  const facts = {
    uid: item.uid,
    size: message.size,
    firstSeenMs: message.firstSeenMs,
    header: () => message.header,
    copy: () => known(item.evidence.some(({ fact }) => fact === "sha256")),
  };
  const remover = rules.find(({ id }) => id === item.rule);
  if (remover?.do !== "remove" && remover?.do !== "target") return item.rule;
  const condition = remover.do === "remove" ? remover.when : remover.only;
  if (predicateOf(condition, { age, nowMs }).test(facts).truth !== true) return remover.id;
  return rules.find((rule) => {
    if (rule.do !== "keep") return false;
    const { truth, lack } = predicateOf(rule.when, { age, nowMs }).test(facts);
    return truth === true || lack === "unobtained";
  })?.id;
}
