/**
 * From a result to an error.
 *
 * @module
 */

import { DialogueError, type DialogueResult } from "../result.ts";

/**
 * Throws for a result that did not pass.
 *
 * @param result The result.
 * @param throws Whether it does.
 * @returns The result.
 * @throws {DialogueError} If it failed.
 */
export function judged(result: DialogueResult, throws: boolean = true): DialogueResult {
  if (throws && (result.status === "failed" || result.status === "error")) {
    throw new DialogueError(result);
  }
  return result;
}
