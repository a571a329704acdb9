/**
 * The refusals of POP3, to be thrown.
 *
 * @module
 */

import { Pop3RefusalError } from "./pop3_errors.ts";

/** A refusal. */
export function no(text: string, code?: string): Pop3RefusalError {
  return new Pop3RefusalError({ ok: false, text, ...(code === undefined ? {} : { code }) });
}

/** A refusal that ends the session. */
export function lastNo(text: string, code?: string): Pop3RefusalError {
  return new Pop3RefusalError({ ...no(text, code).reply, last: true });
}
