/**
 * What went wrong, as an exit number.
 *
 * @module
 */

import { EXIT, SecretError, ValidationError } from "../../src/cli/mod.ts";
import {
  CleanupError,
  type CleanupErrorKind,
  type CleanupExit,
  type CleanupReport,
} from "../../src/jobs/mod.ts";
import { Pop3AuthError, Pop3Error, Pop3ReplyError } from "../../src/pop3/mod.ts";
import { hasCause } from "../shared/causes.ts";
import { PolicyFileError } from "./policy_file.ts";

const NUMBERS = EXIT.cleanup;

const BY_KIND: Readonly<Record<CleanupErrorKind, number>> = {
  usage: NUMBERS.usage,
  policy: NUMBERS.usage,
  plan: NUMBERS.usage,
  guard: NUMBERS.guard,
  clock: NUMBERS.guard,
  busy: NUMBERS.busy,
  archive: NUMBERS.archive,
  journal: NUMBERS.archive,
  connection: NUMBERS.connection,
};

const BY_EXIT: Readonly<Record<Exclude<CleanupExit, "interrupted">, number>> = {
  done: NUMBERS.ok,
  kept: NUMBERS.kept,
  unverified: NUMBERS.unverified,
  busy: NUMBERS.busy,
  archive: NUMBERS.archive,
  guard: NUMBERS.guard,
  connection: NUMBERS.connection,
};

/**
 * The exit number of an error.
 *
 * @param error What was thrown.
 * @returns The number; `undefined` if nothing is known about it.
 */
export function exitOfError(error: unknown): number | undefined {
  if (hasCause(error, Deno.errors.NotCapable)) return NUMBERS.usage;
  if (error instanceof CleanupError) return BY_KIND[error.kind];
  if (
    error instanceof ValidationError || error instanceof SecretError ||
    error instanceof PolicyFileError
  ) return NUMBERS.usage;
  // Only what asks a server without a job, as `init` does, ends so.
  if (error instanceof Pop3AuthError || error instanceof Pop3ReplyError) {
    return error.temporary ? NUMBERS.busy : NUMBERS.connection;
  }
  if (error instanceof Pop3Error) return NUMBERS.connection;
  return isOfWire(error) ? NUMBERS.connection : undefined;
}

/** An error for programs. */
export interface ErrorValue {
  /** What this is. */
  readonly schema: "mailwright-cleanup-error/1";
  /** What went wrong, in the words that a report has for it. */
  readonly error: NonNullable<CleanupReport["error"]>;
}

/**
 * An error as plain data, for `--json`.
 *
 * @param error What was thrown.
 * @param message What is said about it.
 * @param exit Its exit number.
 * @returns The data.
 */
export function errorValue(error: unknown, message: string, exit: number): ErrorValue {
  const kind = error instanceof CleanupError
    ? error.kind
    : error instanceof PolicyFileError
    ? "policy"
    : exit === NUMBERS.busy
    ? "busy"
    : exit === NUMBERS.connection
    ? "connection"
    : "usage";
  const temporary = error instanceof Error && "temporary" in error && error.temporary === true;
  return { schema: "mailwright-cleanup-error/1", error: { kind, message, temporary } };
}

/**
 * The exit number of a run.
 *
 * @param exit How it has ended.
 * @returns The number; `undefined` if it is that of the signal that has ended it.
 */
export function exitOfRun(exit: CleanupExit): number | undefined {
  return exit === "interrupted" ? undefined : BY_EXIT[exit];
}

/** Errors of connections carry the stage that they came to. */
function isOfWire(error: unknown): boolean {
  return error instanceof Error && "stage" in error && "host" in error;
}
