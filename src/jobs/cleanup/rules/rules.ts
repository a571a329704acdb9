/**
 * Conditions made into predicates, each with what it costs; the cheapest is asked first.
 *
 * @module
 */

import { addressesOf, compilePattern, listIdOf, type ParsedField } from "../../../message/mod.ts";
import { compareAge } from "./message_age.ts";
import { isWhole, type MessageFacts, someField } from "./message_facts.ts";
import type {
  AddressTest,
  AgePolicy,
  PolicyCondition,
  PolicyFunction,
  TextTest,
} from "../policy/policy.ts";
import { type Comparison, parseComparison, parseOctets, parseSpan } from "../policy/units.ts";
import {
  conjunction,
  type CostTier,
  disjunction,
  known,
  opposite,
  unknown,
  type Verdict,
} from "./verdict.ts";

/** A condition that can be asked of messages. */
export interface Predicate {
  /** The most that an answer may cost. */
  readonly tier: CostTier;
  /** Asks it of a message. */
  test(facts: MessageFacts): Verdict;
}

/** What conditions need besides messages. */
export interface RuleContext {
  /** How ages are taken. */
  readonly age: AgePolicy;
  /** The time, in milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Makes a condition into a predicate.
 *
 * @param condition A condition of a checked policy.
 * @param context How ages are taken, and the time.
 * @returns The predicate.
 */
export function predicateOf(condition: PolicyCondition, context: RuleContext): Predicate {
  if (typeof condition === "function") return { tier: 1, test: (facts) => call(condition, facts) };
  if ("all" in condition) return joined(condition.all, context, conjunction);
  if ("any" in condition) return joined(condition.any, context, disjunction);
  if ("not" in condition) {
    const { tier, test } = predicateOf(condition.not, context);
    return { tier, test: (facts) => opposite(test(facts)) };
  }
  if ("age" in condition) return agePredicate(condition.age, context);
  if ("firstSeen" in condition) return firstSeenPredicate(condition.firstSeen, context);
  if ("size" in condition) return sizePredicate(condition.size);
  if ("uid" in condition) return uidPredicate(condition.uid);
  if ("duplicateOf" in condition) return { tier: 3, test: (facts) => facts.copy() };
  return { tier: 1, test: headerTest(condition) };
}

type HeaderCondition = Extract<
  PolicyCondition,
  { header: string } | { subject: unknown } | { listId: string } | { from: unknown } | {
    to: unknown;
  } | { cc: unknown }
>;

function headerTest(condition: HeaderCondition): Predicate["test"] {
  if ("from" in condition) return fieldTest("From", addressTest(condition.from));
  if ("to" in condition) return fieldTest("To", addressTest(condition.to));
  if ("cc" in condition) return fieldTest("Cc", addressTest(condition.cc));
  if ("subject" in condition) return fieldTest("Subject", textTest(condition.subject));
  if ("listId" in condition) {
    const id = condition.listId.toLowerCase();
    return fieldTest("List-Id", (field) => {
      const found = listIdOf(field);
      return found === undefined ? undefined : found === id;
    });
  }
  return "exists" in condition
    ? existence(condition.header, condition.exists)
    : fieldTest(condition.header, textTest(condition));
}

function joined(
  conditions: readonly PolicyCondition[],
  context: RuleContext,
  join: (verdicts: Iterable<Verdict>) => Verdict,
): Predicate {
  const predicates = conditions.map((each) => predicateOf(each, context))
    .toSorted((one, other) => one.tier - other.tier);
  return {
    tier: predicates.at(-1)?.tier ?? 0,
    test: (facts) => join(Iterator.from(predicates).map(({ test }) => test(facts))),
  };
}

function agePredicate(text: string, { age: policy, nowMs }: RuleContext): Predicate {
  const comparison = comparisonOf(text, parseSpan);
  return {
    tier: policy.basis.every((basis) => basis === "firstSeen") ? 0 : 1,
    test: (facts) => compareAge(facts, comparison, { policy, nowMs }),
  };
}

function firstSeenPredicate(text: string, { nowMs }: RuleContext): Predicate {
  const { over, limit } = comparisonOf(text, parseSpan);
  return {
    tier: 0,
    test({ firstSeenMs }) {
      // Of the future only if the clock went back.
      if (firstSeenMs === undefined || firstSeenMs > nowMs) return unknown("unobtained");
      const knownMs = nowMs - firstSeenMs;
      const value = new Date(firstSeenMs).toISOString();
      return known(over ? knownMs > limit : knownMs < limit, { fact: "firstSeen", value });
    },
  };
}

function sizePredicate(text: string): Predicate {
  const { over, limit } = comparisonOf(text, parseOctets);
  return {
    tier: 0,
    test: ({ size }) =>
      size === undefined
        ? unknown("unobtained")
        : known(over ? size > limit : size < limit, { fact: "size", value: size }),
  };
}

function uidPredicate(wanted: string): Predicate {
  return {
    tier: 0,
    test: ({ uid }) =>
      uid === undefined
        ? unknown("unobtained")
        : known(uid === wanted, { fact: "uid", value: uid }),
  };
}

function existence(name: string, expected: boolean): Predicate["test"] {
  return (facts) => {
    const header = facts.header();
    if (typeof header === "string") return unknown(header);
    const exists = header.get(name) !== undefined;
    if (!exists && !isWhole(facts)) return unknown("unobtained");
    return known(exists === expected, { fact: name, value: exists ? "present" : "absent" });
  };
}

function fieldTest(
  name: string,
  test: (field: ParsedField) => boolean | undefined,
): Predicate["test"] {
  return (facts) => someField(facts, name, test);
}

function textTest(test: TextTest): (field: ParsedField) => boolean {
  if ("matches" in test) {
    const pattern = compilePattern(test.matches, { ignoreCase: true });
    return ({ text }) => pattern.test(text);
  }
  if ("equals" in test) {
    const wanted = test.equals.toLowerCase();
    return ({ text }) => text.toLowerCase() === wanted;
  }
  const wanted = test.contains.toLowerCase();
  return ({ text }) => text.toLowerCase().includes(wanted);
}

function addressTest(test: AddressTest): (field: ParsedField) => boolean | undefined {
  const wanted = ("address" in test ? test.address : test.domain).toLowerCase();
  return (field) => {
    const found = addressesOf(field);
    if (found.length === 0) return undefined;
    return found.some(({ address, domain }) =>
      ("address" in test ? address : domain).toLowerCase() === wanted
    );
  };
}

function call(condition: PolicyFunction, facts: MessageFacts): Verdict {
  const { uid, size, firstSeenMs } = facts;
  const header = facts.header();
  if (typeof header === "string") return unknown(header);
  if (!header.complete) return unknown("unobtained");
  const truth = condition({ uid, size, firstSeenMs, header });
  return typeof truth === "boolean"
    ? known(truth, { fact: "function", value: condition.name })
    : unknown("absent");
}

function comparisonOf(text: string, parse: (text: string) => number | undefined): Comparison {
  const comparison = parseComparison(text, parse);
  if (comparison === undefined) {
    throw new RangeError(`Cannot compare with "${text}": it has no limit`);
  }
  return comparison;
}
