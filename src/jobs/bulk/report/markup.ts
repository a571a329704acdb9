/**
 * Markup in which every text is a text: nothing that came from elsewhere acts or hides in it.
 *
 * @module
 */

// Controls, halves of characters, and what reorders text: shown as what they are.
const UNSEEN =
  // deno-lint-ignore no-control-regex -- finding control characters is what it is for
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Cs}/gu;
const SPECIAL: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Makes a text markup that shows it.
 *
 * @param text Text from anywhere.
 * @returns Markup, for the content of an element and for a quoted attribute.
 */
export function escaped(text: string): string {
  return text
    .replace(UNSEEN, (unseen) => `\\u{${unseen.charCodeAt(0).toString(16)}}`)
    .replace(/[&<>"']/g, (special) => SPECIAL[special] ?? "");
}
