/**
 * Rules that can never do anything: most likely their author meant something else.
 *
 * @module
 */

import type { Policy, PolicyCondition } from "./policy.ts";
import { PolicyError } from "./policy_error.ts";
import { type Comparison, parseComparison, parseOctets, parseSpan } from "./units.ts";

/**
 * Looks for contradictions.
 *
 * @param policy A policy, checked otherwise.
 * @throws {PolicyError} At the first contradiction.
 */
export function refuseContradictions({ rules }: Policy): void {
  const seen = new Map<string, string>();
  for (const [at, rule] of rules.entries()) {
    const path = `rules[${at}]`;
    if (rule.do === "keepNewest") continue;
    const [key, condition] = rule.do === "target" ? ["only", rule.only] : ["when", rule.when];
    refuseWithin(condition, `${path}.${key}`);
    const text = keyOf(condition);
    const same = text && seen.get(text);
    if (same) {
      throw new PolicyError(`${path}.${key}`, `another condition than that of ${same}`, condition);
    }
    if (text) seen.set(text, path);
    if (rule.do === "keep" || rule.archive !== "index-only" || isOfCopies(condition)) continue;
    throw new PolicyError(
      `${path}.archive`,
      "an archive, as not only copies are removed",
      "index-only",
    );
  }
}

function refuseWithin(condition: PolicyCondition, path: string): void {
  if (typeof condition === "function") return;
  if ("not" in condition) refuseWithin(condition.not, `${path}.not`);
  if ("any" in condition) {
    for (const [at, each] of condition.any.entries()) refuseWithin(each, `${path}.any[${at}]`);
  }
  if (!("all" in condition)) return;
  for (const [at, each] of condition.all.entries()) {
    refuseWithin(each, `${path}.all[${at}]`);
    const other = condition.all.findIndex((before, index) => index < at && excludes(before, each));
    if (other < 0) continue;
    throw new PolicyError(
      `${path}.all[${at}]`,
      `a condition that can be true together with all[${other}]`,
      each,
    );
  }
}

/** Whether two conditions cannot both be true. */
function excludes(one: PolicyCondition, other: PolicyCondition): boolean {
  if (typeof one === "function" || typeof other === "function") return false;
  if ("not" in one && isSame(one.not, other)) return true;
  if ("not" in other && isSame(other.not, one)) return true;
  if ("header" in one && "header" in other) {
    return one.header.toLowerCase() === other.header.toLowerCase() &&
      existence(one) !== existence(other);
  }
  const [from, to] = [comparisonOf(one), comparisonOf(other)];
  if (from === undefined || to === undefined || from.fact !== to.fact || from.over === to.over) {
    return false;
  }
  // Both limits are exclusive.
  return from.over ? from.limit >= to.limit : to.limit >= from.limit;
}

function isSame(one: PolicyCondition, other: PolicyCondition): boolean {
  const key = keyOf(one);
  return key !== undefined && key === keyOf(other);
}

/** Only what exists has a value. */
function existence(condition: { readonly header: string } & PolicyCondition): boolean {
  return "exists" in condition ? condition.exists : true;
}

function comparisonOf(condition: PolicyCondition): Comparison & { fact: string } | undefined {
  if (typeof condition === "function") return undefined;
  for (const fact of ["age", "firstSeen", "size"] as const) {
    const text: unknown = Reflect.get(condition, fact);
    if (typeof text !== "string") continue;
    const comparison = parseComparison(text, fact === "size" ? parseOctets : parseSpan);
    return comparison && { fact, ...comparison };
  }
  return undefined;
}

function isOfCopies(condition: PolicyCondition): boolean {
  if (typeof condition === "function") return false;
  if ("any" in condition) return condition.any.every(isOfCopies);
  return "all" in condition ? condition.all.some(isOfCopies) : "duplicateOf" in condition;
}

/** The same for the same condition; a function is like nothing else. */
function keyOf(condition: PolicyCondition): string | undefined {
  let opaque = false;
  const text = JSON.stringify(condition, (_key, value: unknown) => {
    opaque ||= typeof value === "function";
    return value;
  });
  return opaque ? undefined : text;
}
