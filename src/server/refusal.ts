/**
 * The refusals that are thrown in many places.
 *
 * @module
 */

import { RefusalError } from "./errors.ts";
import { reply } from "./reply.ts";

/** A refusal, to be thrown. */
export function refusal(code: number, status: string, text: string): RefusalError {
  return new RefusalError(reply(code, status, text));
}

/** The refusal of a line whose form is wrong. */
export function badSyntax(text: string): RefusalError {
  return refusal(501, "5.5.4", text);
}

/** The refusal of a command that must not stand here. */
export function badSequence(text: string): RefusalError {
  return refusal(503, "5.5.1", text);
}
