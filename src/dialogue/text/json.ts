/**
 * The form of a dialogue to JSON and back; octets are base64.
 *
 * @module
 */

import { printDialogue } from "./print.ts";
import type { Dialogue, OnRule, Position, Step } from "../step.ts";

/**
 * Writes a dialogue as JSON.
 *
 * @param dialogue Its form.
 * @returns The JSON text, two blanks for each level.
 *
 * @example Usage
 * ```ts
 * import { dialogueFromJson, dialogueToJson, parseDialogue } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("S: 220 mx\nC|QUIT\\n\n");
 * deepEqual(dialogueFromJson(dialogueToJson(dialogue)), dialogue);
 * ```
 */
export function dialogueToJson(dialogue: Dialogue): string {
  const octets = (_: string, value: unknown) =>
    value instanceof Uint8Array ? { base64: base64Of(value) } : value;
  return `${JSON.stringify(dialogue, octets, 2)}\n`;
}

/**
 * Reads a dialogue from JSON.
 *
 * @param json What {@linkcode dialogueToJson} wrote.
 * @returns The form.
 * @throws {SyntaxError} If it is no JSON, or not the form of a dialogue that could be text as well.
 *
 * @example Usage
 * ```ts
 * import { dialogueFromJson } from "@mailwright/mailwright";
 * import { throws } from "node:assert/strict";
 *
 * throws(() => dialogueFromJson("{}"), { name: "SyntaxError" });
 * ```
 */
export function dialogueFromJson(json: string): Dialogue {
  const value: unknown = JSON.parse(json, revive);
  if (!isDialogue(value)) fail('"schema" is not "mailwright-dialogue/1"');
  const dialogue = { ...value, vars: withoutPrototype(value.vars) };
  try {
    // What can be written as text and read back the same has every field, and no other.
    printDialogue(dialogue);
  } catch (cause) {
    fail(cause instanceof Error ? cause.message : "it has another form", cause);
  }
  checkPlaces(dialogue);
  if (dialogue.timeoutAt !== undefined) checkPlace(dialogue.timeoutAt);
  return dialogue;
}

function fail(reason: string, cause?: unknown): never {
  throw new SyntaxError(`Cannot read the dialogue from JSON: ${reason}`, { cause });
}

function revive(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("base64" in value)) return value;
  if (Object.keys(value).length > 1 || typeof value.base64 !== "string") return value;
  try {
    return octetsOf(value.base64);
  } catch (cause) {
    fail(`"${value.base64.slice(0, 40)}" is not base64`, cause);
  }
}

/** Whether a value says that it is a dialogue; what it holds is checked by writing it. */
function isDialogue(value: unknown): value is Dialogue {
  return typeof value === "object" && value !== null && "schema" in value &&
    value.schema === "mailwright-dialogue/1";
}

function withoutPrototype(vars: Readonly<Record<string, string>>): Record<string, string> {
  return Object.assign(Object.create(null), vars);
}

function checkPlaces({ steps, on }: { steps: readonly Step[]; on: readonly OnRule[] }): void {
  for (const item of [...steps, ...on]) {
    checkPlace(item.at);
    if (!("kind" in item)) continue;
    if (item.kind === "block") item.arms.forEach((arm) => checkPlaces({ steps: arm, on: [] }));
    if (item.kind === "reply") item.lines.forEach(({ at }) => checkPlace(at));
  }
}

function checkPlace(at: Position | undefined): void {
  const whole = (number: unknown) => Number.isSafeInteger(number) && Number(number) >= 1;
  if (typeof at?.file === "string" && whole(at.line) && whole(at.column)) return;
  fail('an "at" is missing, or has not "file", "line" and "column"');
}

function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (const octet of bytes) binary += String.fromCharCode(octet);
  return btoa(binary);
}

function octetsOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
