/**
 * The frame around every script: whatever happens ends as an exit number and at most one line on
 * standard error, never as a stack trace.
 *
 * @module
 */

import { ValidationError } from "../deps/cliffy.ts";
import type { ExitNumbers } from "./exit.ts";
import { visible } from "./plain_text.ts";
import { OutputError, Printer, type Sink } from "./print.ts";
import { SecretError } from "./secret_source.ts";
import { InterruptedError, Interruption, type SignalSource } from "./signals.ts";

/** What a script talks to. */
export interface ScriptIo {
  /** Standard output: data. */
  readonly out: Printer;
  /** Standard error: talk. */
  readonly err: Printer;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/** How a script is framed. */
export interface ScriptOptions {
  /** Its name, for messages. */
  readonly name: string;
  /** Its exit numbers. */
  readonly exits: ExitNumbers;
  /** Where data goes. @default {Deno.stdout} */
  readonly stdout?: Sink;
  /** Where talk goes. @default {Deno.stderr} */
  readonly stderr?: Sink;
  /** Where signals come from. @default {Deno} */
  readonly signals?: SignalSource;
}

/**
 * Runs a script and turns what becomes of it into an exit number. The caller exits with it.
 *
 * After the first signal `signal` is aborted and the script ends by itself; a second one ends the
 * wait at once.
 *
 * @param main The script.
 * @param options How it is framed.
 * @returns The exit number.
 *
 * @example Usage
 * ```ts
 * import { EXIT } from "./exit.ts";
 * import { runScript } from "./run_script.ts";
 * import { equal } from "node:assert/strict";
 *
 * const number = await runScript(async ({ out }) => {
 *   await out.line("ready");
 *   return EXIT.demo.ok;
 * }, { name: "demo", exits: EXIT.demo });
 * equal(number, 0);
 * ```
 */
export async function runScript(
  main: (io: ScriptIo) => Promise<number>,
  options: ScriptOptions,
): Promise<number> {
  const { name, exits, stdout = Deno.stdout, stderr = Deno.stderr } = options;
  const out = new Printer(stdout, "standard output");
  const err = new Printer(stderr, "standard error");
  using interruption = new Interruption(options.signals);
  const { signal } = interruption;
  try {
    return await Promise.race([main({ out, err, signal }), interruption.leave]);
  } catch (error) {
    const asked = signal.aborted && signal.reason instanceof InterruptedError;
    const known = asked && error === signal.reason || error instanceof OutputError && error.left;
    if (!known) await tell(err, `${name}: ${explain(error, name)}`);
    if (asked) return signal.reason.exitNumber;
    return isUsage(error) ? exits.usage : exits.failure;
  }
}

/**
 * Says in one line what went wrong, and what to do about it where that is known.
 *
 * @param error What was thrown.
 * @param script The script, for the pointer to its help.
 * @returns The line, without control characters.
 *
 * @example Usage
 * ```ts
 * import { explain } from "./run_script.ts";
 * import { equal } from "node:assert/strict";
 *
 * const error = new Deno.errors.NotCapable(
 *   'Requires net access to "mx.example:25", run again with the --allow-net flag',
 * );
 * equal(
 *   explain(error, "probe"),
 *   'Cannot go on: net access to "mx.example:25" is not granted, add --allow-net=mx.example:25',
 * );
 * ```
 */
export function explain(error: unknown, script: string): string {
  const refused = findCause(error);
  if (refused !== undefined) return visible(missingGrant(refused));
  if (!(error instanceof Error)) return visible(`Cannot go on: ${error}`);
  const message = error.message === "" ? `Cannot go on: ${error.name}` : error.message;
  const hint = error instanceof ValidationError
    ? `see ${script} --help`
    : "hint" in error && typeof error.hint === "string" && error.hint;
  return visible(hint ? `${message} (${hint})` : message);
}

/** A missing grant may lie behind an error of a layer above. */
function findCause(error: unknown): Error | undefined {
  let cause = error;
  for (let depth = 0; depth < 10 && cause instanceof Error; depth++) {
    if (cause instanceof Deno.errors.NotCapable) return cause;
    cause = cause.cause;
  }
  return undefined;
}

/** Deno's words are the only place that names what was not granted. */
function missingGrant({ message }: Error): string {
  const [, kind, value] = /^Requires (\w+) access(?: to "([^"]*)")?/.exec(message) ?? [];
  if (kind === undefined) return `Cannot go on: ${message}`;
  return value === undefined
    ? `Cannot go on: ${kind} access is not granted, add --allow-${kind}`
    : `Cannot go on: ${kind} access to "${value}" is not granted, add --allow-${kind}=${value}`;
}

function isUsage(error: unknown): boolean {
  return error instanceof ValidationError || error instanceof SecretError;
}

async function tell(err: Printer, line: string): Promise<void> {
  try {
    await err.line(line);
  } catch {
    // Nobody listens any more; the exit number still tells.
  }
}
