/**
 * Names and secrets are looked at when a mechanism is made, before anything is dialled: what cannot be
 * sent as it is, is refused and not trimmed. No error carries the value.
 *
 * @module
 */

import { prepare } from "./prepare.ts";
import type { Secret } from "./secret.ts";

/** Who we are, and the proof. */
export interface PasswordLogin {
  /** The user name, as the server knows it. */
  readonly user: string;
  /** The password. */
  readonly password: Secret;
}

const LINE_ENDS = /[\0\r\n]/;

/** Refuses what no mechanism can carry; `what` names the value in the error. */
export function checked(what: string, value: string): string {
  const seen = value === ""
    ? "it is empty"
    : LINE_ENDS.test(value)
    ? "it holds NUL, CR or LF"
    : value.startsWith("\ufeff")
    ? "it begins with a byte order mark"
    : value.isWellFormed()
    ? undefined
    : "it holds half a character";
  if (seen !== undefined) throw new TypeError(`Cannot use the ${what}: ${seen}`);
  return value;
}

/** As {@linkcode checked}, and then prepared by RFC 4013. */
export function checkedAndPrepared(what: string, value: string): string {
  const prepared = prepare(checked(what, value));
  if (prepared === undefined) {
    throw new TypeError(`Cannot use the ${what}: RFC 4013 refuses a character of it`);
  }
  return prepared;
}
