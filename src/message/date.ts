/**
 * Dates as a header holds them (RFC 5322 section 3.3).
 *
 * @module
 */

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const DAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/**
 * Writes a date for a header.
 *
 * @param epochMs Milliseconds since 1970.
 * @param offsetMinutes How far the clock of the place is ahead of UTC; negative in the west.
 * @returns For example `Fri, 21 Nov 2025 09:05:00 +0100`.
 * @throws {RangeError} If the time is none, its year does not have four digits from 1900 on, or the
 * offset is not a whole number of minutes within a day.
 *
 * @example Usage
 * ```ts
 * import { formatDate } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(formatDate(Date.UTC(2025, 10, 21, 8, 5), 60), "Fri, 21 Nov 2025 09:05:00 +0100");
 * ```
 */
export function formatDate(epochMs: number, offsetMinutes: number = 0): string {
  const ahead = Math.abs(offsetMinutes);
  if (!Number.isInteger(offsetMinutes) || ahead >= DAY_MINUTES) {
    throw new RangeError(
      `Cannot write a date with the offset "${offsetMinutes}": it is not in whole minutes within a day`,
    );
  }
  const local = new Date(epochMs + offsetMinutes * MINUTE_MS);
  const year = local.getUTCFullYear(); // NaN for what is no time
  if (!(year >= 1900 && year <= 9999)) {
    throw new RangeError(`Cannot write the date "${epochMs}": it is not in the years 1900 to 9999`);
  }
  const zone = `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(ahead / 60))}${two(ahead % 60)}`;
  const day = `${DAYS[local.getUTCDay()]}, ${two(local.getUTCDate())} ${
    MONTHS[local.getUTCMonth()]
  }`;
  const clock = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  return `${day} ${year} ${clock}:${two(local.getUTCSeconds())} ${zone}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
