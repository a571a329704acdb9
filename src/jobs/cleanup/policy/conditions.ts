/**
 * Conditions in TypeScript. Each function gives the plain value that TOML and JSON hold.
 *
 * @module
 */

import type { AddressTest, PolicyCondition, TextTest } from "./policy.ts";

/** A limit from above and from below. */
export interface ComparisonBuilder {
  /** True above the limit. */
  over(limit: string): PolicyCondition;
  /** True below the limit. */
  under(limit: string): PolicyCondition;
}

/** What the text of a field is compared with. Upper and lower case are the same. */
export interface TextBuilder {
  /** The whole text is this. */
  equals(text: string): PolicyCondition;
  /** This stands in it. */
  contains(text: string): PolicyCondition;
  /** A pattern of {@linkcode compilePattern} fits somewhere. */
  matches(pattern: string): PolicyCondition;
}

/** What a field is compared with. */
export interface HeaderBuilder extends TextBuilder {
  /** Whether the field is there: true or false wherever the whole header is known. */
  exists(expected?: boolean): PolicyCondition;
}

/** What the addresses of a field are compared with: one is enough. */
export interface AddressBuilder {
  /** An address is this. */
  address(address: string): PolicyCondition;
  /** The domain of an address is this. */
  domain(domain: string): PolicyCondition;
}

/**
 * True if all conditions are.
 *
 * @param conditions At least one.
 * @returns The condition.
 *
 * @example Usage
 * ```ts
 * import { age, allOf, listId } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(allOf(age.over("90d"), listId("roses.lists.example")), {
 *   all: [{ age: ">90d" }, { listId: "roses.lists.example" }],
 * });
 * ```
 */
export function allOf(...conditions: readonly PolicyCondition[]): PolicyCondition {
  return { all: conditions };
}

/**
 * True if one of the conditions is.
 *
 * @param conditions At least one.
 * @returns The condition.
 *
 * @example Usage
 * ```ts
 * import { anyOf, from } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(anyOf(from.domain("a.example"), from.address("b@c.example")), {
 *   any: [{ from: { domain: "a.example" } }, { from: { address: "b@c.example" } }],
 * });
 * ```
 */
export function anyOf(...conditions: readonly PolicyCondition[]): PolicyCondition {
  return { any: conditions };
}

/**
 * True if the condition is false; what is unknown stays unknown.
 *
 * @param condition The condition.
 * @returns The opposite.
 *
 * @example Usage
 * ```ts
 * import { not, size } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(not(size.over("1MB")), { not: { size: ">1MB" } });
 * ```
 */
export function not(condition: PolicyCondition): PolicyCondition {
  return { not: condition };
}

/** How old a message is: `age.over("90d")`. */
export const age: ComparisonBuilder = comparing((text) => ({ age: text }));

/** How big a message is, as the server counts it: `size.over("20MB")`. */
export const size: ComparisonBuilder = comparing((text) => ({ size: text }));

/** How long a message has been known: `firstSeen.over("30d")`. */
export const firstSeen: ComparisonBuilder = comparing((text) => ({ firstSeen: text }));

/** What From holds: `from.domain("boss.example")`. */
export const from: AddressBuilder = addressing((test) => ({ from: test }));

/** What To holds: `to.address("me@mail.example")`. */
export const to: AddressBuilder = addressing((test) => ({ to: test }));

/** What Cc holds: `cc.address("me@mail.example")`. */
export const cc: AddressBuilder = addressing((test) => ({ cc: test }));

/** What Subject is: `subject.contains("invoice")`. */
export const subject: TextBuilder = texting((test) => ({ subject: test }));

/**
 * What any field is. If there are several of the name, one is enough.
 *
 * @param name The name of the field, in any case.
 * @returns What it can be compared with.
 *
 * @example Usage
 * ```ts
 * import { header } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(header("Precedence").equals("bulk"), { header: "Precedence", equals: "bulk" });
 * deepEqual(header("List-Id").exists(), { header: "List-Id", exists: true });
 * ```
 */
export function header(name: string): HeaderBuilder {
  return {
    exists: (expected = true) => ({ header: name, exists: expected }),
    ...texting((test) => ({ header: name, ...test })),
  };
}

/**
 * What the id of the mailing list is.
 *
 * @param id The id, without angle brackets.
 * @returns The condition.
 *
 * @example Usage
 * ```ts
 * import { listId } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(listId("roses.lists.example"), { listId: "roses.lists.example" });
 * ```
 */
export function listId(id: string): PolicyCondition {
  return { listId: id };
}

/**
 * What the unique-id is.
 *
 * @param id The unique-id, case counts.
 * @returns The condition.
 *
 * @example Usage
 * ```ts
 * import { uid } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(uid("0001"), { uid: "0001" });
 * ```
 */
export function uid(id: string): PolicyCondition {
  return { uid: id };
}

/**
 * True of a message whose octets are those of a message that stands before it in the mailbox.
 *
 * @param options `by: "content"`: all octets are compared.
 * @returns The condition.
 *
 * @example Usage
 * ```ts
 * import { duplicateOf } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(duplicateOf({ by: "content" }), { duplicateOf: { by: "content" } });
 * ```
 */
export function duplicateOf(options: { readonly by: "content" }): PolicyCondition {
  return { duplicateOf: options };
}

function comparing(make: (text: string) => PolicyCondition): ComparisonBuilder {
  return { over: (limit) => make(`>${limit}`), under: (limit) => make(`<${limit}`) };
}

function texting(make: (test: TextTest) => PolicyCondition): TextBuilder {
  return {
    equals: (text) => make({ equals: text }),
    contains: (text) => make({ contains: text }),
    matches: (pattern) => make({ matches: pattern }),
  };
}

function addressing(make: (test: AddressTest) => PolicyCondition): AddressBuilder {
  return { address: (address) => make({ address }), domain: (domain) => make({ domain }) };
}
