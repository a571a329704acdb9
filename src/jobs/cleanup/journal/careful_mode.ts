/**
 * Whether a server is asked one thing at a time: from when it breaks the protocol until enough runs
 * have gone by without that. Then it is believed once more, and a fault only costs a session.
 *
 * @module
 */

import type { JournalEntry } from "./journal_event.ts";

/** Runs without a fault after which a server is believed again. */
const CALM_RUNS = 10;

/** Whether a server is asked one thing at a time. */
export class CarefulMode {
  #runsLeft = 0;
  /** Whether the run at hand has seen a fault. */
  #faulty = false;

  /** How many more runs without a fault it takes; 0 if it is believed. */
  get runsLeft(): number {
    return this.#runsLeft;
  }

  /** Takes what has happened next. */
  take(entry: JournalEntry): void {
    if (entry.event === "run") this.#faulty = false;
    else if (entry.event === "careful") {
      this.#faulty = true;
      this.#runsLeft = CALM_RUNS;
    } else if (entry.event === "ended" && !this.#faulty && this.#runsLeft > 0) {
      // What was stopped before its end has not seen enough of the server.
      if (entry.exit === "done" || entry.exit === "kept") this.#runsLeft--;
    }
  }
}
