/**
 * A clock for a client whose server may fall silent.
 *
 * @module
 */

import type { Ledger } from "../../src/sandbox/mod.ts";
import { type Clock, systemClock } from "../../src/wire/mod.ts";

/**
 * A clock that stands still until the server has made a fault: before that every answer comes, however
 * slow the machine is, and no limit may end the wait for it.
 */
export class PatientClock implements Clock {
  readonly #ledger: Ledger;
  #seen: number;
  #faultMs: number | undefined;

  /**
   * Makes the clock of one run.
   *
   * @param ledger What the server tells of its faults; those that are there belong to other runs.
   */
  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#seen = ledger.entries.length;
  }

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    const { entries } = this.#ledger;
    while (this.#faultMs === undefined && this.#seen < entries.length) {
      if (entries[this.#seen++]?.kind === "fault") this.#faultMs = systemClock.monotonic();
    }
    return this.#faultMs === undefined ? 0 : systemClock.monotonic() - this.#faultMs;
  }

  sleep(...how: Parameters<Clock["sleep"]>): Promise<void> {
    return systemClock.sleep(...how);
  }
}
