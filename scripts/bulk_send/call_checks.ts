/**
 * What several verbs refuse before they do anything.
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";
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
