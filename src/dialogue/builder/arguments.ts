/**
 * What the calls of the builder are given, checked.
 *
 * @module
 */

import { parseTime } from "../text/parse_event.ts";
import type { DialogueProtocol } from "../step.ts";
import type { ReplyCase } from "./answers.ts";
import { checkName } from "./program_data.ts";

/** A code, several, or names by code. */
export type Expected =
  | number
  | string
  | readonly (number | string)[]
  | Readonly<Record<string, string>>;

/**
 * What a reply may be.
 *
 * @param expected A code, several, or names by code.
 * @param protocol What is spoken.
 * @throws {RangeError} If there is no code, or one that is none.
 */
export function casesOf(expected: Expected, protocol: DialogueProtocol): readonly ReplyCase[] {
  const codeOf = (code: string | number): string => checkCode(String(code), protocol);
  if (typeof expected !== "object") return [{ codes: [codeOf(expected)] }];
  const cases = isList(expected)
    ? oneCase(expected.map(codeOf), protocol)
    : Object.entries(expected).map(([code, outcome]) => {
      checkName("an outcome", outcome);
      return { codes: [codeOf(code)], outcome };
    });
  if (cases.length > 0) return cases;
  throw new RangeError("Cannot expect a reply that has no code");
}

/** Several codes are one kind of reply; in POP3, whose lines have one indicator, a choice. */
function oneCase(codes: readonly string[], protocol: DialogueProtocol): readonly ReplyCase[] {
  if (protocol === "pop3") return [...new Set(codes)].map((code) => ({ codes: [code] }));
  return codes.length === 0 ? [] : [{ codes }];
}

function isList(value: Exclude<Expected, number | string>): value is readonly (number | string)[] {
  return Array.isArray(value);
}

function checkCode(code: string, protocol: DialogueProtocol): string {
  const form = protocol === "pop3" ? /^(?:\+OK|-ERR)$/ : /^(?:[2-5]\d\d|[2-5]xx)$/;
  if (form.test(code)) return code;
  throw new RangeError(`Cannot expect a reply "${code}": it is no code`);
}

/**
 * A time in milliseconds.
 *
 * @param time The time.
 * @throws {SyntaxError} If it is none.
 */
export function milliseconds(time: string): number {
  const ms = parseTime(time);
  if (ms !== undefined) return ms;
  throw new SyntaxError(`Cannot use the time "${time}": expected "150ms", "2s" or "5m"`);
}

/**
 * A text that is not empty.
 *
 * @param text The text.
 * @throws {TypeError} If it is empty.
 */
export function filled(text: string): string {
  if (text.trim() !== "") return text;
  throw new TypeError("Cannot say an empty text");
}

/**
 * A text without blanks.
 *
 * @param text The text.
 * @throws {TypeError} If it is none.
 */
export function word(text: string): string {
  if (/^\S+$/.test(text)) return text;
  throw new TypeError(`Cannot use "${text}": expected one word`);
}

/**
 * An address, whose quoted part alone may hold blanks and brackets (RFC 5321 section 4.1.2).
 *
 * @param address The address.
 * @throws {TypeError} If it would end a path before its end.
 */
export function pathOf(address: string): string {
  if (/^(?:"(?:[^"\\]|\\.)*"|[^<>\s"])*$/.test(address)) return `<${address}>`;
  throw new TypeError(`Cannot use the address "${address}": it would end before its end`);
}

/**
 * An integer as it is written.
 *
 * @param number The number.
 * @param least The least that it may be.
 * @throws {RangeError} If it is none.
 */
export function whole(number: number, least: number): string {
  if (Number.isSafeInteger(number) && number >= least) return String(number);
  throw new RangeError(`Cannot use the number ${number}: expected an integer from ${least}`);
}
