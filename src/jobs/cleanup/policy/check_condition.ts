/**
 * Checks of conditions.
 *
 * @module
 */

import { compilePattern, parseAddress, PatternError } from "../../../message/mod.ts";
import { isTable, join, listAt, octetsComparisonAt, spanComparisonAt } from "./check_value.ts";
import { type Table, tableAt, textAt, wordAt } from "./check_value.ts";
import type { AddressTest, PolicyCondition, PolicyFunction, TextTest } from "./policy.ts";
import { PolicyError } from "./policy_error.ts";

type Kind = Exclude<PolicyCondition, PolicyFunction> extends infer Each
  ? Each extends unknown ? Exclude<keyof Each, keyof HeaderTest> : never
  : never;

interface HeaderTest {
  exists: unknown;
  equals: unknown;
  contains: unknown;
  matches: unknown;
}

/** More than anybody reads, and less than a stack holds. */
const MAX_DEPTH = 20;
/** RFC 5322 section 3.6.8. */
const FIELD_NAME = /^[!-9;-~]{1,76}$/;
const TEXT_TESTS = ["equals", "contains", "matches"] as const;

const CHECKS: Readonly<Record<Kind, (table: Table, path: string, depth: number) => unknown>> = {
  all: (table, path, depth) => ({ all: conditionsAt(table["all"], `${path}.all`, depth) }),
  any: (table, path, depth) => ({ any: conditionsAt(table["any"], `${path}.any`, depth) }),
  not: (table, path, depth) => ({ not: conditionAt(table["not"], `${path}.not`, depth) }),
  age: ({ age }, path) => ({ age: spanComparisonAt(age, `${path}.age`) }),
  size: ({ size }, path) => ({ size: octetsComparisonAt(size, `${path}.size`) }),
  firstSeen: ({ firstSeen }, path) => ({
    firstSeen: spanComparisonAt(firstSeen, `${path}.firstSeen`),
  }),
  uid: ({ uid }, path) => ({ uid: textAt(uid, `${path}.uid`, "a unique-id") }),
  listId: ({ listId }, path) => ({ listId: textAt(listId, `${path}.listId`, "the id of a list") }),
  header: headerAt,
  subject: ({ subject }, path) => ({ subject: textTestAt(subject, `${path}.subject`) }),
  from: ({ from }, path) => ({ from: addressTestAt(from, `${path}.from`) }),
  to: ({ to }, path) => ({ to: addressTestAt(to, `${path}.to`) }),
  cc: ({ cc }, path) => ({ cc: addressTestAt(cc, `${path}.cc`) }),
  duplicateOf: ({ duplicateOf }, path) => {
    const { by } = tableAt(duplicateOf, `${path}.duplicateOf`, ["by"]);
    return { duplicateOf: { by: wordAt(by, `${path}.duplicateOf.by`, ["content"]) } };
  },
};

/**
 * Checks a condition.
 *
 * @param value Anything.
 * @param path Where it stands.
 * @param depth How many conditions it stands in.
 * @returns The condition.
 * @throws {PolicyError} If it is none.
 */
export function conditionAt(value: unknown, path: string, depth = 0): PolicyCondition {
  // It cannot be seen of a function what it takes and gives.
  if (typeof value === "function") return value as PolicyFunction;
  if (depth > MAX_DEPTH) throw new PolicyError(path, `at most ${MAX_DEPTH} levels`, value);
  const kinds = Object.keys(CHECKS) as Kind[]; // They are typed above.
  const kind = isTable(value) ? kinds.find((each) => Object.hasOwn(value, each)) : undefined;
  if (kind === undefined) {
    const key = isTable(value) ? Object.keys(value)[0] : undefined;
    const at = key === undefined ? path : join(path, key);
    throw new PolicyError(at, `a condition: ${kinds.join(", ")}`, key ?? value);
  }
  const table = tableAt(
    value,
    path,
    kind === "header" ? ["header", "exists", ...TEXT_TESTS] : [kind],
  );
  // Each check gives the condition of its own kind.
  return CHECKS[kind](table, path, depth + 1) as PolicyCondition;
}

function conditionsAt(value: unknown, path: string, depth: number): PolicyCondition[] {
  return listAt(value, path).map((each, at) => conditionAt(each, `${path}[${at}]`, depth));
}

function headerAt(table: Table, path: string): PolicyCondition {
  const { header, exists, ...test } = table;
  const name = textAt(header, `${path}.header`, "the name of a field");
  if (!FIELD_NAME.test(name)) throw new PolicyError(`${path}.header`, "the name of a field", name);
  if (exists === undefined && Object.keys(test).length === 0) {
    throw new PolicyError(path, `one of exists, ${TEXT_TESTS.join(", ")}`, table);
  }
  if (exists === undefined) return { header: name, ...textTestAt(test, path) };
  if (typeof exists !== "boolean") throw new PolicyError(`${path}.exists`, "true or false", exists);
  tableAt(table, path, ["header", "exists"]);
  return { header: name, exists };
}

function textTestAt(value: unknown, path: string): TextTest {
  const table = tableAt(value, path, TEXT_TESTS);
  const [kind, ...others] = TEXT_TESTS.filter((each) => Object.hasOwn(table, each));
  if (kind === undefined || others.length > 0) {
    throw new PolicyError(path, `one of ${TEXT_TESTS.join(", ")}`, value);
  }
  const text = textAt(table[kind], `${path}.${kind}`);
  if (kind === "matches") checkPattern(text, `${path}.matches`);
  // A computed key has no type of its own.
  return { [kind]: text } as unknown as TextTest;
}

function checkPattern(source: string, path: string): void {
  try {
    compilePattern(source);
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause;
    const { index, reason } = cause;
    throw new PolicyError(path, `a linear pattern: at character ${index + 1} ${reason}`, source, {
      cause,
    });
  }
}

function addressTestAt(value: unknown, path: string): AddressTest {
  const { address, domain } = tableAt(value, path, ["address", "domain"]);
  if ((address === undefined) === (domain === undefined)) {
    throw new PolicyError(path, "one of address, domain", value);
  }
  const [key, text] = address === undefined ? ["domain", domain] : ["address", address];
  const whole = key === "domain" ? `x@${textAt(text, `${path}.domain`)}` : text;
  try {
    const parsed = parseAddress(textAt(whole, `${path}.${key}`));
    return key === "domain"
      ? { domain: parsed.domain }
      : { address: `${parsed.local}@${parsed.domain}` };
  } catch (cause) {
    throw new PolicyError(`${path}.${key}`, `a mail ${key}`, text, { cause });
  }
}
