/**
 * The rows that one runner has taken, and the states they pass through in its hands.
 *
 * @module
 */

import { BulkJournalError } from "./journal_error.ts";
import { type RowState, TRANSITIONS } from "./states.ts";

/** A row in the hands of a runner. */
export interface HeldRow {
  /** Which attempt this is. */
  readonly attempt: number;
  /** When it was first claimed, in milliseconds since 1970. */
  readonly firstClaimMs: number;
  /** Where it was before it was claimed. */
  readonly from: "pending" | "deferred";
  /** Where it is. */
  state: RowState;
}

/** The rows of one runner. */
export class RowBook {
  readonly #rows = new Map<number, HeldRow>();

  /** How many rows the runner has. */
  get size(): number {
    return this.#rows.size;
  }

  /** Whether the runner has a row. */
  has(id: number): boolean {
    return this.#rows.has(id);
  }

  /**
   * Takes a row.
   *
   * @param id The row.
   * @param row What is known of it.
   */
  claim(id: number, row: Omit<HeldRow, "state">): void {
    this.#rows.set(id, { ...row, state: "claimed" });
  }

  /**
   * Moves a row on.
   *
   * @param id The row.
   * @param state Its new state.
   * @returns The row.
   * @throws {BulkJournalError} If the runner does not have it, or nothing leads there.
   */
  move(id: number, state: RowState): HeldRow {
    const row = this.#rows.get(id);
    if (row === undefined) {
      throw new BulkJournalError("state", `Cannot make row ${id} "${state}": it is not claimed`);
    }
    if (!TRANSITIONS[row.state].includes(state)) {
      throw new BulkJournalError("state", `Cannot make row ${id} "${state}": it is "${row.state}"`);
    }
    row.state = state;
    if (state !== "committing") this.#rows.delete(id);
    return row;
  }
}
