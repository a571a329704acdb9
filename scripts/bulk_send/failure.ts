/**
 * What went wrong, and what has become of a job, as exit numbers.
 *
 * @module
 */

import { EXIT, SecretError, ValidationError } from "../../src/cli/mod.ts";
import {
  BulkJournalError,
  type BulkJournalProblem,
  ListError,
  MessageFileError,
  type StateCounts,
} from "../../src/jobs/mod.ts";
import { hasCause } from "../shared/causes.ts";

const NUMBERS = EXIT.bulk_send;

const BY_PROBLEM: Readonly<Record<BulkJournalProblem, number>> = {
  busy: NUMBERS.failure,
  storage: NUMBERS.failure,
  damaged: NUMBERS.failure,
  foreign: NUMBERS.usage,
  missing: NUMBERS.usage,
  moved: NUMBERS.usage,
  state: NUMBERS.usage,
};

/**
 * The exit number of an error.
 *
 * @param error What was thrown.
 * @returns The number; `undefined` if nothing is known about it.
 */
export function exitOfError(error: unknown): number | undefined {
  if (error instanceof BulkJournalError) return BY_PROBLEM[error.problem];
  const usage = error instanceof ValidationError || error instanceof SecretError ||
    error instanceof ListError || error instanceof MessageFileError ||
    hasCause(error, Deno.errors.NotCapable);
  return usage ? NUMBERS.usage : undefined;
}

/**
 * The exit number of a job.
 *
 * @param states How many rows are in each state.
 * @param options Whether a run has stopped early, and whether rows may be in the hands of others.
 * @returns The number.
 */
export function exitOfStates(
  states: StateCounts,
  { stopped = false, shared = false }: { readonly stopped?: boolean; readonly shared?: boolean } =
    {},
): number {
  const held = shared ? 0 : states.claimed + states.committing;
  if (stopped || states.pending + states.deferred + held > 0) return NUMBERS.failure;
  if (states.in_doubt > 0) return NUMBERS.doubt;
  return states.failed > 0 ? NUMBERS.failed : NUMBERS.ok;
}
