/**
 * Charsets by the labels that mail uses, and octets that nobody labelled.
 *
 * @module
 */

/** Names of code pages that the platform does not know, though it knows what they are. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["cp932", "shift_jis"],
  ["cp936", "gbk"],
  ["cp949", "euc-kr"],
  ["cp950", "big5"],
  ["euc-cn", "gbk"],
]);

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
// What the web calls Latin-1 is windows-1252, which has every octet.
const latin1 = new TextDecoder("latin1");

/** What decodes a charset; `undefined` for one that nobody here knows. */
export function decoderOf(label: string): TextDecoder | undefined {
  try {
    return new TextDecoder(ALIASES.get(label.toLowerCase()) ?? label, { ignoreBOM: true });
  } catch {
    return undefined; // The only thing it throws for: an unknown label.
  }
}

/** Decodes octets without a label: as UTF-8, or if they are none as what is likely, or as Latin-1. */
export function decodeOctets(octets: Uint8Array, likely: () => TextDecoder | undefined): string {
  try {
    return utf8.decode(octets);
  } catch {
    return (likely() ?? latin1).decode(octets);
  }
}
