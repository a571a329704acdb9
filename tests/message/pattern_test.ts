import { compilePattern } from "@mailwright/mailwright/message";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { type Program, programOf } from "../../src/message/pattern_program.ts";
import { run } from "../../src/message/pattern_run.ts";
import { parsePattern } from "../../src/message/pattern_syntax.ts";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;

Deno.test.each([
  ["", "abc", [0, 0]],
  ["b", "abc", [1, 2]],
  ["b", "ABC", undefined],
  ["ab|abc|b", "xabcd", [1, 4]],
  ["a|", "ba", [0, 0]],
  ["b*", "abbb", [0, 0]],
  ["b+", "abbbab", [1, 4]],
  ["ab?c", "ac abc", [0, 2]],
  ["a{2}", "aaa", [0, 2]],
  ["a{2,}", "baaaa", [1, 5]],
  ["a{0,2}b", "aaab", [1, 4]],
  ["(ab){2,3}", "ababababab", [0, 6]],
  ["(?:a|b)+c", "xabac", [1, 5]],
  ["(a*)*", "aab", [0, 2]],
  ["((){256}){256}a", "a", [0, 1]],
  ["^a", "ba", undefined],
  ["a$", "ab", undefined],
  ["^$", "", [0, 0]],
  ["^(a|b)*$", "abba", [0, 4]],
  ["a^b", "ab", undefined],
  ["\\bin\\b", "win in", [4, 6]],
  ["\\Bn", "n in", [3, 4]],
  ["a.c", "a\nc", [0, 3]],
  [".", "😀", [0, 2]],
  ["^..$", "é😀", [0, 3]],
  ["[a-c]+", "xcab", [1, 4]],
  ["[^a-c]+", "axyb", [1, 3]],
  ["[-.]+", "a.-", [1, 3]],
  ["[a-]+", "b-a", [1, 3]],
  ["[\\]\\[^]+", "x][^", [1, 4]],
  ["[\\d_-]+", "a1-_", [1, 4]],
  ["[😀-😂]", "x😁", [1, 3]],
  ["\\d\\D\\w\\W\\s\\S", "1a_- x", [0, 6]],
  ["\\s", "\u00a0", [0, 1]],
  ["\\t\\r\\n", "\t\r\n", [0, 3]],
  ["\\(\\.\\*\\)\\{\\}\\/", "(.*){}/", [0, 7]],
])("compilePattern() finds %j in %j", pure, (source, text, expected) => {
  const pattern = compilePattern(source);
  deepEqual(pattern.find(text), expected);
  equal(pattern.test(text), expected !== undefined);
});

Deno.test.each([
  ["straße 7", "STRAßE 7", true],
  ["[a-z]É", "Qé", true],
  ["[^a]", "A", false],
  ["ς", "Σ", true],
  ["σ", "ς", true],
  ["k", "\u212a", true],
  ["ß", "SS", false],
])("compilePattern() ignores the case of %j in %j", pure, (source, text, expected) => {
  equal(compilePattern(source, { ignoreCase: true }).test(text), expected);
});

Deno.test.each([
  ["(a", 2, '")" is expected'],
  ["a)b", 1, '"\\)" is expected, or a "(" before it'],
  ["*a", 0, '"\\*" is expected, or something to repeat before'],
  ["a|+", 2, '"\\+" is expected, or something to repeat before'],
  ["^*", 1, '"\\*" is expected, or something to repeat before'],
  ["a+?", 2, '"\\?" is expected, or something to repeat before'],
  ["a}", 1, '"\\}" is expected'],
  ["a]", 1, '"\\]" is expected'],
  ["[a", 2, '"]" is expected'],
  ["[]", 1, '"\\]" is expected'],
  ["[[:alpha:]]", 1, '"\\[" is expected'],
  ["[z-a]", 2, '"\\-" is expected, or a range of two characters in their order'],
  ["[a-\\d]", 2, '"\\-" is expected, or a range of two characters in their order'],
  ["[\\b]", 2, "one of d D w W s S t n r or a sign is expected"],
  ["a{,2}", 1, 'a count is expected, such as "{2}", "{2,}" or "{2,5}"; or "\\{"'],
  ["a{2,1}", 1, "a count is expected whose end is not before its begin"],
  ["a{257}", 1, "a count of at most 256 is expected"],
  ["a{2,257}", 1, "a count of at most 256 is expected"],
  ["a{300,}", 1, "a count of at most 256 is expected"],
  ["(a)\\1", 4, "no digit is expected: there are no back-references"],
  ["(?=a)", 2, '":" is expected: there is no look-around, and groups have no names or flags'],
  ["(?<n>a)", 2, '":" is expected: there is no look-around, and groups have no names or flags'],
  ["\\p{L}", 1, "one of d D w W s S t n r or a sign is expected"],
  ["a\\", 2, "one of d D w W s S t n r or a sign is expected"],
  ["a\ud83d", 1, "a whole character is expected"],
])("compilePattern() rejects %j at %d: %s", pure, (source, index, reason) => {
  throws(() => compilePattern(source), { name: "PatternError", pattern: source, index, reason });
});

Deno.test("compilePattern() takes 512 characters and no more", pure, () => {
  equal(compilePattern("a".repeat(512)).test("a".repeat(512)), true);
  throws(() => compilePattern("a".repeat(513)), { index: 512, reason: "at most 512 are expected" });
});

Deno.test("compilePattern() rejects repetitions that multiply [T-I43]", pure, () => {
  for (const source of ["((a{256}){256}){256}", "(a{256}b?){8}", "((a?){0,256}){0,256}"]) {
    throws(() => compilePattern(source), /less to repeat is expected: .* more than 2048 states/);
  }
});

/** Patterns that the language understands as well, so short that it cannot take long. */
function patternOf(random: (limit: number) => number, depth: number): string {
  const part = (): string => patternOf(random, depth - 1);
  const pick = (list: readonly string[]): string => list[random(list.length)] ?? "";
  switch (random(depth > 0 ? 6 : 2)) {
    case 0:
      return pick(["a", "b", "é", "ß", "1", " ", "."]);
    case 1:
      return pick(["[ab]", "[^a]", "[a-c1]", "[^\\w]", "\\d", "\\W", "\\s", "^", "$", "\\b", ""]);
    case 2:
      return part() + part();
    case 3:
      return `(?:${part()}|${part()})`;
    default:
      return `(${part()})${pick(["?", "*", "+", "{2}", "{1,}", "{0,2}", "{1,3}"])}`;
  }
}

Deno.test("compilePattern() finds what RegExp finds, and the longest of it", pure, () => {
  const random = seeded(1);
  const longest = (source: string, flags: string, text: string, from: number): number => {
    for (let to = text.length; to >= from; to--) {
      const exact = new RegExp(`(?:${source})(?=.{${text.length - to}}$)`, `${flags}y`);
      exact.lastIndex = from;
      if (exact.test(text)) return to;
    }
    return -1;
  };
  for (let round = 0; round < 5_000; round++) {
    const source = patternOf(random, 4);
    const ignoreCase = random(2) === 0;
    const text = textOf(random, [..."aaAbBcéÉß1 -\n"], 8);
    const flags = ignoreCase ? "sui" : "su";
    const from = new RegExp(source, flags).exec(text)?.index;
    const expected = from === undefined ? undefined : [from, longest(source, flags, text, from)];
    const pattern = compilePattern(source, { ignoreCase });
    deepEqual(pattern.find(text), expected, `/${source}/${flags} in ${JSON.stringify(text)}`);
    equal(pattern.test(text), expected !== undefined);
  }
});

/** How often a state is entered. */
function steps(source: string, text: string): number {
  const program = programOf(parsePattern(source, false));
  let count = 0;
  const states = new Proxy(program.states, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) count++;
      return Reflect.get(target, key);
    },
  });
  const counted: Program = { ...program, states };
  run(counted, text, { ignoreCase: false, any: false });
  ok(count <= (text.length + 1) * program.states.length, `${count} steps`);
  return count;
}

Deno.test.each([
  ["(a+)+$"],
  ["(a|aa)+b"],
  ["(a|a)*b"],
  ["(a?){40}a{40}b"],
  ["(.*)(.*)(.*)(.*)(.*)x"],
  ["^(([a-z])+.)+[A-Z]([a-z])+$"],
  ["(x+x+)+y|a*"],
])("run() takes twice the steps for twice the text: %s [T-I43]", pure, (source) => {
  // Past the counts of the pattern, where all states are busy.
  const once = steps(source, "a".repeat(4_096) + "!");
  const twice = steps(source, "a".repeat(8_192) + "!");
  ok(twice <= 2.1 * once, `${once} steps, then ${twice}`);
});
