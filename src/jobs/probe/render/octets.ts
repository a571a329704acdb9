/**
 * Octets for people, as they were read and written.
 *
 * @module
 */

import { PLAIN_STYLE, type TextStyle } from "./style.ts";

/** How many octets stand in a row. */
const ROW = 16;

/** What went over the wire at once. */
export interface SeenOctets {
  /** Who sent it: `C` is us. */
  readonly end: "C" | "S";
  /** How many octets. */
  readonly count: number;
  /** The octets; absent during a login, and where its secret is repeated. */
  readonly bytes?: Uint8Array;
}

/**
 * Writes octets in rows: where they stand, what they are in hexadecimal, and what they are in ASCII.
 *
 * @param octets The octets of one read or one write.
 * @param view `only` what is sent or received, and the paint.
 * @returns Rows without a line end behind the last; `undefined` if they are not to be shown.
 *
 * @example Usage
 * ```ts
 * import { formatOctets } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("NOOP\r\n");
 * equal(
 *   formatOctets({ end: "C", count: 6, bytes }),
 *   "      0000 -> 4e 4f 4f 50 0d 0a                                NOOP..",
 * );
 * ```
 */
export function formatOctets(
  { end, count, bytes }: SeenOctets,
  { only, style = PLAIN_STYLE }: {
    readonly only?: readonly ("sent" | "received")[] | undefined;
    readonly style?: TextStyle;
  } = {},
): string | undefined {
  if (only !== undefined && !only.includes(end === "C" ? "sent" : "received")) return undefined;
  const arrow = end === "C" ? "->" : "<-";
  if (bytes === undefined) return style.dim(`           ${arrow} (${count} octets of the login)`);
  const rows = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.subarray(at, at + ROW);
    const hex = Array.from(row, (octet) => octet.toString(16).padStart(2, "0")).join(" ");
    const ascii = String.fromCharCode(...row).replaceAll(/[^ -~]/g, ".");
    const place = at.toString(16).padStart(4, "0");
    rows.push(style.dim(`      ${place} ${arrow} ${hex.padEnd(ROW * 3)} ${ascii}`));
  }
  return rows.join("\n");
}
