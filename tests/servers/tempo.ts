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
  return fullest(seen, 1000);
}

/** How many there are a second in the fullest half of one: where nothing else held them up. */
export function best(seen: readonly number[]): number {
  return fullest(seen, 500) * 2;
}

function fullest(seen: readonly number[], ms: number): number {
  const sorted = seen.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, now] of sorted.entries()) {
    while ((sorted[first] ?? now) <= now - ms) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
