/**
 * What is wrong with a policy, and where.
 *
 * @module
 */

import { escapeControls } from "../../../wire/mod.ts";

/** A mistake in a policy. Nothing has been touched when it is thrown. */
export class PolicyError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "PolicyError";
  /** Where, as a path of keys: `rules[1].when.all[0].age`. Empty for the policy itself. */
  readonly path: string;
  /** What was expected there. */
  readonly expected: string;
  /** What stands there. */
  readonly value: unknown;

  /**
   * Makes one.
   *
   * @param path Where, as a path of keys.
   * @param expected What was expected.
   * @param value What stands there.
   * @param options The cause, if there is one.
   *
   * @example Usage
   * ```ts
   * import { PolicyError } from "@mailwright/mailwright/jobs";
   * import { equal } from "node:assert/strict";
   *
   * const { message } = new PolicyError("guards.minAge", 'a duration such as "90d"', "90");
   * equal(message, 'guards.minAge: expected a duration such as "90d", got "90"');
   * ```
   */
  constructor(path: string, expected: string, value: unknown, options: ErrorOptions = {}) {
    super(`${path || "policy"}: expected ${expected}, got ${shown(value)}`, options);
    this.path = path;
    this.expected = expected;
    this.value = value;
  }
}

const MAX_SHOWN = 80;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "string") return `"${escapeControls(value.slice(0, MAX_SHOWN))}"`;
  if (typeof value === "object") return value instanceof Date ? "a date" : "a table";
  return typeof value === "function" ? "a function" : String(value);
}
