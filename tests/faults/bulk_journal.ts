/**
 * A journal of a bulk job that fails at the call a test chooses.
 *
 * @module
 */

import type { ClaimedRow, JobJournal, RowOutcome } from "../../src/jobs/mod.ts";

/** How a call fails: before its effect or after it; `die` ends the process there. */
export type JournalFault = "before" | "after" | "die before" | "die after";

/** All of them. */
export const JOURNAL_FAULTS: readonly JournalFault[] = [
  "before",
  "after",
  "die before",
  "die after",
];

/** What a dead process throws: nobody can do anything about it. */
export class Died extends Error {
  override readonly name = "Died";
}

/** Fails the nth call, and all that follow if it dies or the fault is sticky. */
export class FaultyJournal {
  readonly #at: number;
  readonly #fault: JournalFault;
  readonly #sticky: boolean;
  #calls = 0;
  #dead = false;
  /** Whether the fault came about. */
  fired = false;
  /** Called at the moment of death, before anything is thrown. */
  onDeath: () => void = () => {};

  constructor(at: number, fault: JournalFault, sticky: boolean = false) {
    this.#at = at;
    this.#fault = fault;
    this.#sticky = sticky;
  }

  wrap(journal: JobJournal): JobJournal {
    return {
      job: journal.job,
      claim: (limit, nowMs): Promise<readonly ClaimedRow[]> =>
        this.#call(() => journal.claim(limit, nowMs)),
      committing: (id) => this.#call(() => journal.committing(id)),
      outcome: (outcome: RowOutcome) => this.#call(() => journal.outcome(outcome)),
      nextDueMs: () => journal.nextDueMs(),
      counts: () => journal.counts(),
      rows: (filter) => journal.rows(filter),
      release: (release) => journal.release(release),
    };
  }

  async #call<R>(call: () => Promise<R>): Promise<R> {
    if (this.#dead) throw new Died("Cannot go on: dead");
    const turn = ++this.#calls;
    const due = turn === this.#at || (this.#sticky && turn > this.#at);
    if (!due) return await call();
    this.fired = true;
    const dying = this.#fault.startsWith("die");
    const after = this.#fault.endsWith("after") ? await call() : undefined;
    if (dying) {
      this.#dead = true;
      this.onDeath();
      throw new Died("Cannot go on: dead");
    }
    throw new Error(`ENOSPC: no space left on device${after === undefined ? "" : ", after all"}`);
  }
}
