/**
 * Dialogues compared without the places where they stood.
 *
 * @module
 */

import { type Dialogue, parseDialogue, printDialogue } from "@mailwright/mailwright";
import { deepEqual, equal } from "node:assert/strict";

/** A value without the places in it. */
export function withoutPlaces(value: unknown): unknown {
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutPlaces);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) =>
      key === "at" || key === "timeoutAt" ? [] : [[key, withoutPlaces(field)]]
    ),
  );
}

/** Prints a dialogue, reads it back, and prints it again: nothing may change. */
export function roundTrip(dialogue: Dialogue): string {
  const text = printDialogue(dialogue);
  const read = parseDialogue(text);
  deepEqual(withoutPlaces(read), withoutPlaces(dialogue));
  equal(printDialogue(read), text);
  return text;
}
