/**
 * A dialogue against a stored transcript.
 *
 * @module
 */

import type { TranscriptEvent } from "../../wire/mod.ts";
import { judged } from "./judged.ts";
import type { PlayOptions } from "../options.ts";
import { observe } from "./perform.ts";
import { Replay } from "./replay.ts";
import type { DialogueResult } from "../result.ts";
import { outsideOf, settle } from "./settle.ts";
import type { Dialogue } from "../step.ts";

/**
 * Judges both ends of a session that is over, without a network. A transcript shows holes in place of
 * logins: of those only what can be seen is judged.
 *
 * @param dialogue The dialogue.
 * @param transcript What was said, as the events of one connection.
 * @param options Limits, and what both ends know.
 * @returns What came of it; its failures are those of either end.
 * @throws {DialogueError} If it fails, unless `throwOnFailure` is false.
 * @throws {RangeError} If the dialogue goes beyond a limit.
 *
 * @example Usage
 * ```ts
 * import { checkTranscript, parseDialogue, selfPlay } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * const said = parseDialogue("@smtp\nS: 220 mx.example ready\nC: NOOP\nS: 250 ok\n");
 * const { client } = await selfPlay(said);
 * const wanted = parseDialogue("@smtp\nS: 220 ${host} ready\nC: NOOP\nS: 250\n");
 * const result = await checkTranscript(wanted, client.transcript);
 * equal(result.vars.host, "mx.example");
 * ```
 */
export async function checkTranscript(
  dialogue: Dialogue,
  transcript: readonly TranscriptEvent[],
  options: PlayOptions = {},
): Promise<DialogueResult> {
  const settled = settle(dialogue, options, { role: "C", samples: true });
  const result = await observe(settled, new Replay(transcript), outsideOf(options).total);
  return judged({ ...result, transcript }, options.throwOnFailure);
}
