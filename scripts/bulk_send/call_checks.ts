/**
 * What several verbs refuse before they do anything.
 *
 * @module
 */

import { type ArgumentValue, ValidationError } from "../../src/cli/mod.ts";
import { parseAddress } from "../../src/message/mod.ts";
import { checked } from "../shared/login.ts";
import type { RunCall } from "./calls.ts";

/**
 * Refuses reports that would go where the summary goes.
 *
 * @param call What was typed.
 */
export function checkReports({ report = [] }: RunCall): void {
  if (report.every(({ path }) => path !== undefined)) return;
  throw new ValidationError("Cannot send: --report needs a path: --report html:FILE");
}

/**
 * Reads an address that was typed.
 *
 * @param text The address.
 * @returns The address, as journals have it.
 */
export function addressOf(text: string): string {
  return checked(() => parseAddress(text, { allowLiterals: true })).toString();
}

/**
 * The type of a code: of a reply, or enhanced (RFC 3463).
 *
 * @param argument The text and where it was given.
 * @returns The code, as journals have it.
 */
export function replyCode({ name, value }: ArgumentValue): string {
  if (/^[2-5](?:\d\d|\.\d{1,3}\.\d{1,3})$/.test(value)) return value;
  throw new ValidationError(`Cannot read ${name} "${value}": expected a code such as 554 or 5.7.1`);
}
