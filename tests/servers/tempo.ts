/**
 * How fast something went, told so that a machine that is slow or stands still does not change the answer.
 *
 * @module
 */

/** What a rate is held against. */
export interface Pace {
  /** When it began at the earliest, in milliseconds. */
  readonly began: number;
  /** How many a second. */
  readonly rate: number;
  /** How many may come at once. */
  readonly burst: number;
}

/**
 * Counts what was there before its time: behind the burst each has a time before which it may not be
 * there, and everything is seen later than it happens.
 *
 * @param seen When each was seen, in milliseconds.
 * @param pace What is allowed.
 * @returns How many came early.
 */
export function early(seen: readonly number[], { began, rate, burst }: Pace): number {
  // Two clocks are never the same: one more may come.
  return seen.toSorted((a, b) => a - b)
    .filter((ms, at) => ms < began + (at - burst) * 1000 / rate).length;
}

/** How many there are in the fullest second. */
export function crowd(seen: readonly number[]): number {
  const sorted = seen.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, now] of sorted.entries()) {
    while ((sorted[first] ?? now) <= now - 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** How many there are a second, from the first to the last. */
export function over(seen: readonly number[]): number {
  return (seen.length - 1) * 1000 / (Math.max(...seen) - Math.min(...seen));
}
