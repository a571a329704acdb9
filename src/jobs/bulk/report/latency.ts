/**
 * How long things took, in constant memory.
 *
 * @module
 */

/** Cells for each doubling: a percentile is told within 5 %. */
const PER_DOUBLING = 16;
/** The shortest time that is told apart, in milliseconds. */
const LEAST_MS = 0.01;

/** Counts times, and tells percentiles of them. */
export class LatencyHistogram {
  readonly #cells = new Map<number, number>();
  #count = 0;
  #max = 0;

  /** How many times were counted. */
  get count(): number {
    return this.#count;
  }

  /** The longest, in milliseconds. */
  get max(): number {
    return this.#max;
  }

  /**
   * Counts a time.
   *
   * @param ms The time, in milliseconds.
   */
  add(ms: number): void {
    const cell = Math.floor(Math.log2(Math.max(ms, LEAST_MS) / LEAST_MS) * PER_DOUBLING);
    this.#cells.set(cell, (this.#cells.get(cell) ?? 0) + 1);
    this.#count++;
    this.#max = Math.max(this.#max, ms);
  }

  /**
   * Tells a percentile.
   *
   * @param percent Which, 0 to 100.
   * @returns Milliseconds; at least so many percent took no longer. 0 if nothing was counted.
   */
  percentile(percent: number): number {
    const wanted = this.#count * percent / 100;
    let seen = 0;
    for (const [cell, count] of [...this.#cells].sort(([one], [other]) => one - other)) {
      seen += count;
      if (seen >= wanted) {
        return Math.min(LEAST_MS * 2 ** ((cell + 1) / PER_DOUBLING), this.#max);
      }
    }
    return this.#max;
  }
}
