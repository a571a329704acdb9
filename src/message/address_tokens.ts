/**
 * The pieces of a received address field.
 *
 * Every character is looked at a few times at most. That a comment has no end is found out once, and
 * from there on its sign means nothing; behind a quote without an end there is no other quote.
 *
 * @module
 */

import { commentEnd } from "./comment.ts";

/** A piece of an address field. */
export interface AddressToken {
  readonly kind: "word" | "quoted" | "comment" | "sign";
  /** As it was written. */
  readonly text: string;
  /** Whether a blank, a comment or something without meaning stands before it. */
  readonly apart: boolean;
}

const BLANKS = /\s+/y;
const ATOM = /[^\s()<>[\]:;@\\,"]+/y;
const ESCAPED = /\\[^]/y;
/** Some senders leave the signs of a list in it. */
const ENCODED_WORD = /=\?[^?\s]+\?[bq]\?[^?\s<>"]*\?=/iy;
const LITERAL = /\[[^[\]\s<>,;"]*\]/y;
const WORDS = [ENCODED_WORD, ATOM, ESCAPED, LITERAL];
const SIGNS = "<>:;@,";

/** Cuts the value of an address field into pieces. */
export function* addressTokens(text: string): Generator<AddressToken> {
  let comments = true;
  let apart = false;
  for (let at = 0; at < text.length;) {
    const token = tokenAt(at);
    if (token !== undefined) yield { ...token, apart };
    apart = token === undefined || token.kind === "comment";
    at += token?.text.length ?? (matchAt(BLANKS, text, at).length || 1);
  }

  function tokenAt(at: number): Omit<AddressToken, "apart"> | undefined {
    const character = text[at] ?? "";
    if (SIGNS.includes(character)) return { kind: "sign", text: character };
    if (character === "(" && comments) {
      const end = commentEnd(text, at);
      comments = end !== undefined;
      return comments ? { kind: "comment", text: text.slice(at, end) } : undefined;
    }
    if (character === '"') {
      const end = quotedEnd(text, at);
      return end === undefined ? undefined : { kind: "quoted", text: text.slice(at, end) };
    }
    for (const pattern of WORDS) {
      const word = matchAt(pattern, text, at);
      if (word !== "") return { kind: "word", text: word };
    }
    return undefined;
  }
}

function quotedEnd(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return at + 1;
    if (text[at] === "\\") at++;
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
