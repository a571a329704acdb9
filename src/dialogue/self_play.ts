/**
 * A dialogue with itself.
 *
 * @module
 */

import type { BothResults, SelfPlayOptions } from "./options.ts";
import type { Dialogue } from "./step.ts";

/**
 * Plays both ends of a dialogue in memory; TLS is a marker that both must reach.
 *
 * @param dialogue The dialogue.
 * @param options Limits, and what both ends know.
 * @returns What came of it at both ends.
 * @throws {DialogueError} If an end fails, unless `throwOnFailure` is false.
 */
export function selfPlay(
  _dialogue: Dialogue,
  _options: SelfPlayOptions = {},
): Promise<BothResults> {
  return Promise.reject(new Error("Cannot play yet"));
}
