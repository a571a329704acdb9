/**
 * The parameters of MAIL and RCPT: typed values to the words of the line, each from its extension.
 *
 * @module
 */

import { escapeControls } from "../wire/mod.ts";

/** An extension's parameter that has no type of its own. */
export interface OtherParameter {
  /** The keyword. */
  readonly keyword: string;
  /** Its value, if it has one. */
  readonly value?: string;
}

/** The parameters of MAIL, each from its extension. Absent ones are not sent. */
export interface MailParameters {
  /** The size of the message, in octets (SIZE, RFC 1870). */
  readonly size?: number;
  /** What the content is made of (8BITMIME, BINARYMIME). */
  readonly body?: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** Addresses or headers need UTF-8 (SMTPUTF8, RFC 6531). */
  readonly smtpUtf8?: boolean;
  /** Who submitted it; `null` says that nobody vouches (AUTH, RFC 4954 section 5). */
  readonly auth?: string | null;
  /** How much a failure notice returns (DSN, RFC 3461). */
  readonly ret?: "FULL" | "HDRS";
  /** Names the envelope in notices, in printable ASCII (DSN). */
  readonly envid?: string;
  /** Every hop must use TLS (REQUIRETLS, RFC 8689). */
  readonly requireTls?: boolean;
  /** Hold the message for so many seconds (FUTURERELEASE, RFC 4865). */
  readonly holdFor?: number;
  /** Hold the message until then (FUTURERELEASE). */
  readonly holdUntil?: Date;
  /** Deliver within so many seconds, or return it (`R`) or notify (`N`) (DELIVERBY, RFC 2852). */
  readonly by?: { readonly seconds: number; readonly mode: "R" | "N"; readonly trace?: boolean };
  /** The priority, -9 to 9 (MT-PRIORITY, RFC 6710). */
  readonly mtPriority?: number;
  /** Parameters of other extensions, which nobody checks against what the server offers. */
  readonly other?: readonly OtherParameter[];
}

/** The parameters of RCPT (DSN, RFC 3461). Absent ones are not sent. */
export interface RcptParameters {
  /** When to notify the sender. */
  readonly notify?: "NEVER" | readonly ("SUCCESS" | "FAILURE" | "DELAY")[];
  /**
   * The address the sender first wrote, with its type.
   *
   * The type is `rfc822` unless told otherwise, and `utf-8` (RFC 6533) for an address that is not ASCII.
   */
  readonly orcpt?: { readonly type?: string; readonly address: string };
  /** Parameters of other extensions, which nobody checks against what the server offers. */
  readonly other?: readonly OtherParameter[];
}

/** The words of a line behind its path. */
export interface ParameterWords {
  /** The words, as they stand in the line. */
  readonly words: readonly string[];
  /**
   * By how many octets they may widen the line. Each extension widens it by its own words (RFC 5321
   * section 4.5.3.1.4); of an unknown extension nobody knows.
   */
  readonly allowance: number;
}

/** The most octets that RFC 4954 section 3 gives the AUTH parameter, and RFC 3461 the address of ORCPT. */
const MAX_LONG_VALUE = 500;
/** The most octets of ENVID (RFC 3461 section 4.4). */
const MAX_ENVID = 100;
/** The keywords that have a field. */
const TYPED: ReadonlySet<string> = new Set([
  ...["SIZE", "BODY", "SMTPUTF8", "AUTH", "RET", "ENVID", "REQUIRETLS", "HOLDFOR", "HOLDUNTIL"],
  ...["BY", "MT-PRIORITY", "NOTIFY", "ORCPT"],
]);
/** RFC 2852 and RFC 4865 give their numbers nine digits. */
const NINE_DIGITS = 999_999_999;

/**
 * Writes the parameters of MAIL.
 *
 * @param parameters The parameters.
 * @returns Their words.
 * @throws {SyntaxError | RangeError} If one of them is malformed.
 */
export function mailWords(parameters: MailParameters): ParameterWords {
  const typed: string[] = [];
  const { size, body, smtpUtf8, ret, envid, requireTls, holdFor, holdUntil, by } = parameters;
  if (size !== undefined) {
    typed.push(word("SIZE", wholeNumber("SIZE", size, 0, Number.MAX_SAFE_INTEGER)));
  }
  if (body !== undefined) typed.push(word("BODY", body));
  if (smtpUtf8) typed.push("SMTPUTF8");
  if (parameters.auth !== undefined) {
    const { auth } = parameters;
    typed.push(
      word("AUTH", auth === null ? "<>" : coded("AUTH", auth, xtext, MAX_LONG_VALUE)),
    );
  }
  if (ret !== undefined) typed.push(word("RET", ret));
  if (envid !== undefined) typed.push(word("ENVID", envelopeId(envid)));
  if (requireTls) typed.push("REQUIRETLS");
  if (holdFor !== undefined && holdUntil !== undefined) {
    throw new SyntaxError("Cannot hold a message both for a time and until a date");
  }
  if (holdFor !== undefined) {
    typed.push(word("HOLDFOR", wholeNumber("HOLDFOR", holdFor, 1, NINE_DIGITS)));
  }
  if (holdUntil !== undefined) typed.push(word("HOLDUNTIL", dateTime(holdUntil)));
  if (by !== undefined) {
    const least = by.mode === "R" ? 1 : -NINE_DIGITS; // R needs a positive time (RFC 2852)
    const seconds = wholeNumber("BY", by.seconds, least, NINE_DIGITS);
    typed.push(word("BY", `${seconds};${by.mode}${by.trace ? "T" : ""}`));
  }
  if (parameters.mtPriority !== undefined) {
    typed.push(word("MT-PRIORITY", wholeNumber("MT-PRIORITY", parameters.mtPriority, -9, 9)));
  }
  return withOthers(typed, parameters.other);
}

/**
 * Writes the parameters of RCPT.
 *
 * @param parameters The parameters.
 * @returns Their words.
 * @throws {SyntaxError} If one of them is malformed.
 */
export function rcptWords({ notify, orcpt, other }: RcptParameters): ParameterWords {
  const typed: string[] = [];
  if (notify !== undefined) {
    const list = notify === "NEVER" ? [notify] : [...new Set(notify)];
    if (list.length === 0) throw refused("NOTIFY", "", "NEVER, or SUCCESS, FAILURE and DELAY");
    typed.push(word("NOTIFY", list.join(",")));
  }
  if (orcpt !== undefined) typed.push(word("ORCPT", originalRecipient(orcpt)));
  return withOthers(typed, other);
}

/** RFC 3461 section 4.4: printable ASCII before it is coded, or servers answer 501. */
function envelopeId(envid: string): string {
  if (/[^ -~]/.test(envid)) throw refused("ENVID", envid, "printable ASCII");
  return coded("ENVID", envid, xtext, MAX_ENVID);
}

function originalRecipient({ type, address }: NonNullable<RcptParameters["orcpt"]>): string {
  const given = type ?? (/[^ -~]/.test(address) ? "utf-8" : "rfc822");
  if (!/^[A-Za-z0-9-]+$/.test(given)) throw refused("ORCPT type", given, "a word such as rfc822");
  const code = given.toLowerCase() === "utf-8" ? embedded : xtext;
  return `${given};${coded("ORCPT", address, code, MAX_LONG_VALUE - given.length - 1)}`;
}

/** RFC 6533 section 3: what xtext could not say goes as `\x{HEX}`. */
function embedded(address: string): string {
  return address.replace(
    /[^!-*,-<>-[\]-~]/gu,
    (character) => `\\x{${character.codePointAt(0)?.toString(16).toUpperCase().padStart(2, "0")}}`,
  );
}

/** RFC 4865 section 3.2: a date-time of RFC 3339. */
function dateTime(date: Date): string {
  const year = date.getUTCFullYear(); // NaN for an invalid date
  if (!(year >= 0 && year <= 9999)) {
    throw new RangeError(`Cannot send HOLDUNTIL "${date}": expected a date of the years 0 to 9999`);
  }
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

function withOthers(
  typed: readonly string[],
  other: readonly OtherParameter[] = [],
): ParameterWords {
  const others = other.map(({ keyword, value }) => {
    // They are checked against what the server offers only where they have a type.
    if (TYPED.has(keyword.toUpperCase())) {
      throw refused("parameter", keyword, "the field that it has of its own");
    }
    return word(keyword, value);
  });
  return { words: [...typed, ...others], allowance: typed.join(" ").length + 1 };
}

/** One `esmtp-param` of RFC 5321 section 4.1.2: the only way into a line. */
function word(keyword: string, value?: string | number): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(keyword)) {
    throw refused("parameter", keyword, "letters, digits and hyphens");
  }
  if (value === undefined) return keyword;
  if (!/^[!-<>-~]+$/.test(`${value}`)) {
    throw refused(`value of ${keyword}`, `${value}`, `printable ASCII without blanks and "="`);
  }
  return `${keyword}=${value}`;
}

/** Text that a code makes fit for a line; what no reader could want is refused all the same. */
function coded(name: string, text: string, code: (text: string) => string, most: number): string {
  if (/\p{Cc}/u.test(text) || !text.isWellFormed()) {
    throw refused(name, text, "text without control characters");
  }
  const value = code(text);
  if (value.length === 0 || value.length > most) {
    throw refused(name, value, `1 to ${most} characters, as they stand in the line`);
  }
  return value;
}

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot send ${name} "${value}": expected a whole number from ${least} to ${most}`,
    );
  }
  return value;
}

/**
 * The error of an argument that cannot stand in a line.
 *
 * @param what What it is.
 * @param value The argument.
 * @param expected What it should be.
 * @returns The error, to be thrown.
 */
export function refused(what: string, value: string, expected: string): SyntaxError {
  return new SyntaxError(
    `Cannot use the ${what} "${escapeControls(value.slice(0, 80))}": expected ${expected}`,
  );
}

/**
 * Writes text as xtext (RFC 3461 section 4): `+`, `=` and whatever is not printable become `+HH`.
 *
 * @param text Any text.
 * @returns Its xtext, made of the UTF-8 octets.
 *
 * @example Usage
 * ```ts
 * import { xtext } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(xtext("a+b=c"), "a+2Bb+3Dc");
 * ```
 */
export function xtext(text: string): string {
  if (/^[!-*,-<>-~]*$/.test(text)) return text;
  let out = "";
  for (const octet of new TextEncoder().encode(text)) {
    out += octet >= 33 && octet <= 126 && octet !== PLUS && octet !== EQUALS
      ? String.fromCharCode(octet)
      : `+${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

const PLUS = 43;
const EQUALS = 61;
