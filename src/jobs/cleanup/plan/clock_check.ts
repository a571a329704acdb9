/**
 * Whether the clock can be trusted: ages rest on it (T-C12).
 *
 * @module
 */

const MOST_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Compares the time with that of the last run.
 *
 * @param nowMs The time, in milliseconds since 1970.
 * @param lastMs When something was last written down; `undefined` if never.
 * @returns What is odd about it, in words; `undefined` if nothing is.
 */
export function clockDoubt(nowMs: number, lastMs: number | undefined): string | undefined {
  if (lastMs === undefined) return undefined;
  const last = new Date(lastMs).toISOString();
  const now = new Date(nowMs).toISOString();
  if (nowMs < lastMs) return `the clock says ${now}, and the last run was at ${last}`;
  const days = Math.floor((nowMs - lastMs) / DAY_MS);
  return nowMs - lastMs > MOST_DAYS * DAY_MS
    ? `the clock says ${now}, ${days} days after the last run; if that is right, verify once`
    : undefined;
}
