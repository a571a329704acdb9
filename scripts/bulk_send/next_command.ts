/**
 * What to type next.
 *
 * @module
 */

import { shellWord } from "../shared/shell_word.ts";
import { type JournalCall, NAME } from "./calls.ts";

/**
 * The call of another verb for the same job. Secrets do not stand in arguments, so neither here.
 *
 * @param verb The verb.
 * @param call The call that was made.
 * @param more What is typed besides.
 * @returns The call, for a shell.
 */
export function nextCommand(
  verb: string,
  { journal, job, journalPasswordFrom: from }: JournalCall,
  more: readonly string[] = [],
): string {
  const source = from === undefined
    ? []
    : ["--journal-password-from", [...Object.values(from)].join(":")];
  const words = [NAME, verb, "--journal", journal, ...job === undefined ? [] : ["--job", job]];
  return [...words, ...source, ...more].map(shellWord).join(" ");
}
