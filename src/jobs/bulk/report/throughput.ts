/**
 * How many rows came to their end when, in constant memory.
 *
 * @module
 */

/** So much happened in a stretch of time. */
export interface ThroughputStep {
  /** When it began, in milliseconds since 1970. */
  readonly atMs: number;
  /** How many rows were accepted. */
  readonly accepted: number;
  /** How many came to another end. */
  readonly others: number;
}

/** What happened in stretches that are all as long, without gaps. */
export interface Throughput {
  /** How long each is, in milliseconds. */
  readonly stepMs: number;
  /** The stretches, the first one first. */
  readonly steps: readonly ThroughputStep[];
}

interface Counted {
  accepted: number;
  others: number;
}

/** The most stretches that are told. */
const MOST_STEPS = 240;
/** The most that are counted; then they are made twice as long. */
const MOST_COUNTED = 4096;

/** Counts what happened when. */
export class ThroughputCounter {
  #stepMs = 1000;
  #counted = new Map<number, Counted>();

  /**
   * Counts a row.
   *
   * @param atMs When it came to its end, in milliseconds since 1970.
   * @param accepted Whether it was accepted.
   */
  add(atMs: number, accepted: boolean): void {
    this.#add(Math.floor(atMs / this.#stepMs), accepted ? 1 : 0, accepted ? 0 : 1);
    if (this.#counted.size > MOST_COUNTED) this.#coarsen();
  }

  /** What was counted. */
  result(): Throughput {
    while (this.#span() > MOST_STEPS) this.#coarsen();
    if (this.#counted.size === 0) return { stepMs: this.#stepMs, steps: [] };
    const first = Math.min(...this.#counted.keys());
    const steps = Array.from({ length: this.#span() }, (_, at) => {
      const { accepted = 0, others = 0 } = this.#counted.get(first + at) ?? {};
      return { atMs: (first + at) * this.#stepMs, accepted, others };
    });
    return { stepMs: this.#stepMs, steps };
  }

  #span(): number {
    let first = Infinity;
    let last = -Infinity;
    for (const step of this.#counted.keys()) {
      first = Math.min(first, step);
      last = Math.max(last, step);
    }
    return last - first + 1;
  }

  #coarsen(): void {
    const before = this.#counted;
    this.#stepMs *= 2;
    this.#counted = new Map();
    for (const [step, { accepted, others }] of before) {
      this.#add(Math.floor(step / 2), accepted, others);
    }
  }

  #add(step: number, accepted: number, others: number): void {
    const known = this.#counted.get(step);
    if (known === undefined) this.#counted.set(step, { accepted, others });
    else {
      known.accepted += accepted;
      known.others += others;
    }
  }
}
