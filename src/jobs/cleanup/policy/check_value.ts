/**
 * Looking at a value that may be anything: each function gives what was expected, or tells where it is
 * not.
 *
 * @module
 */

import { PolicyError } from "./policy_error.ts";
import { parseOctets, parseSpan } from "./units.ts";

/** A table of TOML, an object of JSON. */
export type Table = Readonly<Record<string, unknown>>;

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** A table with no other keys than these; all, if there are none. */
export function tableAt(value: unknown, path: string, keys?: readonly string[]): Table {
  if (!isTable(value)) {
    const expected = keys === undefined ? "a table" : `a table of ${keys.join(", ")}`;
    throw new PolicyError(path, expected, value);
  }
  const unknown = Object.keys(value).find((key) => keys?.includes(key) === false);
  if (unknown !== undefined) {
    throw new PolicyError(join(path, unknown), `no key but ${keys?.join(", ")}`, unknown);
  }
  return value;
}

/** A list with something in it. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new PolicyError(path, "a list with at least one entry", value);
}

/** A text with something in it, without control characters. */
export function textAt(value: unknown, path: string, expected = "a text"): string {
  if (typeof value === "string" && /^\P{Cc}+$/u.test(value)) return value;
  throw new PolicyError(path, expected, value);
}

/** A name that a rule or an archive may have. */
export function nameAt(value: unknown, path: string): string {
  if (typeof value === "string" && NAME.test(value)) return value;
  throw new PolicyError(path, "a name of letters, digits, _, . and -", value);
}

/** One of some words. */
export function wordAt<Word extends string>(
  value: unknown,
  path: string,
  words: readonly Word[],
): Word {
  const word = words.find((each) => each === value);
  if (word !== undefined) return word;
  throw new PolicyError(path, words.map((each) => `"${each}"`).join(" or "), value);
}

/** A number, whole unless a fraction is meant. */
export function numberAt(
  value: unknown,
  path: string,
  { least, most = Infinity, whole = true }: NumberRange,
): number {
  const fits = typeof value === "number" && value >= least && value <= most &&
    (!whole || Number.isSafeInteger(value));
  if (fits) return value;
  const kind = whole ? "a whole number" : "a number";
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new PolicyError(path, `${kind} ${range}`, value);
}

/** What a number may be. */
interface NumberRange {
  /** The least. */
  readonly least: number;
  /** The greatest. */
  readonly most?: number;
  /** Whether it has no fraction. */
  readonly whole?: boolean;
}

/** A time span with its unit. */
export function spanAt(value: unknown, path: string): string {
  return unitAt(value, path, { parse: parseSpan, expected: 'a duration such as "90d"' });
}

/** A size with its unit. */
export function octetsAt(value: unknown, path: string): string {
  return unitAt(value, path, { parse: parseOctets, expected: 'a size such as "20MB"' });
}

/** A time span with its unit, behind a sign that compares. */
export function spanComparisonAt(value: unknown, path: string): string {
  return comparisonAt(value, path, spanAt);
}

/** A size with its unit, behind a sign that compares. */
export function octetsComparisonAt(value: unknown, path: string): string {
  return comparisonAt(value, path, octetsAt);
}

/** The path of a key in a table. */
export function join(path: string, key: string): string {
  const shown = NAME.test(key) ? key : JSON.stringify(key);
  return path === "" ? shown : `${path}.${shown}`;
}

/** Whether a value is a plain table. */
export function isTable(value: unknown): value is Table {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

interface Unit {
  readonly parse: (text: string) => number | undefined;
  readonly expected: string;
}

function unitAt(value: unknown, path: string, { parse, expected }: Unit): string {
  if (typeof value === "string" && parse(value) !== undefined) return value;
  throw new PolicyError(path, expected, value);
}

function comparisonAt(
  value: unknown,
  path: string,
  check: (value: unknown, path: string) => string,
): string {
  const compared = typeof value === "string" && /^[<>]/.test(value);
  const rest = check(compared ? value.slice(1) : value, path);
  if (compared) return value;
  throw new PolicyError(path, `">${rest}" or "<${rest}"`, value);
}
