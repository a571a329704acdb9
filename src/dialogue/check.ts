/**
 * A dialogue against a stored transcript.
 *
 * @module
 */

import type { TranscriptEvent } from "../wire/mod.ts";
import type { BothResults, PlayOptions } from "./options.ts";
import type { Dialogue } from "./step.ts";

/**
 * Judges both ends of a session that is over, without a network.
 *
 * @param dialogue The dialogue.
 * @param transcript What was said.
 * @param options Limits, and what both ends know.
 * @returns What came of it at both ends.
 */
export function checkTranscript(
  _dialogue: Dialogue,
  _transcript: readonly TranscriptEvent[],
  _options: PlayOptions = {},
): Promise<BothResults> {
  return Promise.reject(new Error("Cannot check yet"));
}
