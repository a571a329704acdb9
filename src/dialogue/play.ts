/**
 * A dialogue as the client.
 *
 * @module
 */

import type { RunDialogueOptions } from "./options.ts";
import type { DialogueResult } from "./result.ts";
import type { Dialogue } from "./step.ts";

/**
 * Plays a dialogue as the client: says its `C:` lines and judges what is answered.
 *
 * @param dialogue The dialogue.
 * @param options The server, secrets, limits.
 * @returns What came of it.
 * @throws {DialogueError} If it fails, unless `throwOnFailure` is false.
 * @throws {TypeError} If something it needs is missing.
 */
export function runDialogue(
  _dialogue: Dialogue,
  _options: RunDialogueOptions,
): Promise<DialogueResult> {
  return Promise.reject(new Error("Cannot run yet"));
}
