/**
 * A session to a dialogue.
 *
 * @module
 */

import type { TranscriptEvent } from "../wire/mod.ts";
import type { Dialogue, DialogueProtocol } from "./step.ts";

/** How a transcript becomes a dialogue. */
export interface ToDialogueOptions {
  /** Its name. @default {"recorded"} */
  readonly name?: string;
  /** What was spoken. By default what the greeting and the verbs say. */
  readonly protocol?: DialogueProtocol;
  /** Whether the times are kept. @default {false} */
  readonly times?: boolean;
  /** Whether names, dates, Message-IDs and queue ids become holes. @default {true} */
  readonly portable?: boolean;
}

/**
 * Makes a dialogue of what was said.
 *
 * @param transcript The events of one connection, of a session, a probe, or a dialogue.
 * @param options Name, protocol, what is kept.
 * @returns The dialogue.
 */
export function toDialogue(
  _transcript: readonly TranscriptEvent[],
  _options: ToDialogueOptions = {},
): Dialogue {
  throw new Error("Cannot record yet");
}
