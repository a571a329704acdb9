/**
 * `fmt`: lays files out; writes out what they name; takes over what a run has heard.
 *
 * @module
 */

import { EXIT, visible } from "../../src/cli/mod.ts";
import { formatDialogue, printDialogue } from "../../src/dialogue/mod.ts";
import { readText } from "../shared/files.ts";
import type { FmtCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { expandAuth } from "./expand_auth.ts";
import { fail } from "./failure.ts";
import { Library, type LoadedFile } from "./library.ts";
import { promote } from "./promote.ts";

/**
 * Lays files out.
 *
 * @param call What was typed.
 * @param paths The files.
 * @param context The rest.
 * @returns The exit number: that of a syntax error if `--check` found work.
 */
export async function fmt(
  call: FmtCall,
  paths: readonly string[],
  { io, readers }: VerbContext,
): Promise<number> {
  for (const path of paths) {
    if (!path.endsWith(".dialogue")) {
      fail(`Cannot lay out "${path}": expected a file that ends in .dialogue`);
    }
  }
  if (call.promote !== undefined && paths.length > 1) {
    fail("Cannot promote a transcript into several files");
  }
  const library = new Library({ root: call.root, readers });
  const files = await library.load(paths);
  let work = 0;
  for (const file of files) {
    if (call.expand) {
      // What was put in from other files belongs to them: the file itself stays.
      for (const dialogue of file.dialogues) {
        await io.out.print(printDialogue(expandAuth(dialogue)));
      }
      continue;
    }
    const text = await promoted(file, call.promote);
    const laidOut = formatDialogue(text, { file: file.path, ...library.reading(file.path) });
    if (laidOut === file.text) continue;
    work++;
    if (!call.check) await Deno.writeTextFile(file.path, laidOut);
    await io.err.line(`${call.check ? "not laid out:" : "wrote"} ${visible(file.path)}`);
  }
  return call.check && work > 0 ? EXIT.dialogue.syntax : EXIT.dialogue.ok;
}

async function promoted(file: LoadedFile, transcript: string | undefined): Promise<string> {
  if (transcript === undefined) return file.text;
  return await promote(file, await readText("--promote", transcript));
}
