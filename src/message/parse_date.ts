/**
 * Dates in received fields (RFC 5322 sections 3.3 and 4.3, and what is sent instead of them).
 *
 * @module
 */

import { withoutComments } from "./comment.ts";
import type { ParsedField } from "./parsed_field.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** Longer than any date is without comments and double blanks. */
const MAX_LENGTH = 100;
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
/** RFC 5322 section 4.3: hours ahead of UTC; all other names stand for an unknown zone, as UTC. */
const ZONES: ReadonlyMap<string, number> = new Map([
  ["edt", -4],
  ["est", -5],
  ["cdt", -5],
  ["cst", -6],
  ["mdt", -6],
  ["mst", -7],
  ["pdt", -7],
  ["pst", -8],
]);

const DAY = "(?<day>\\d{1,2})";
const MONTH = "(?<month>[a-z]{3})[a-z]{0,6}";
const YEAR = "(?<year>\\d{2,4})";
const TIME = "(?<hour>\\d{1,2}) ?: ?(?<minute>\\d{1,2})(?: ?: ?(?<second>\\d{1,2})(?:\\.\\d+)?)?";
const ZONE =
  "(?: ?(?<name>[a-z]{1,5}))?(?: ?(?<sign>[+-]) ?(?<hours>\\d{1,2}):?(?<minutes>\\d{2}))?";
const END = "(?![\\w:])";
const FORMS: readonly RegExp[] = [
  // Sat, 4 Jul 2020 09:05:00 +0200
  `^(?:[a-z]+ ?[.,]* ?)?${DAY} ?-?${MONTH}[ .,-]*${YEAR} ?,? ${TIME}${ZONE}${END}`,
  // Sat Jul  4 09:05:00 2020, as C writes it
  `^(?:[a-z]+ ?[.,]* ?)?${MONTH} ${DAY},? ${TIME}${ZONE} (?<year>\\d{4})${END}`,
].map((form) => new RegExp(form, "i"));

/**
 * Parses the date of a received mail: also with comments, odd blanks, years of two digits, zones by
 * name, as C writes it, and with something behind it. The day of the week counts for nothing.
 *
 * @param text The value of a Date field, or what a Received field has behind its last semicolon.
 * @returns Milliseconds since 1970; `undefined` if it is no date, or one that does not exist.
 *
 * @example Usage
 * ```ts
 * import { parseDate } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(parseDate("Sat, 4 Jul 2020 09:05 +0200 (CEST)"), Date.UTC(2020, 6, 4, 7, 5));
 * equal(parseDate("Sat, 31 Jun 2020 09:05 +0200"), undefined);
 * ```
 */
export function parseDate(text: string): number | undefined {
  const line = withoutComments(text).replace(/\s+/g, " ").trim().slice(0, MAX_LENGTH);
  for (const form of FORMS) {
    const found = form.exec(line)?.groups;
    if (found !== undefined) return timeOf(found);
  }
  return undefined;
}

/**
 * Parses the date of a Received field, which the server wrote that took the mail. The first such field
 * of a header is the one of the last server, so nobody before it could forge it.
 *
 * @param field The field.
 * @returns Milliseconds since 1970; `undefined` if it has no date.
 *
 * @example Usage
 * ```ts
 * import { parseHeaderBlock, receivedDate } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("Received: by mail.example; 4 Jul 2020 07:05:00 GMT\r\n\r\n");
 * const top = parseHeaderBlock(bytes).get("Received");
 * equal(top && receivedDate(top), Date.UTC(2020, 6, 4, 7, 5));
 * ```
 */
export function receivedDate(field: ParsedField): number | undefined {
  const text = withoutComments(field.value);
  const semicolon = text.lastIndexOf(";");
  return semicolon < 0 ? undefined : parseDate(text.slice(semicolon + 1));
}

function timeOf(found: Readonly<Record<string, string | undefined>>): number | undefined {
  const { month = "", hour, minute, second = "0" } = found;
  const year = yearOf(found["year"] ?? "");
  const day = Number(found["day"]);
  const monthIndex = MONTHS.indexOf(month.toLowerCase());
  const midnight = new Date(Date.UTC(year, monthIndex, day));
  const offset = offsetOf(found);
  const exists = year >= 1900 && monthIndex >= 0 && day > 0 && midnight.getUTCDate() === day &&
    // The 61st second is a leap second.
    Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60 && offset !== undefined;
  if (!exists) return undefined;
  const minutes = Number(hour) * 60 + Number(minute) - offset;
  return midnight.getTime() + minutes * MINUTE_MS + Number(second) * 1000;
}

/** RFC 5322 section 4.3: years of fewer digits. */
function yearOf(digits: string): number {
  const year = Number(digits);
  if (digits.length === 2 && year < 50) return 2000 + year;
  return digits.length < 4 ? 1900 + year : year;
}

/** Minutes ahead of UTC; digits count more than a name. */
function offsetOf(found: Readonly<Record<string, string | undefined>>): number | undefined {
  const { name = "", sign, hours, minutes } = found;
  if (sign === undefined) return (ZONES.get(name.toLowerCase()) ?? 0) * 60;
  const ahead = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) >= 60 || ahead >= DAY_MINUTES) return undefined;
  return sign === "-" ? -ahead : ahead;
}
