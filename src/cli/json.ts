/**
 * JSON that says where it goes wrong and takes no key twice: `JSON.parse` keeps the last one and tells
 * nobody. RFC 8259, strictly.
 *
 * @module
 */

import { ConfigError, placeBehind } from "./config_error.ts";

/** More than anybody writes, and less than a stack holds. */
const MAX_DEPTH = 200;

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// deno-lint-ignore no-control-regex -- RFC 8259 section 7: they must be escaped
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /true|false|null/y;

const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

/**
 * Reads JSON.
 *
 * @param text The text.
 * @param file What the file is called in errors.
 * @returns The value; objects have no prototype.
 * @throws {ConfigError} If it is no JSON, or a key stands twice in an object.
 */
export function parseJson(text: string, file: string): unknown {
  return new JsonReader(text, file).read();
}

class JsonReader {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  read(): unknown {
    const value = this.#value(0);
    this.#take(SPACE);
    if (this.#at < this.#text.length) this.#fail("the end");
    return value;
  }

  #value(depth: number): unknown {
    this.#take(SPACE);
    if (depth > MAX_DEPTH) this.#fail(`at most ${MAX_DEPTH} levels`);
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth + 1);
    if (first === "[") return this.#list(depth + 1);
    if (first === '"') return this.#string("a text");
    const number = this.#take(NUMBER);
    if (number !== undefined) return Number(number);
    const word = this.#take(WORD) ?? this.#fail("a value");
    return WORDS[word];
  }

  #object(depth: number): Readonly<Record<string, unknown>> {
    const object: Record<string, unknown> = Object.create(null);
    this.#entries("}", () => {
      const start = this.#at;
      const key = this.#string("a key in quotes");
      if (Object.hasOwn(object, key)) this.#fail("another key: this one is there already", start);
      this.#punctuation(":");
      object[key] = this.#value(depth);
    });
    return object;
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    this.#entries("]", () => list.push(this.#value(depth)));
    return list;
  }

  /** What stands between brackets, separated by commas. */
  #entries(end: "}" | "]", entry: () => void): void {
    this.#at++; // the opening bracket
    this.#take(SPACE);
    if (this.#text[this.#at] === end) {
      this.#at++;
      return;
    }
    do {
      this.#take(SPACE);
      entry();
    } while (this.#punctuation(",", end) === ",");
  }

  #punctuation(...marks: readonly string[]): string {
    this.#take(SPACE);
    const mark = this.#text[this.#at];
    if (mark === undefined || !marks.includes(mark)) {
      return this.#fail(marks.map((each) => `"${each}"`).join(" or "));
    }
    this.#at++;
    return mark;
  }

  #string(expected: string): string {
    const literal = this.#take(STRING);
    if (literal !== undefined) return String(JSON.parse(literal));
    if (this.#text[this.#at] !== '"') return this.#fail(expected);
    return this.#fail("a text that ends in its line, with known escapes");
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [taken] = pattern.exec(this.#text) ?? [];
    this.#at += taken?.length ?? 0;
    return taken;
  }

  #fail(expected: string, at: number = this.#at): never {
    const line = this.#text.slice(at).split(/[\r\n]/, 1)[0] ?? "";
    const [word] = /^(?:"[^"]*"|[\w.+-]+|.)?/u.exec(line) ?? [];
    const seen = word
      ? `got ${word.slice(0, 40)}`
      : line === "" && at < this.#text.length
      ? "got the end of the line"
      : "got the end of the file";
    throw new ConfigError(
      this.#file,
      placeBehind(this.#text.slice(0, at)),
      `expected ${expected}, ${seen}`,
    );
  }
}
