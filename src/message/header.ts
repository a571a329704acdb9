/**
 * One header field as it is written: a checked name, an encoded and folded value (RFC 5322 section 2.2).
 *
 * Injection is impossible by type: a {@linkcode Header} holds exactly one field.
 *
 * @module
 */

import { unfitForHeader } from "./characters.ts";
import { encodeWords } from "./encoded_word.ts";
import { HeaderError } from "./errors.ts";

// RFC 5322 section 2.1.1, without CRLF.
const MAX_LINE = 998;
const GOOD_LINE = 78;
/** RFC 2047 section 2: a line with an encoded word is shorter. */
const ENCODED_LINE = 76;
/** ftext of RFC 5322 section 3.6.8; behind a longer name no encoded word would fit. */
const FIELD_NAME = /^[!-9;-~]{1,50}$/;
/** Names of columns that are no data but reach into the language (T-I16). */
const LANGUAGE_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const ONE_LINE = /^[\t -~]*$/;
// A line end that is no fold, and a fold with nothing behind it, which old servers take for the end.
const BROKEN_FOLD = /\r(?!\n)|(?<!\r)\n|\r\n(?![\t ]+[^\t \r\n])/;
const FOLD = /\r\n(?=[\t ])/;
/** A word with the blanks before it, where a line can be broken. */
const WORD = /[\t ]*[^\t ]+/g;
/** ASCII that survives as it is: no blank at an end, where it would be lost. */
const PLAIN_TEXT = /^[!-~]+(?:[\t ]+[!-~]+)*$/;

/** A header field that has been checked. It does not change. */
export class Header {
  /** The name, as it was given. */
  readonly name: string;
  /** Whether it holds raw UTF-8, so that it needs the SMTPUTF8 extension. */
  readonly utf8: boolean;
  // Also the brand: no other object is taken for a Header.
  readonly #line: string;

  /**
   * Takes a value that is encoded already; {@linkcode createHeader} encodes one.
   *
   * @param name The name.
   * @param value The value as it is written; a fold is CRLF and a blank.
   * @throws {HeaderError} If name or value would not give exactly one field.
   *
   * @example Usage
   * ```ts
   * import { Header } from "@mailwright/mailwright/message";
   * import { equal, throws } from "node:assert/strict";
   *
   * equal(new Header("X-Mailer", "mailwright").line, "X-Mailer: mailwright\r\n");
   * throws(() => new Header("X-A", "b\r\nBcc: c@d.example"), { name: "HeaderError" });
   * ```
   */
  constructor(name: string, value: string) {
    if (!FIELD_NAME.test(name) || LANGUAGE_NAMES.has(name)) {
      throw new HeaderError(name, "a name has 1 to 50 letters, digits and signs without a colon");
    }
    this.name = name;
    this.utf8 = !ONE_LINE.test(value) && checkValue(name, value);
    this.#line = `${name}:${value === "" || value.startsWith("\r\n") ? "" : " "}${value}\r\n`;
    if (this.utf8 || this.#line.length > MAX_LINE + 2) checkLines(name, this.#line);
  }

  /** The whole field: name, colon, value, CRLF. */
  get line(): string {
    return this.#line;
  }
}

/**
 * Makes a field of plain text, as Subject is: folded, and encoded where that is needed.
 *
 * @param name The name.
 * @param text The text as people read it.
 * @returns The field.
 * @throws {HeaderError} If the name is none, or the text holds a control character or a line end.
 *
 * @example Usage
 * ```ts
 * import { textHeader } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(textHeader("Subject", "Über uns").line, "Subject: =?UTF-8?B?w5xiZXIgdW5z?=\r\n");
 * ```
 */
export function textHeader(name: string, text: string): Header {
  if (PLAIN_TEXT.test(text) && !text.includes("=?") && !hasWordOf(MAX_LINE, text)) {
    return new Header(name, fold(name, text));
  }
  const unfit = unfitForHeader(text);
  if (unfit !== undefined) throw new HeaderError(name, unfit);
  const words = encodeWords(text, { firstWidth: ENCODED_LINE - (name.length + 2) });
  return new Header(name, fold(name, words.join(" ")));
}

/**
 * Breaks a value at its blanks into lines of the usual length. Where a word is longer than that, the
 * line is longer too.
 */
export function fold(name: string, value: string): string {
  const encoded = value.includes("=?");
  const limit = encoded ? ENCODED_LINE : GOOD_LINE;
  let column = name.length + 2;
  if (column + value.length <= limit) return value;
  let folded = "";
  for (const [word] of value.matchAll(WORD)) {
    const first = folded === "";
    // The first word stays behind the name as long as it can: some readers want it there.
    if (column + word.length > (first && !encoded ? MAX_LINE : limit)) {
      folded += first ? "\r\n " : "\r\n";
      column = first ? 1 : 0;
    }
    folded += word;
    column += word.length;
  }
  return folded;
}

/** Whether text has a word, with the blanks before it, of at least that length. */
export function hasWordOf(length: number, text: string): boolean {
  if (text.length < length) return false;
  return text.match(WORD)?.some((word) => word.length >= length) ?? false;
}

/** Whether a value of more than one line of ASCII holds UTF-8. */
function checkValue(name: string, value: string): boolean {
  const unfit = BROKEN_FOLD.test(value)
    ? "it holds a control character or a line end"
    : unfitForHeader(value.replaceAll("\r\n", ""));
  if (unfit !== undefined) throw new HeaderError(name, unfit);
  return /[^\t\r\n -~]/.test(value);
}

function checkLines(name: string, field: string): void {
  for (const line of field.slice(0, -2).split(FOLD)) {
    if (new TextEncoder().encode(line).length > MAX_LINE) {
      throw new HeaderError(name, `a line of it is longer than ${MAX_LINE} octets`);
    }
  }
}
