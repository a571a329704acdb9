#!/usr/bin/env -S deno run --no-prompt --allow-net --allow-read --allow-write --allow-env=SMTP_URL,SMTP_PASSWORD,PG_PASSWORD
/**
 * Sends one personal message to each row of a list: check, send, resume, report.
 *
 * @module
 */

import { EXIT, explain, runScript, type ScriptOptions } from "../src/cli/mod.ts";
import { NAME } from "./bulk_send/calls.ts";
import { declared } from "./bulk_send/command.ts";
import { exitOfError } from "./bulk_send/failure.ts";
import { remedyOfError } from "./bulk_send/remedy.ts";
import { BulkVerbs, type VerbsOptions } from "./bulk_send/verbs.ts";

/** What a test puts in the place of the system. */
export interface BulkSendIo extends Omit<Partial<ScriptOptions>, "name" | "exits">, VerbsOptions {}

const VERSION = "0.1.0";

/**
 * Runs the script.
 *
 * @param args The arguments of the command line.
 * @param options Other places to write to and to read from, for tests.
 * @returns The exit number.
 */
export async function main(args: string[], options: BulkSendIo = {}): Promise<number> {
  return await runScript(async (io) => {
    const verbs = new BulkVerbs(io, options);
    try {
      await declared(verbs, VERSION).parse(args.length === 0 ? ["--help"] : args);
      return verbs.exit;
    } catch (error) {
      const exit = exitOfError(error);
      if (exit === undefined || io.signal.aborted) throw error;
      await io.err.line(`${NAME}: ${explain(error, NAME)}${remedyOfError(error)}`);
      return exit;
    }
  }, { ...options, name: NAME, exits: EXIT.bulk_send });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
