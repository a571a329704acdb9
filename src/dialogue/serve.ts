/**
 * A dialogue as the server.
 *
 * @module
 */

import type { Acceptor, Connection } from "../wire/mod.ts";
import type { ServeDialogueOptions } from "./options.ts";
import type { DialogueResult } from "./result.ts";
import type { Dialogue } from "./step.ts";

/**
 * Plays a dialogue as the server, once for each connection.
 *
 * @param dialogue The dialogue.
 * @param over Something that accepts connections, or one connection.
 * @param options Secrets, limits, how many sessions.
 * @returns What came of each connection, in the order in which they came.
 * @throws {DialogueError} If one fails, unless `throwOnFailure` is false.
 * @throws {TypeError} If something it needs is missing.
 */
export function serveDialogue(
  _dialogue: Dialogue,
  _over: Acceptor | Connection,
  _options: ServeDialogueOptions = {},
): Promise<readonly DialogueResult[]> {
  return Promise.reject(new Error("Cannot serve yet"));
}
