/**
 * Control bytes made visible: what a peer says is data and never moves a cursor.
 *
 * @module
 */

// C0, DEL, C1, line separators and the characters that reorder text (T-R12, T-R13).
// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const SHORT: Readonly<Record<string, string>> = { "\r": "\\r", "\n": "\\n", "\t": "\\t" };

/**
 * Writes control characters as escapes, so that text of a peer can be shown or logged.
 *
 * @param text Text from anywhere.
 * @returns The text with `\r`, `\n`, `\t`, `\xHH` and `\u{HHHH}` in place of what could act.
 *
 * @example Usage
 * ```ts
 * import { escapeControls } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * equal(escapeControls("250 \x1b[2J"), "250 \\x1b[2J");
 * ```
 */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return SHORT[character] ??
      (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
  });
}
