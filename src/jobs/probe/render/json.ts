/**
 * The result as JSON.
 *
 * @module
 */

import type { ProbeRun } from "../result.ts";

// What could act on a terminal and is allowed in JSON: DEL, C1, and what reorders text.
const UNSAFE = /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Writes a result as JSON.
 *
 * @param run The result.
 * @param options `compact` writes it on one line.
 * @returns The text with its line end.
 *
 * @example Usage
 * ```ts
 * import { probe, renderJson } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const run = await probe("smtp://127.0.0.1:1");
 * equal(JSON.parse(renderJson(run)).schema, "mailwright-probe/1");
 * ```
 */
export function renderJson(run: ProbeRun, options: { readonly compact?: boolean } = {}): string {
  const text = JSON.stringify(run, undefined, options.compact ? undefined : 2);
  const escaped = text.replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${escaped}\n`;
}
