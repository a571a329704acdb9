/**
 * Time spans and sizes in a policy: a number never stands without its unit.
 *
 * @module
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const TIME: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
};

const OCTETS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** A limit from above or from below; the limit itself is on neither side. */
export interface Comparison {
  /** Whether it holds above the limit (`>`) or below it (`<`). */
  readonly over: boolean;
  /** Milliseconds or octets. */
  readonly limit: number;
}

/**
 * Reads a time span: `45s`, `30m`, `24h`, `90d`, `2w`.
 *
 * @param text The text.
 * @returns Milliseconds, more than 0; `undefined` if it is no time span.
 */
export function parseSpan(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  return product(count, TIME[unit]);
}

/**
 * Reads a size: `512B`, `20MB`, `64KiB`.
 *
 * @param text The text.
 * @returns Octets, more than 0; `undefined` if it is no size.
 */
export function parseOctets(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)(B|[kKMG]B|[KMG]iB)$/.exec(text) ?? [];
  return product(count, OCTETS[unit]);
}

/**
 * Reads a comparison such as `>90d`.
 *
 * @param text The text.
 * @param parse Reads what stands behind the sign.
 * @returns The comparison; `undefined` if it is none.
 */
export function parseComparison(
  text: string,
  parse: (text: string) => number | undefined,
): Comparison | undefined {
  const limit = parse(text.slice(1));
  const over = text.startsWith(">");
  return limit !== undefined && (over || text.startsWith("<")) ? { over, limit } : undefined;
}

function product(digits: string | undefined, unit: number | undefined): number | undefined {
  const value = Number(digits) * (unit ?? NaN);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
