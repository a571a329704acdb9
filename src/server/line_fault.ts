/**
 * What is wrong with a line of a client before it is understood.
 *
 * @module
 */

import type { ReceivedLine } from "../wire/mod.ts";
import type { CommonSettings } from "./settings.ts";

/** What can be wrong. */
export type LineFault = "too long" | "lone LF" | "control" | "not UTF-8";

// deno-lint-ignore no-control-regex -- refusing control characters is what it is for
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

/**
 * Looks at a line.
 *
 * @param line The line.
 * @param settings Its limits, and whether it must end in CRLF.
 * @returns The first thing that is wrong with it.
 */
export function lineFault(
  line: ReceivedLine,
  { limits, strict }: CommonSettings,
): LineFault | undefined {
  const most = /^AUTH /i.test(line.text) ? limits.authLineOctets : limits.lineOctets;
  if (line.text.length > most) return "too long";
  if (line.bareLf && strict) return "lone LF";
  // T-V03: what may be shown, stored or echoed later never holds control characters.
  if (CONTROL.test(line.text)) return "control";
  if (line.raw !== undefined) return "not UTF-8";
  return undefined;
}
