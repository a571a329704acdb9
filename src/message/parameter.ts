/**
 * Parameters of Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2231).
 *
 * @module
 */

import { HeaderError } from "./errors.ts";

/** attribute-char of RFC 2231 section 7. */
const ATTRIBUTE = /[A-Za-z0-9!#$&+.^_`{|}~-]/;
/** What stands in quotes as it is; "%" and "=?" would tempt a reader to decode it. */
const QUOTABLE = /^[ !#$&-[\]-~]*$/;
/** How much of a value one line takes. */
const MAX_SECTION = 60;
const GOOD_LINE = 78;

const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  const character = String.fromCharCode(octet);
  if (octet < 0x80 && ATTRIBUTE.test(character)) return character;
  return `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** A name and a value as people read it. */
export type Parameter = readonly [name: string, value: string];

/**
 * Writes a value with its parameters. A value is quoted, and where it is not plain ASCII or is long, it
 * is written in the form of RFC 2231; it never is two parameters.
 *
 * @param field The name of the field, for its first line and for errors.
 * @param value What stands before the parameters.
 * @param parameters The parameters.
 * @returns The value of the field, folded.
 * @throws {HeaderError} If a value holds half a character.
 */
export function withParameters(
  field: string,
  value: string,
  parameters: readonly Parameter[],
): string {
  let text = value;
  let column = field.length + 2 + value.length;
  for (const [name, content] of parameters) {
    for (const section of sections(field, name, content)) {
      const fits = column + 2 + section.length < GOOD_LINE;
      text += fits ? `; ${section}` : `;\r\n ${section}`;
      column = (fits ? column + 2 : 1) + section.length;
    }
  }
  return text;
}

function sections(field: string, name: string, value: string): string[] {
  if (!value.isWellFormed()) throw new HeaderError(field, `its ${name} holds half a character`);
  const plain = QUOTABLE.test(value) && !value.includes("=?");
  if (plain && value.length <= MAX_SECTION) return [`${name}="${value}"`];
  const parts: string[] = [];
  let part = "utf-8''";
  for (const octet of new TextEncoder().encode(value)) {
    const written = OCTETS[octet] as string; // the table has an entry for each octet
    if (part.length + written.length > MAX_SECTION) {
      parts.push(part);
      part = "";
    }
    part += written;
  }
  parts.push(part);
  if (parts.length === 1) return [`${name}*=${part}`];
  return parts.map((text, index) => `${name}*${index}*=${text}`);
}
