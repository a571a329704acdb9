/**
 * Reading back what was written down as JSON: each function gives what was expected, or throws.
 *
 * @module
 */

import { isTable } from "../policy/check_value.ts";

/** The fields of one object. */
export class Reader {
  readonly #fields: Readonly<Record<string, unknown>>;

  /** Takes the object. */
  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  /** A text. */
  text(name: string): string {
    const value = this.#fields[name];
    return typeof value === "string" ? value : fail(name, "a text");
  }

  /** A SHA-256, hexadecimal. */
  hash(name: string): string {
    const text = this.text(name);
    return /^[0-9a-f]{64}$/.test(text) ? text : fail(name, "a SHA-256");
  }

  /** An instant in ISO form. */
  instant(name: string): string {
    const text = this.text(name);
    return Number.isNaN(Date.parse(text)) ? fail(name, "an instant") : text;
  }

  /** A whole number that is not negative. */
  count(name: string): number {
    const value = this.#fields[name];
    return Number.isSafeInteger(value) && Number(value) >= 0
      ? Number(value)
      : fail(name, "a count");
  }

  /** True or false. */
  truth(name: string): boolean {
    const value = this.#fields[name];
    return typeof value === "boolean" ? value : fail(name, "true or false");
  }

  /** One of the keys of a table. */
  word<Word extends string>(name: string, words: Readonly<Record<Word, unknown>>): Word {
    const text = this.text(name);
    // A key of its own is one of the words.
    return Object.hasOwn(words, text) ? text as Word : fail(name, "a known word");
  }

  /** An object. */
  table(name: string): Reader {
    return fieldsIn(this.#fields[name], name);
  }

  /** Texts. */
  texts(name: string): readonly string[] {
    const value = this.#fields[name];
    const fits = Array.isArray(value) && value.every((each) => typeof each === "string");
    return fits ? value : fail(name, "a list of texts");
  }

  /** Objects. */
  list<T>(name: string, read: (from: Reader) => T): readonly T[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) return fail(name, "a list");
    return value.map((each) => read(fieldsIn(each, name)));
  }

  /** What a field that may be missing adds. */
  optional<T>(name: string, read: () => T): T | undefined {
    return Object.hasOwn(this.#fields, name) ? read() : undefined;
  }
}

/**
 * The fields of an object.
 *
 * @param value Anything.
 * @param name What it is called.
 * @returns Its fields.
 * @throws {TypeError} If it is none.
 */
export function fieldsIn(value: unknown, name: string = "entry"): Reader {
  return isTable(value) ? new Reader(value) : fail(name, "an object");
}

function fail(name: string, expected: string): never {
  throw new TypeError(`Cannot read back "${name}": it is not ${expected}`);
}
