/**
 * SASLprep (RFC 4013): one octet form for names and passwords that look alike.
 *
 * The bidirectional rule of section 2.3 is left out: it guards readers, not octets, and a password
 * that a server has accepted is not ours to refuse.
 *
 * @module
 */

// RFC 3454 C.1.2, then B.1.
const SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;
const NOTHING = /[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/g;

// RFC 3454 C.2 to C.9: control, private, unassigned for good, surrogates, annotation, ideographic
// description, deprecated and reordering, tags.
const REFUSED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u0340\u0341\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;

/**
 * Prepares a name or password.
 *
 * @param text A name or password.
 * @returns The prepared form; `undefined` if a character is refused or nothing is left.
 */
export function prepare(text: string): string | undefined {
  const prepared = text.replace(SPACES, " ").replace(NOTHING, "").normalize("NFKC");
  return prepared === "" || REFUSED.test(prepared) ? undefined : prepared;
}
