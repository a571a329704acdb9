/**
 * Why a cleanup could not begin or go on.
 *
 * @module
 */

import type { GuardTrip } from "./plan/guards.ts";

/**
 * What stands in the way.
 *
 * - `usage`: an option is missing or wrong, or the folder is that of another mailbox.
 * - `policy`: the policy does not have what an archived message needs.
 * - `plan`: the plan cannot be carried out: it is unknown, altered, too old, of another mailbox or of
 *   another policy.
 * - `guard`: a guard has tripped; which ones is in `trips`.
 * - `clock`: the clock has gone back or far ahead, and nobody looks on.
 * - `busy`: another run has the folder, or another client the mailbox, or the server wants us to wait.
 * - `archive`: a copy, or what is known of it, could not be written down.
 * - `journal`: the journal is damaged.
 * - `connection`: the server could not be reached, did not let us in, or broke the protocol.
 */
export type CleanupErrorKind =
  | "usage"
  | "policy"
  | "plan"
  | "guard"
  | "clock"
  | "busy"
  | "archive"
  | "journal"
  | "connection";

/**
 * A cleanup that could not begin or go on. Nothing was deleted that a report does not tell.
 *
 * @example Usage
 * ```ts
 * import { CleanupError } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const error: unknown = new CleanupError("busy", 'Cannot open "job": another run has it');
 * equal(error instanceof CleanupError && error.temporary, true);
 * ```
 */
export class CleanupError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "CleanupError";
  /** What stands in the way. */
  readonly kind: CleanupErrorKind;
  /** Whether the same thing may work later. */
  readonly temporary: boolean;
  /** The guards that have tripped; only of kind `guard`. */
  readonly trips: readonly GuardTrip[];

  /**
   * Says what was not possible.
   *
   * @param kind What stands in the way.
   * @param message What was attempted and what was seen, without secrets.
   * @param options The guards that have tripped, whether it may work later, and the cause.
   */
  constructor(
    kind: CleanupErrorKind,
    message: string,
    options: ErrorOptions & {
      readonly trips?: readonly GuardTrip[];
      readonly temporary?: boolean;
    } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.trips = options.trips ?? [];
    this.temporary = options.temporary ?? kind === "busy";
  }
}
