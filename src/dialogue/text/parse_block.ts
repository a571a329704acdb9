/**
 * The heads of blocks, and where a block ends.
 *
 * @module
 */

import { MAX_TURNS } from "./expand.ts";
import type { Cursor } from "./parse_files.ts";
import type { Words } from "./parse_words.ts";

/** What stands at the begin of a block. */
export type BlockHead =
  | { readonly how: "repeat"; readonly count: number }
  | { readonly how: "each"; readonly name: string; readonly values: readonly string[] }
  | { readonly how: "when"; readonly capability: string }
  | { readonly how: "alt" };

/** Takes the head of a block. */
export function blockHead(name: string, words: Words): BlockHead {
  switch (name) {
    case "repeat":
      return { how: name, count: words.number(`a number up to ${MAX_TURNS}`, MAX_TURNS) };
    case "when":
      return { how: name, capability: words.take(/.+/y)?.[0] ?? words.fail("a capability") };
    case "each": {
      const variable = words.name("a name");
      if (words.take(/in(?!\S)/y) === undefined) words.fail('"in" and values');
      return { how: name, name: variable, values: valuesOf(words) };
    }
    default:
      return { how: "alt" };
  }
}

function valuesOf(words: Words): readonly string[] {
  const values: string[] = [];
  do {
    if (words.done || words.left.startsWith(",")) words.fail("a value");
    values.push(words.value(","));
    if (values.length > MAX_TURNS) words.fail(`at most ${MAX_TURNS} values`);
  } while (words.take(/,/y) !== undefined);
  return values;
}

/** Passes over a block; gives the line that ends it. */
export function blockEnd(cursor: Cursor): number | undefined {
  let depth = 1;
  while (cursor.next < cursor.lines.length) {
    const text = cursor.lines[cursor.next++]?.text.trim() ?? "";
    const [, tag] = /^[CS]<< *(?:raw +)?([A-Za-z][A-Za-z0-9_]*)$/.exec(text) ?? [];
    if (tag !== undefined) {
      while (cursor.next < cursor.lines.length && cursor.lines[cursor.next++]?.text !== tag);
    } else if (/^@.*\{$/.test(text)) depth++;
    else if (text === "}" && --depth === 0) return cursor.next - 1;
  }
  return undefined;
}
