/**
 * The words behind a directive: names, quoted values, lists.
 *
 * @module
 */

import { problem } from "../errors.ts";
import type { Position } from "../step.ts";
import { NAME, parseTemplate, printTemplate, quotable, unquoted } from "../template.ts";

/** What is left of a line, word by word. */
export class Words {
  readonly #text: string;
  readonly #at: Position;
  #next = 0;

  /**
   * @param text The line, or the end of one.
   * @param at Where it begins.
   */
  constructor(text: string, at: Position) {
    this.#text = text.trimEnd();
    this.#at = at;
    this.#blanks();
  }

  /** Where the next word begins. */
  get at(): Position {
    return { ...this.#at, column: this.#at.column + this.#next };
  }

  /** Whether no word is left. */
  get done(): boolean {
    return this.#next >= this.#text.length;
  }

  /** What is left, not taken. */
  get left(): string {
    return this.#text.slice(this.#next);
  }

  /** Takes what fits an expression that is sticky; nothing if it does not fit. */
  take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#next;
    const found = expression.exec(this.#text);
    if (found === null) return undefined;
    this.#next = expression.lastIndex;
    this.#blanks();
    return found;
  }

  /** Takes a word without blanks. */
  word(expected: string): string {
    return this.take(/\S+/y)?.[0] ?? this.fail(expected);
  }

  /** Takes a name. */
  name(expected: string): string {
    const at = this.at;
    const word = this.word(expected);
    return NAME.test(word) ? word : problem(at, word, expected);
  }

  /** Takes a whole number. */
  number(expected: string, max: number): number {
    const at = this.at;
    const word = this.word(expected);
    const number = /^\d{1,9}$/.test(word) ? Number(word) : NaN;
    return number <= max ? number : problem(at, word, expected);
  }

  /** Takes what stands in quotes, in which `\"` and `\\` are characters; nothing if none come. */
  quoted(): string | undefined {
    const found = this.take(/"((?:[^"\\]|\\["\\])*)"/y);
    return found === undefined ? undefined : unquoted(found[1] ?? "");
  }

  /** Takes a value up to a stop sign or the end: in quotes, or without outer blanks. */
  value(stop = ""): string {
    const at = this.at;
    const quoted = this.quoted();
    if (quoted !== undefined) return quoted;
    const plain = this.take(stop === "" ? /.*/y : /[^,]*/y)?.[0].trimEnd() ?? "";
    const [part, more] = parseTemplate(plain, at);
    if (part === undefined) return "";
    if (part.kind !== "text" || more !== undefined) {
      problem(at, plain, 'a plain value: it has no holes, "$${" is a literal "${"');
    }
    return part.text;
  }

  /** Refuses what is left. */
  end(): void {
    if (!this.done) this.fail("the end of the line");
  }

  /** Stops at the next word. */
  fail(expected: string): never {
    problem(this.at, this.left, expected);
  }

  #blanks(): void {
    while (/[ \t]/.test(this.#text[this.#next] ?? "")) this.#next++;
  }
}

/** A value as {@linkcode Words.value} reads it. */
export function printValue(value: string, stop = ""): string {
  const quote = value.trim() !== value || value === "" || value.startsWith('"') ||
    (stop !== "" && value.includes(stop));
  if (quote) return `"${quotable(value)}"`;
  return printTemplate([{ kind: "text", text: value }]);
}
