#!/usr/bin/env -S deno run --no-prompt --allow-net --allow-read --allow-write
/**
 * Plays mail sessions that are written down: as the client, as the server, or against a transcript.
 *
 * @module
 */

import {
  EXIT,
  explain,
  runScript,
  type ScriptOptions,
  type SecretReaders,
} from "../src/cli/mod.ts";
import { NAME } from "./dialogue/calls.ts";
import { declared } from "./dialogue/command.ts";
import { errorValue, exitOfError, NotADialogueError } from "./dialogue/failure.ts";
import { blocksText } from "./dialogue/reports.ts";
import { DialogueVerbs } from "./dialogue/verbs.ts";

/** What a test puts in the place of the system. */
export interface DialogueIo extends Omit<Partial<ScriptOptions>, "name" | "exits"> {
  /** Where secrets and files on standard input come from. */
  readonly readers?: SecretReaders;
  /** What is typed into a session. @default {Deno.stdin.readable} */
  readonly input?: ReadableStream<Uint8Array>;
}

const VERSION = "0.1.0";

/**
 * Runs the script.
 *
 * @param args The arguments of the command line.
 * @param options Other places to write to and to read from, for tests.
 * @returns The exit number.
 */
export async function main(args: string[], options: DialogueIo = {}): Promise<number> {
  return await runScript(async (io) => {
    const verbs = new DialogueVerbs({
      io,
      readers: options.readers,
      input: () => options.input ?? Deno.stdin.readable,
      // What listens makes every start slower.
      sandbox: () => import("../src/sandbox/mod.ts"),
    });
    try {
      await declared(verbs, VERSION).parse(args);
      return verbs.exit;
    } catch (error) {
      const exit = exitOfError(error);
      if (exit === undefined || io.signal.aborted) throw error;
      if (error instanceof NotADialogueError) {
        await io.err.print(blocksText(error.blocks, error.sources));
      } else {
        await io.err.line(`${NAME}: ${explain(error, NAME)}`);
      }
      // Also of a call that is refused: who reads JSON finds an answer there.
      if (args.includes("--json")) await io.out.json(errorValue(error, explain(error, NAME)));
      return exit;
    }
  }, { ...options, name: NAME, exits: EXIT.dialogue });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
