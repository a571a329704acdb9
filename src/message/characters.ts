/**
 * Characters that stand in no header and no address, whatever the field.
 *
 * @module
 */

// C0 without the tab, DEL, C1 and the line separators.
// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/;

/** What keeps text out of a header, whole as it is; `undefined` if nothing does. */
export function unfitForHeader(text: string): string | undefined {
  if (CONTROL.test(text)) return "it holds a control character or a line end";
  return text.isWellFormed() ? undefined : "it holds half a character";
}
