/**
 * Takes over what a run has heard: expected texts become those of a transcript.
 *
 * @module
 */

import {
  DialogueError,
  parseTranscript,
  placeOf,
  promoteDialogue,
} from "../../src/dialogue/mod.ts";
import { fail } from "./failure.ts";
import type { LoadedFile } from "./library.ts";

/**
 * Rewrites the texts of replies where a run has heard others.
 *
 * @param file The file.
 * @param transcript A transcript of one session.
 * @returns Its new text.
 */
export async function promote(
  { path, text, dialogues }: LoadedFile,
  transcript: string,
): Promise<string> {
  const [dialogue] = dialogues;
  const [events, more] = parseTranscript(transcript);
  if (dialogue === undefined || events === undefined || more !== undefined) {
    return fail("Cannot promote: expected a transcript of one session");
  }
  try {
    return await promoteDialogue(dialogue, { file: path, text }, events);
  } catch (error) {
    const [failure] = error instanceof DialogueError ? error.result.failures : [];
    if (failure === undefined) throw error;
    return fail(`Cannot promote: ${failure.message} at ${placeOf(failure.at)}`);
  }
}
