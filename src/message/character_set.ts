/**
 * Sets of characters, as the classes of a pattern are. Looking one up takes logarithmic time.
 *
 * @module
 */

/** The first and the last code point of a run. */
export type CharacterRange = readonly [first: number, last: number];

const LAST = 0x10ffff;

/** What `\d` stands for. */
export const DIGITS: readonly CharacterRange[] = [[0x30, 0x39]];
/** What `\w` stands for. */
export const WORD_CHARACTERS: readonly CharacterRange[] = [
  ...DIGITS,
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
/** What `\s` stands for: as in JavaScript. */
export const SPACES: readonly CharacterRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

/** Some characters or, negated, all others. */
export class CharacterSet {
  // Where it begins to hold characters and where it ends to, in turn; ascending.
  readonly #edges: readonly number[];
  readonly #negated: boolean;

  constructor(
    ranges: readonly CharacterRange[],
    { negated = false }: { readonly negated?: boolean } = {},
  ) {
    this.#edges = merged(ranges).flatMap(([first, last]) => [first, last + 1]);
    this.#negated = negated;
  }

  /** Whether it holds a character, given as code points: one, or where case is ignored all its cases. */
  holds(cases: readonly number[]): boolean {
    return cases.some((point) => this.#edgesUpTo(point) % 2 === 1) !== this.#negated;
  }

  #edgesUpTo(point: number): number {
    let low = 0;
    let high = this.#edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#edges[middle] ?? LAST) <= point) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The ranges of all characters that are not in these. */
export function othersThan(ranges: readonly CharacterRange[]): CharacterRange[] {
  const others: CharacterRange[] = [];
  let next = 0;
  for (const [first, last] of merged(ranges)) {
    if (first > next) others.push([next, first - 1]);
    next = last + 1;
  }
  return next > LAST ? others : [...others, [next, LAST]];
}

/**
 * A code point with its upper and lower cases, as far as they are one character each; twice is enough
 * for the likes of sigma, which has two lower cases.
 */
export function casesOf(point: number): number[] {
  const upper = single(point, String.fromCodePoint(point).toUpperCase());
  const cases = [point, upper];
  for (const each of [point, upper]) {
    cases.push(single(each, String.fromCodePoint(each).toLowerCase()));
  }
  return [...new Set(cases)];
}

/** The code point of text that is one character; else the other one. */
function single(other: number, text: string): number {
  const point = text.codePointAt(0) ?? other;
  return text.length === (point > 0xffff ? 2 : 1) ? point : other;
}

/** The same characters in ascending ranges that do not touch. */
function merged(ranges: readonly CharacterRange[]): CharacterRange[] {
  const result: CharacterRange[] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const before = result.at(-1);
    if (before === undefined || first > before[1] + 1) result.push([first, last]);
    else result[result.length - 1] = [before[0], Math.max(before[1], last)];
  }
  return result;
}
