/**
 * Stops a job that goes wrong the same way again and again, before it does so for the whole list.
 *
 * @module
 */

import type { RowOutcome } from "../journal/journal.ts";

/** When to stop. */
export interface BreakerLimits {
  /** Refusals for good, all alike, with nothing accepted between. */
  readonly refusals: number;
  /** Rows in doubt, one after the other. */
  readonly doubts: number;
}

/** Counts what goes wrong in a row. */
export class Breaker {
  readonly #limits: BreakerLimits;
  #refusal = "";
  #refusals = 0;
  #doubts = 0;

  /**
   * Nothing has gone wrong yet.
   *
   * @param limits When to stop.
   */
  constructor(limits: BreakerLimits) {
    this.#limits = limits;
  }

  /**
   * Takes what became of a row.
   *
   * @param outcome What became of it.
   * @returns Why to stop; `undefined` to go on.
   */
  take({ state, stage, code, enhanced }: RowOutcome): "refusals" | "doubts" | undefined {
    if (state === "in_doubt") this.#doubts++;
    // Without an answer nothing is known: rows come back unsent together with one that is in doubt, and
    // a local refusal is about its row alone.
    else if (code === undefined) return undefined;
    else this.#doubts = 0;
    if (state === "accepted") this.#refusals = 0;
    if (state === "failed") { // known by its codes, not its words
      const refusal = `${stage} ${code} ${enhanced}`;
      this.#refusals = refusal === this.#refusal ? this.#refusals + 1 : 1;
      this.#refusal = refusal;
    }
    if (this.#doubts >= this.#limits.doubts) return "doubts";
    return this.#refusals >= this.#limits.refusals ? "refusals" : undefined;
  }
}
