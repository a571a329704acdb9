#!/usr/bin/env -S deno run --no-prompt --allow-net --allow-read --allow-write --allow-env=POP3_URL,POP3_PASSWORD,SMTP_PASSWORD
/**
 * Removes mail from a POP3 mailbox by rules: plan, archive, delete, verify, give back.
 *
 * @module
 */

import { EXIT, explain, OutputError, runScript, type ScriptOptions } from "../src/cli/mod.ts";
import { NAME, VERBS } from "./cleanup/calls.ts";
import { declared } from "./cleanup/command.ts";
import { errorValue, exitOfError } from "./cleanup/failure.ts";
import { CleanupVerbs, type VerbsOptions } from "./cleanup/verbs.ts";

/** What a test puts in the place of the system. */
export interface CleanupIo
  extends Omit<Partial<ScriptOptions>, "name" | "exits">, Omit<VerbsOptions, "args"> {}

const VERSION = "0.1.0";

/**
 * Runs the script.
 *
 * @param args The arguments of the command line.
 * @param options Other places to write to and to read from, for tests.
 * @returns The exit number.
 */
export async function main(args: string[], options: CleanupIo = {}): Promise<number> {
  return await runScript(async (io) => {
    const verbs = new CleanupVerbs(io, { ...options, args });
    try {
      await declared(verbs, VERSION).parse(withVerb(args));
      return verbs.exit;
    } catch (error) {
      // The reader has left: what was done tells, unless that is nothing (T-F16).
      if (error instanceof OutputError && error.left && verbs.exit !== EXIT.cleanup.ok) {
        return verbs.exit;
      }
      const exit = exitOfError(error);
      if (exit === undefined || io.signal.aborted) throw error;
      const message = explain(error, NAME);
      await io.err.line(`${NAME}: ${message}`);
      // Also of a call that is refused: who reads JSON finds an answer there.
      if (args.includes("--json")) await io.out.json(errorValue(error, message, exit));
      return exit;
    }
  }, { ...options, name: NAME, exits: EXIT.cleanup });
}

/** Options alone mean the first verb. */
function withVerb(args: string[]): string[] {
  const [first] = args;
  const own = ["-h", "--help", "-V", "--version"];
  const options = first === undefined || (first.startsWith("-") && !own.includes(first));
  return options ? [VERBS[0], ...args] : args;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
