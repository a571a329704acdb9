/**
 * `check`: judges sessions that are over.
 *
 * @module
 */

import { checkTranscript, parseTranscript } from "../../src/dialogue/mod.ts";
import { readText } from "../shared/files.ts";
import type { CheckCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { exitOfResults, fail } from "./failure.ts";
import { Library } from "./library.ts";
import { checkPlayable, chosen, playOptions, variablesOf } from "./prepare.ts";
import { Reports } from "./reports.ts";

/**
 * Judges the sessions of a transcript.
 *
 * @param call What was typed.
 * @param path The file.
 * @param stored The transcript.
 * @param context The rest.
 * @returns The exit number.
 */
export async function check(
  call: CheckCall,
  path: string,
  stored: string,
  { io, readers }: VerbContext,
): Promise<number> {
  const library = new Library({ root: call.root, repair: call.repair, readers });
  const parts = chosen(await library.load([path]), call.filter);
  const vars = variablesOf(call, parts);
  checkPlayable(parts, "both", vars, library);
  const sessions = parseTranscript(await readText("the transcript", stored));
  if (sessions.length === 0) fail(`Cannot check "${stored}": it holds no lines of a transcript`);
  if (parts.length !== 1 && parts.length !== sessions.length) {
    fail(
      `Cannot check "${stored}": it holds ${sessions.length} sessions, and "${path}" ` +
        `${parts.length} dialogues; choose one by --filter`,
    );
  }
  using reports = new Reports(io, call);
  await reports.open();
  const results = [];
  for (const [index, events] of sessions.entries()) {
    const part = parts[index] ?? parts[0];
    if (part === undefined) break;
    const options = { ...playOptions(call), vars, readFile: part.file.folder.octets };
    results.push(await checkTranscript(part.dialogue, events, { ...options, signal: io.signal }));
  }
  await reports.results(results, library.sources);
  return exitOfResults(results);
}
