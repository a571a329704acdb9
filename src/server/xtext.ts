/**
 * xtext: how text travels in a parameter (RFC 3461 section 4).
 *
 * @module
 */

/**
 * Decodes xtext.
 *
 * @param coded `+` and two hexadecimal digits for an octet, other printable characters as they are.
 * @returns The text; `undefined` if it is no xtext, no UTF-8, or holds a control character.
 */
export function decodeXtext(coded: string): string | undefined {
  if (!/^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/.test(coded)) return undefined;
  const octets = coded.replace(/%/g, "+25").replaceAll("+", "%");
  try {
    const text = decodeURIComponent(octets);
    // deno-lint-ignore no-control-regex -- refusing control characters is what it is for (T-V03)
    return /[\x00-\x1f\x7f-\x9f]/.test(text) ? undefined : text;
  } catch {
    return undefined; // not UTF-8
  }
}
