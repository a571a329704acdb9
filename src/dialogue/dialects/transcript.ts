/**
 * Our own transcripts: events as they were recorded, as JSON lines.
 *
 * @module
 */

import type { TranscriptEvent } from "../../wire/mod.ts";
import type { SourceLine } from "../parse_source.ts";
import { toDialogue } from "../record.ts";
import type { FoundSession } from "./session.ts";

const KINDS: readonly unknown[] = ["line", "content", "open", "tls", "turn", "close", "note"];

/** Reads one event for each line that is one; all of them are one session. */
export function importTranscript(lines: readonly SourceLine[]): readonly FoundSession[] {
  const events: TranscriptEvent[] = [];
  let first: number | undefined;
  let last = 0;
  for (const { text, at } of lines) {
    const event = eventOf(text);
    if (event === undefined) continue;
    events.push(event);
    first ??= at.line;
    last = at.line;
  }
  if (first === undefined) return [];
  const dialogue = (name: string) => toDialogue(events, { name, times: true, portable: false });
  return [{ dialogue, notes: [], range: [first, last] }];
}

/** An event of a line of JSON; nothing if it is none. */
function eventOf(line: string): TranscriptEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // a line of something else
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { at, end, tls, kind, text, bytes } = value as Record<string, unknown>; // checked below
  if (typeof at !== "number" || (end !== "C" && end !== "S") || typeof tls !== "boolean") return;
  if (!KINDS.includes(kind) || typeof text !== "string") return undefined;
  const octets = typeof bytes === "string" ? fromBase64(bytes) : undefined;
  return {
    at,
    end,
    tls,
    kind: kind as TranscriptEvent["kind"], // it was found in the list
    text,
    ...(octets === undefined ? {} : { bytes: octets }),
  };
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined; // content that is not shown
  }
}
