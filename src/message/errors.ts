/**
 * What can be wrong with a mail before anything is sent, and with a pattern.
 *
 * @module
 */

// C0, DEL, C1, line separators, halves of characters and what reorders text.
const UNSAFE =
  // deno-lint-ignore no-control-regex -- finding control characters is what it is for
  /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

/** The first 80 characters of a value, harmless to show. */
function shown(value: string): string {
  const start = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return start.replace(UNSAFE, (unsafe) => `\\u{${unsafe.charCodeAt(0).toString(16)}}`);
}

/** An address, or a part or a list of addresses, that cannot be used. */
export class AddressError extends SyntaxError {
  /** The class, for programs that compare names. */
  override readonly name = "AddressError";
  /** What was to be parsed, as it was given. */
  readonly value: string;
  /** What is wrong with it. */
  readonly reason: string;

  /**
   * Makes one.
   *
   * @param value What was to be parsed.
   * @param reason What is wrong with it.
   * @param options `what` the value was taken for, `address` by default; and the cause.
   *
   * @example Usage
   * ```ts
   * import { AddressError } from "@mailwright/mailwright/message";
   * import { equal } from "node:assert/strict";
   *
   * equal(new AddressError("a@", "it has no domain").message, 'Cannot parse the address "a@": it has no domain');
   * ```
   */
  constructor(value: string, reason: string, options: ErrorOptions & { what?: string } = {}) {
    super(`Cannot parse the ${options.what ?? "address"} "${shown(value)}": ${reason}`, options);
    this.value = value;
    this.reason = reason;
  }
}

/** A header field that cannot be written. */
export class HeaderError extends SyntaxError {
  /** The class, for programs that compare names. */
  override readonly name = "HeaderError";
  /** The name of the field, as it was given. */
  readonly field: string;
  /** What is wrong with it. */
  readonly reason: string;

  /**
   * Makes one.
   *
   * @param field The name of the field.
   * @param reason What is wrong with it.
   * @param options The cause.
   *
   * @example Usage
   * ```ts
   * import { HeaderError } from "@mailwright/mailwright/message";
   * import { equal } from "node:assert/strict";
   *
   * equal(new HeaderError("Bcc", "it is never sent").message, 'Cannot write the header "Bcc": it is never sent');
   * ```
   */
  constructor(field: string, reason: string, options: ErrorOptions = {}) {
    super(`Cannot write the header "${shown(field)}": ${reason}`, options);
    this.field = field;
    this.reason = reason;
  }
}

/** A message that cannot be signed, or a signer that cannot sign. */
export class DkimError extends TypeError {
  /** The class, for programs that compare names. */
  override readonly name = "DkimError";

  /**
   * Makes one.
   *
   * @param reason What is wrong.
   * @param options The cause.
   *
   * @example Usage
   * ```ts
   * import { DkimError } from "@mailwright/mailwright/message";
   * import { equal } from "node:assert/strict";
   *
   * equal(new DkimError("nobody signs").message, "Cannot sign a message: nobody signs");
   * ```
   */
  constructor(reason: string, options: ErrorOptions = {}) {
    super(`Cannot sign a message: ${reason}`, options);
  }
}

/** A template that cannot be compiled, or that a row cannot be put into. */
export class TemplateError extends SyntaxError {
  /** The class, for programs that compare names. */
  override readonly name = "TemplateError";
  /** What the template is called. */
  readonly template: string;
  /** What is wrong. */
  readonly reason: string;
  /** The line of the placeholder, from 1. */
  readonly line: number;
  /** Its column, from 1. */
  readonly column: number;
  /** The field that is missing or does not fit; none where the template itself is wrong. */
  readonly field: string | undefined;

  /**
   * Makes one.
   *
   * @param template What the template is called.
   * @param reason What is wrong.
   * @param place The line and the column from 1, and the field if a row is wrong.
   *
   * @example Usage
   * ```ts
   * import { TemplateError } from "@mailwright/mailwright/message";
   * import { equal } from "node:assert/strict";
   *
   * const place = { line: 3, column: 7, field: "name" };
   * const { message } = new TemplateError("welcome.md", 'the field "name" is missing', place);
   * equal(message, 'Cannot use the template "welcome.md": at 3:7 the field "name" is missing');
   * ```
   */
  constructor(
    template: string,
    reason: string,
    place: { readonly line: number; readonly column: number; readonly field?: string },
  ) {
    const { line, column } = place;
    super(`Cannot use the template "${shown(template)}": at ${line}:${column} ${reason}`);
    this.template = template;
    this.reason = reason;
    this.line = line;
    this.column = column;
    this.field = place.field;
  }
}

/** A pattern that is outside of the syntax. */
export class PatternError extends SyntaxError {
  /** The class, for programs that compare names. */
  override readonly name = "PatternError";
  /** The pattern, as it was given. */
  readonly pattern: string;
  /** What was expected. */
  readonly reason: string;
  /** Where, as an index of the pattern. */
  readonly index: number;

  /**
   * Makes one.
   *
   * @param pattern The pattern.
   * @param reason What was expected.
   * @param index Where, as an index of the pattern.
   *
   * @example Usage
   * ```ts
   * import { PatternError } from "@mailwright/mailwright/message";
   * import { equal } from "node:assert/strict";
   *
   * const { message } = new PatternError("(a", '")" is expected', 2);
   * equal(message, 'Cannot compile the pattern "(a": at character 3 ")" is expected');
   * ```
   */
  constructor(pattern: string, reason: string, index: number) {
    super(`Cannot compile the pattern "${shown(pattern)}": at character ${index + 1} ${reason}`);
    this.pattern = pattern;
    this.reason = reason;
    this.index = index;
  }
}
