/**
 * Policies in TypeScript. Each function gives the plain value that TOML and JSON hold.
 *
 * @module
 */

import { checkPolicy } from "./check_policy.ts";
import { from, listId } from "./conditions.ts";
import type {
  KeepNewestRule,
  KeepRule,
  Policy,
  PolicyArchive,
  PolicyCondition,
  PolicyInput,
  RemoveRule,
  TargetRule,
} from "./policy.ts";

/**
 * Checks a policy that is written in TypeScript.
 *
 * @param policy The policy.
 * @returns The plain value, with all defaults.
 * @throws {PolicyError} At the first mistake.
 *
 * @example Usage
 * ```ts
 * import {
 *   age, allOf, anyOf, definePolicy, duplicateOf, from, header, keep, keepNewest, maildir, remove,
 *   size, target,
 * } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const policy = definePolicy({
 *   rules: [
 *     keep("people", anyOf(from.domain("boss.example"), header("X-Keep").exists())),
 *     remove("lists", allOf(age.over("90d"), header("List-Id").exists()), { archive: "lists" }),
 *     remove("huge", allOf(size.over("20MB"), age.over("30d")), { archive: "big" }),
 *     remove("copies", duplicateOf({ by: "content" }), { archive: "index-only" }),
 *     keepNewest(500, { per: from.address }),
 *     target({
 *       mailbox: "2GB",
 *       order: "oldest-first",
 *       only: header("List-Id").exists(),
 *       archive: "lists",
 *     }),
 *   ],
 *   archives: { lists: maildir("archive/lists/{yyyy}/{mm}"), big: maildir("archive/big") },
 * });
 * equal(policy.guards.maxFraction, 0.25);
 * ```
 */
export function definePolicy(policy: PolicyInput): Policy {
  return checkPolicy(policy);
}

/**
 * Keeps what a condition is true of, and what could not be read.
 *
 * @param id The name of the rule.
 * @param when Which messages.
 * @returns The rule.
 *
 * @example Usage
 * ```ts
 * import { from, keep } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * equal(keep("people", from.domain("boss.example")).do, "keep");
 * ```
 */
export function keep(id: string, when: PolicyCondition): KeepRule {
  return { id, do: "keep", when };
}

/**
 * Removes what a condition is true of.
 *
 * @param id The name of the rule.
 * @param when Which messages.
 * @param options Where they go before.
 * @returns The rule.
 *
 * @example Usage
 * ```ts
 * import { remove, size } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * equal(remove("huge", size.over("20MB"), { archive: "big" }).archive, "big");
 * ```
 */
export function remove(
  id: string,
  when: PolicyCondition,
  options: Pick<RemoveRule, "archive">,
): RemoveRule {
  return { id, do: "remove", when, archive: options.archive };
}

/** Of what the newest messages are kept. */
export interface KeepNewestOptions {
  /** The name of the rule. @default {"keepNewest"} */
  readonly id?: string;
  /** Of each sender or list; of the mailbox, if it is missing. */
  readonly per?: "from" | "listId" | typeof from.address | typeof listId;
}

/**
 * Keeps the newest messages.
 *
 * @param count How many.
 * @param options Of what.
 * @returns The rule.
 *
 * @example Usage
 * ```ts
 * import { from, keepNewest } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(keepNewest(5, { per: from.address }), {
 *   id: "keepNewest",
 *   do: "keepNewest",
 *   count: 5,
 *   per: "from",
 * });
 * ```
 */
export function keepNewest(count: number, options: KeepNewestOptions = {}): KeepNewestRule {
  const { id = "keepNewest", per } = options;
  if (per === undefined) return { id, do: "keepNewest", count };
  // What is neither is refused with the policy.
  const word = per === from.address ? "from" : per === listId ? "listId" : per;
  return { id, do: "keepNewest", count, per: word as "from" | "listId" };
}

/** A {@linkcode TargetRule} whose id may be left out. */
export interface TargetOptions extends Omit<TargetRule, "id" | "do"> {
  /** The name of the rule. @default {"target"} */
  readonly id?: string;
}

/**
 * Removes messages until the mailbox is small enough.
 *
 * @param options How small, and which messages.
 * @returns The rule.
 *
 * @example Usage
 * ```ts
 * import { age, target } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const rule = target({
 *   mailbox: "2GB",
 *   order: "largest-first",
 *   only: age.over("365d"),
 *   archive: "old",
 * });
 * equal(rule.id, "target");
 * ```
 */
export function target(options: TargetOptions): TargetRule {
  return { id: "target", do: "target", ...options };
}

/**
 * An archive in Maildir form.
 *
 * @param path Its path; `{yyyy}`, `{mm}` and `{dd}` stand for the day of a message.
 * @returns The archive.
 *
 * @example Usage
 * ```ts
 * import { maildir } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(maildir("archive/{yyyy}"), { maildir: "archive/{yyyy}" });
 * ```
 */
export function maildir(path: string): PolicyArchive {
  return { maildir: path };
}

/**
 * An archive with one file for each message.
 *
 * @param path Its path; `{yyyy}`, `{mm}` and `{dd}` stand for the day of a message.
 * @returns The archive.
 *
 * @example Usage
 * ```ts
 * import { eml } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(eml("archive/{yyyy}"), { eml: "archive/{yyyy}" });
 * ```
 */
export function eml(path: string): PolicyArchive {
  return { eml: path };
}

/**
 * An archive in one file, as mboxrd.
 *
 * @param path Its path; `{yyyy}`, `{mm}` and `{dd}` stand for the day of a message.
 * @returns The archive.
 *
 * @example Usage
 * ```ts
 * import { mbox } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(mbox("archive/{yyyy}.mbox"), { mbox: "archive/{yyyy}.mbox" });
 * ```
 */
export function mbox(path: string): PolicyArchive {
  return { mbox: path };
}
