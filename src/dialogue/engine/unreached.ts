/**
 * What comes of a dialogue whose two ends never met.
 *
 * @module
 */

import { TlsError, type WireError } from "../../wire/mod.ts";
import type { EndOptions } from "./end_options.ts";
import type { DialogueFailure, DialogueResult } from "../result.ts";
import { cut } from "./stop.ts";

/**
 * The result of a dialogue that did not begin: nobody was reached, or there was no TLS.
 *
 * @param options What was to be played.
 * @param error Why it was not.
 * @param ms How long it took, in milliseconds.
 */
export function unreached(
  { dialogue, role }: Pick<EndOptions, "dialogue" | "role">,
  error: WireError,
  ms: number,
): DialogueResult {
  const at = dialogue.steps[0]?.at ?? { file: "", line: 1, column: 1 };
  const failure: DialogueFailure = {
    // A server is reached by whoever has connected; what is missing is TLS, also where it took too long.
    id: role === "S" || error instanceof TlsError ? "tls-handshake" : "connect",
    at,
    expected: "a connection",
    actual: cut(error.message),
    message: error.message,
    waitedMs: ms,
  };
  return {
    name: dialogue.name,
    file: at.file,
    role,
    status: "error",
    delivery: "untried",
    vars: {},
    recipients: [],
    replies: [],
    failures: [failure],
    transcript: [],
    ms,
  };
}
