/**
 * As much of DER (X.690) as certificates need: items, one behind the other.
 *
 * @module
 */

/** One item. */
export interface DerItem {
  /** The identifier octet. */
  readonly tag: number;
  /** What is inside. */
  readonly content: Uint8Array;
}

/** The identifier octets that certificates use. */
export const DER = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  UTC_TIME: 0x17,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
} as const;

/**
 * Takes octets apart into items.
 *
 * @param octets Whole items.
 * @returns The items, in order.
 * @throws {SyntaxError} If the octets are anything else.
 */
export function readItems(octets: Uint8Array): DerItem[] {
  const items: DerItem[] = [];
  for (let at = 0; at < octets.length;) {
    const tag = octets[at] ?? 0;
    const [begin, length] = readLength(octets, at + 1);
    const end = begin + length;
    if ((tag & 0x1f) === 0x1f || end > octets.length) {
      throw new SyntaxError("Cannot read DER: an item does not end where it should");
    }
    items.push({ tag, content: octets.subarray(begin, end) });
    at = end;
  }
  return items;
}

/**
 * The items inside an item.
 *
 * @param item The item around them.
 * @param tag What it must be.
 * @returns The items inside.
 * @throws {SyntaxError} If it is missing or something else.
 */
export function readInside(item: DerItem | undefined, tag: number = DER.SEQUENCE): DerItem[] {
  if (item?.tag !== tag) throw new SyntaxError(`Cannot read DER: item ${tag} is missing`);
  return readItems(item.content);
}

/**
 * An object identifier in its usual notation.
 *
 * @param item The item.
 * @returns `1.2.840.10045.2.1`, or an empty text if it is none.
 */
export function readOid(item: DerItem | undefined): string {
  if (item?.tag !== DER.OID) return "";
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of item.content) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet & 0x80) continue;
    arcs.push(
      ...(arcs.length > 0 ? [arc] : arc < 80 ? [Math.floor(arc / 40), arc % 40] : [2, arc - 80]),
    );
    arc = 0;
  }
  return arcs.join(".");
}

/** Where the content begins, and how long it is. */
function readLength(octets: Uint8Array, at: number): [begin: number, length: number] {
  const first = octets[at] ?? 0x80;
  if (first < 0x80) return [at + 1, first];
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw new SyntaxError("Cannot read DER: a length is malformed");
  let length = 0;
  for (let i = 1; i <= count; i++) length = length * 256 + (octets[at + i] ?? 0);
  return [at + 1 + count, length];
}
