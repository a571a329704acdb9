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
    // A row that came back unsent tells nothing: often the one in doubt took it along.
    if (state === "pending") return undefined;
    this.#doubts = state === "in_doubt" ? this.#doubts + 1 : 0;
    if (state === "accepted") this.#refusals = 0;
    // A local refusal is about its row alone, and a server's is known by its codes, not its words.
    if (state === "failed" && code !== undefined) {
      const refusal = `${stage} ${code} ${enhanced}`;
      this.#refusals = refusal === this.#refusal ? this.#refusals + 1 : 1;
      this.#refusal = refusal;
    }
    if (this.#doubts >= this.#limits.doubts) return "doubts";
    return this.#refusals >= this.#limits.refusals ? "refusals" : undefined;
  }
}
