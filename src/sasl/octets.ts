/**
 * Octets: strict UTF-8 and base64, and comparisons that take as long for a near miss as for a far one.
 *
 * @module
 */

/** No octets: an empty challenge or response. */
export const EMPTY: Uint8Array = new Uint8Array(0);

/** The UTF-8 octets of text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 octets; `undefined` if they are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // The only thing a fatal decoder throws for.
  }
}

/** The octets of base64 with its padding and without blanks (RFC 4648 section 4); else `undefined`. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  // Uint8Array.fromBase64 passes over blanks, which RFC 4648 section 3.3 refuses.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined; // Wrong padding, or bits after the end.
  }
}

/** Octet by octet exclusive or; both are of one length. */
export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((octet, index) => octet ^ (b[index] ?? 0));
}

/** Whether both are equal; the time depends on the length alone. */
export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && xor(a, b).reduce((seen, octet) => seen | octet, 0) === 0;
}

/** Whether both texts are equal; digests are compared, so that the time tells nothing of the length. */
export async function sameText(a: string, b: string): Promise<boolean> {
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text)));
  return sameOctets(await digest(a), await digest(b));
}
