/**
 * The text of a pattern to a tree. The syntax holds nothing that could not be matched in linear time.
 *
 * @module
 */

import {
  casesOf,
  type CharacterRange,
  CharacterSet,
  DIGITS,
  othersThan,
  SPACES,
  WORD_CHARACTERS,
} from "./character_set.ts";
import { PatternError } from "./errors.ts";

/** A place between two characters. */
export type Place = "start" | "end" | "boundary" | "no boundary";

/** A part of a pattern, and how many states it becomes. */
export type PatternNode =
  & { readonly states: number }
  & (
    | { readonly kind: "set"; readonly set: CharacterSet }
    | { readonly kind: "place"; readonly place: Place }
    | { readonly kind: "sequence" | "choice"; readonly parts: readonly PatternNode[] }
    | ({ readonly kind: "repeat"; readonly part: PatternNode } & Count)
  );

interface Count {
  readonly min: number;
  readonly max: number;
}

const MAX_LENGTH = 512;
const MAX_COUNT = 256;
/** Each character of a text costs at most a step for each state. */
const MAX_STATES = 2048;

const ANY = new CharacterSet([], { negated: true });
const PLACES: ReadonlyMap<string, Place> = new Map([
  ["^", "start"],
  ["$", "end"],
  ["\\b", "boundary"],
  ["\\B", "no boundary"],
]);
const CLASSES: ReadonlyMap<string, readonly CharacterRange[]> = new Map([
  ["d", DIGITS],
  ["D", othersThan(DIGITS)],
  ["w", WORD_CHARACTERS],
  ["W", othersThan(WORD_CHARACTERS)],
  ["s", SPACES],
  ["S", othersThan(SPACES)],
]);
const CONTROLS: ReadonlyMap<string, string> = new Map([["t", "\t"], ["n", "\n"], ["r", "\r"]]);
const COUNTS: ReadonlyMap<string, Count> = new Map([
  ["?", { min: 0, max: 1 }],
  ["*", { min: 0, max: Infinity }],
  ["+", { min: 1, max: Infinity }],
]);
const BRACES = /\{(\d{1,3})(?:(,)(\d{0,3}))?\}/y;

/**
 * Reads a pattern.
 *
 * @throws {PatternError} At the first character that does not fit.
 */
export function parsePattern(pattern: string, ignoreCase: boolean): PatternNode {
  return new PatternParser(pattern, ignoreCase).whole();
}

class PatternParser {
  readonly #pattern: string;
  readonly #ignoreCase: boolean;
  #at = 0;

  constructor(pattern: string, ignoreCase: boolean) {
    this.#pattern = pattern;
    this.#ignoreCase = ignoreCase;
  }

  whole(): PatternNode {
    const { length } = this.#pattern;
    if (length > MAX_LENGTH) this.#fail(`at most ${MAX_LENGTH} are expected`, MAX_LENGTH);
    const half = this.#pattern.search(/\p{Cs}/u);
    if (half >= 0) this.#fail("a whole character is expected", half);
    const node = this.#choice();
    if (this.#at < length) this.#fail('"\\)" is expected, or a "(" before it');
    return node;
  }

  #choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    if (parts.length === 1) return parts[0] as PatternNode; // just counted
    return this.#bounded({ kind: "choice", parts, states: sum(parts) + parts.length - 1 });
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#pattern.length && !"|)".includes(this.#next())) {
      parts.push(this.#place() ?? this.#repeated(this.#single()));
    }
    return this.#bounded({ kind: "sequence", parts, states: sum(parts) });
  }

  #place(): PatternNode | undefined {
    for (const [sign, place] of PLACES) {
      if (this.#take(sign)) return { kind: "place", place, states: 1 };
    }
    return undefined;
  }

  /** What a quantifier repeats. */
  #single(): PatternNode {
    if (this.#take("(")) return this.#group();
    return { kind: "set", set: this.#set(), states: 1 };
  }

  #group(): PatternNode {
    if (this.#take("?") && !this.#take(":")) {
      this.#fail('":" is expected: there is no look-around, and groups have no names or flags');
    }
    const node = this.#choice();
    if (!this.#take(")")) this.#fail('")" is expected');
    return node;
  }

  #repeated(part: PatternNode): PatternNode {
    const count = this.#count();
    // Nothing, however often, is nothing.
    if (count === undefined || part.states === 0) return part;
    const { min, max } = count;
    const states = max === Infinity
      ? part.states * Math.max(min, 1) + 1
      : part.states * max + max - min;
    return this.#bounded({ kind: "repeat", part, min, max, states });
  }

  #count(): Count | undefined {
    const count = COUNTS.get(this.#next());
    if (count !== undefined) {
      this.#at++;
      return count;
    }
    if (this.#next() !== "{") return undefined;
    BRACES.lastIndex = this.#at;
    const braces = BRACES.exec(this.#pattern);
    if (braces === null) {
      this.#fail('a count is expected, such as "{2}", "{2,}" or "{2,5}"; or "\\{"');
    }
    const [all, least = "", comma = "", most = ""] = braces;
    const min = Number(least);
    const max = comma === "" ? min : most === "" ? Infinity : Number(most);
    if (Math.max(min, max === Infinity ? 0 : max) > MAX_COUNT) {
      this.#fail(`a count of at most ${MAX_COUNT} is expected`);
    }
    if (max < min) this.#fail("a count is expected whose end is not before its begin");
    this.#at += all.length;
    return { min, max };
  }

  #set(): CharacterSet {
    if (this.#take(".")) return ANY;
    if (this.#take("[")) return this.#class();
    const sign = this.#next();
    if ("?*+{".includes(sign)) this.#fail(`"\\${sign}" is expected, or something to repeat before`);
    if ("]}".includes(sign)) this.#fail(`"\\${sign}" is expected`);
    const character = this.#character();
    return new CharacterSet(typeof character === "number" ? this.#one(character) : character);
  }

  #class(): CharacterSet {
    const negated = this.#take("^");
    const ranges: CharacterRange[] = [];
    do ranges.push(...this.#classItem()); while (!this.#take("]"));
    return new CharacterSet(ranges, { negated });
  }

  #classItem(): readonly CharacterRange[] {
    const sign = this.#next();
    if (sign === "") this.#fail('"]" is expected');
    if ("[]".includes(sign)) this.#fail(`"\\${sign}" is expected`);
    const first = this.#character();
    const { [this.#at]: hyphen, [this.#at + 1]: behind = "]" } = this.#pattern;
    if (hyphen !== "-" || behind === "]") {
      return typeof first === "number" ? this.#one(first) : first;
    }
    const start = this.#at++;
    const last = this.#character();
    if (typeof first === "number" && typeof last === "number" && first <= last) {
      return [[first, last]];
    }
    return this.#fail('"\\-" is expected, or a range of two characters in their order', start);
  }

  /** One character, as a code point, or what a letter behind a backslash stands for. */
  #character(): number | readonly CharacterRange[] {
    if (!this.#take("\\")) return this.#literal(this.#next());
    const sign = this.#next();
    const ranges = CLASSES.get(sign);
    if (ranges !== undefined) {
      this.#at++;
      return ranges;
    }
    if (/[1-9]/.test(sign)) this.#fail("no digit is expected: there are no back-references");
    const control = CONTROLS.get(sign);
    if (control === undefined && /^[a-z0-9]?$/i.test(sign)) {
      this.#fail("one of d D w W s S t n r or a sign is expected");
    }
    const point = this.#literal(sign);
    return control?.codePointAt(0) ?? point;
  }

  #literal(sign: string): number {
    this.#at += sign.length;
    return sign.codePointAt(0) ?? this.#fail("a character is expected");
  }

  #one(point: number): CharacterRange[] {
    return (this.#ignoreCase ? casesOf(point) : [point]).map((each) => [each, each]);
  }

  /** The next character, or nothing at the end. */
  #next(): string {
    const point = this.#pattern.codePointAt(this.#at);
    return point === undefined ? "" : String.fromCodePoint(point);
  }

  #take(sign: string): boolean {
    if (!this.#pattern.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #bounded(node: PatternNode): PatternNode {
    if (node.states > MAX_STATES) {
      this.#fail(`less to repeat is expected: the pattern has more than ${MAX_STATES} states`);
    }
    return node;
  }

  #fail(reason: string, at: number = this.#at): never {
    throw new PatternError(this.#pattern, reason, at);
  }
}

function sum(parts: readonly PatternNode[]): number {
  return parts.reduce((total, { states }) => total + states, 0);
}
