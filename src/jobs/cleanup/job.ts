/**
 * The cleanup of one mailbox: what it would remove, the removal, what came of it, and the way back.
 *
 * @module
 */

import type { CleanupOptions, PlanningOptions, UnattendedOptions } from "./cleanup_options.ts";
import type { CleanupReport, CleanupStatus } from "./cleanup_report.ts";
import type { RestoreReport, RestoreSelector, RestoreTarget } from "./restore_options.ts";
import type { StoredPlan } from "./stored_plan.ts";

/** The cleanup of one mailbox, with its folder locked. */
export class CleanupJob implements AsyncDisposable {
  readonly #options: CleanupOptions;

  /** {@linkcode openCleanup} makes it. */
  constructor(options: CleanupOptions) {
    this.#options = options;
  }

  /**
   * Makes a plan, and writes it down with what was read of messages. Nothing else changes, here or on
   * the server.
   *
   * @param options Whether a mailbox that has changed a lot is fine.
   * @returns The plan. If guards have tripped, they are in it, and it cannot be carried out.
   * @throws {CleanupError} If the mailbox cannot be read or the plan not be written.
   */
  plan(options: PlanningOptions = {}): Promise<StoredPlan> {
    throw new Error(`${this.#options} ${options}`);
  }

  /**
   * The plans in the folder, the newest first.
   *
   * @returns The plans, those that are too old too.
   */
  plans(): Promise<readonly StoredPlan[]> {
    throw new Error();
  }

  /**
   * Carries out exactly a plan.
   *
   * @param planId The plan.
   * @returns What it came to; the same is in the folder as `report-RUN.json`.
   * @throws {CleanupError} If it could not begin.
   */
  apply(planId: string): Promise<CleanupReport> {
    throw new Error(planId);
  }

  /**
   * Makes a plan and carries it out, with nobody looking on.
   *
   * @param options The most that may be removed.
   * @returns What it came to; the same is in the folder as `report-RUN.json`.
   * @throws {CleanupError} If it could not begin, a guard has tripped or the clock cannot be trusted.
   */
  run(options: UnattendedOptions): Promise<CleanupReport> {
    throw new Error(`${options}`);
  }

  /**
   * Looks what has become of messages that were committed, and whether all archived copies are whole.
   *
   * @returns What it came to; the same is in the folder as `report-RUN.json`.
   * @throws {CleanupError} If the mailbox cannot be read.
   */
  verify(): Promise<CleanupReport> {
    throw new Error();
  }

  /** What the journal tells. */
  status(): CleanupStatus {
    throw new Error();
  }

  /**
   * Gives archived messages back, by mail or as files. The archive stays as it is.
   *
   * @param selector Which messages.
   * @param target Where to.
   * @returns What became of each.
   * @throws {CleanupError} If the policy does not have their archive.
   */
  restore(selector: RestoreSelector, target: RestoreTarget): Promise<RestoreReport> {
    throw new Error(`${selector} ${target}`);
  }

  /**
   * Lets restored messages be removed again.
   *
   * @param selector Which messages.
   * @returns How many were released.
   */
  release(selector: RestoreSelector): Promise<number> {
    throw new Error(`${selector}`);
  }

  /** Closes journal and lock. It never throws. */
  [Symbol.asyncDispose](): Promise<void> {
    throw new Error();
  }
}

/**
 * Opens the cleanup of a mailbox: takes its folder and reads its journal.
 *
 * @param options Which mailbox, and how to reach it.
 * @returns The cleanup. Hold it with `await using`.
 * @throws {CleanupError} If another run has the folder, or its journal cannot be used.
 */
export function openCleanup(options: CleanupOptions): Promise<CleanupJob> {
  return Promise.resolve(new CleanupJob(options));
}
