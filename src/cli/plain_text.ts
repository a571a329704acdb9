/**
 * Text as it will look on a terminal: nothing in it acts, and its width is known.
 *
 * @module
 */

// C0, DEL, C1, line separators and what reorders text (T-R12, T-R13).
// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const SHORT: Readonly<Record<string, string>> = { "\r": "\\r", "\n": "\\n", "\t": "\\t" };

// East Asian Wide and Fullwidth, roughly; emoji that are drawn as such; flags.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Regional_Indicator}|\ufe0f/u;

/**
 * Writes control characters as escapes: a text becomes one line that moves no cursor.
 *
 * @param text Text from anywhere.
 * @returns The text with `\r`, `\n`, `\t`, `\xHH` and `\u{HHHH}` in place of what could act.
 *
 * @example Usage
 * ```ts
 * import { visible } from "./plain_text.ts";
 * import { equal } from "node:assert/strict";
 *
 * equal(visible("one\ntwo\x1b[2J"), "one\\ntwo\\x1b[2J");
 * ```
 */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return SHORT[character] ??
      (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
  });
}

/**
 * How many columns of a terminal a text takes, roughly: wide characters and emoji two, combining
 * marks none.
 *
 * @param text Text without control characters.
 * @returns The columns.
 *
 * @example Usage
 * ```ts
 * import { displayWidth } from "./plain_text.ts";
 * import { equal } from "node:assert/strict";
 *
 * equal(displayWidth("e\u0301"), 1);
 * equal(displayWidth("日本"), 4);
 * ```
 */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of characters(text)) width += widthOf(character);
  return width;
}

/**
 * Cuts a text to a width; what was cut ends in `…`.
 *
 * @param text Text without control characters.
 * @param width The columns it may take, at least 1.
 * @returns The text, or its beginning.
 *
 * @example Usage
 * ```ts
 * import { cutToWidth } from "./plain_text.ts";
 * import { equal } from "node:assert/strict";
 *
 * equal(cutToWidth("mailwright", 5), "mail…");
 * ```
 */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let left = width - 1;
  let kept = "";
  for (const character of characters(text)) {
    left -= widthOf(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

/** What a reader takes for one character. */
function* characters(text: string): Generator<string> {
  for (const { segment } of new Intl.Segmenter().segment(text)) yield segment;
}

function widthOf(character: string): number {
  if (WIDE.test(character)) return 2;
  return /^[\p{M}\p{Cf}]+$/u.test(character) ? 0 : 1;
}
