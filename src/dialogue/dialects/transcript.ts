/**
 * Our own transcripts: events as they were recorded, as JSON lines.
 *
 * @module
 */

import type { TranscriptEvent } from "../../wire/mod.ts";
import type { SourceLine } from "../text/parse_source.ts";
import { toDialogue } from "../record/record.ts";
import type { FoundSession } from "./session.ts";

const KINDS: readonly unknown[] = ["line", "content", "open", "tls", "turn", "close", "note"];

/** Reads one event for each line that is one; a connection that is opened begins a session. */
export function importTranscript(lines: readonly SourceLine[]): readonly FoundSession[] {
  return sessionsOf(lines).map(({ events, range }) => ({
    dialogue: (name) => toDialogue(events, { name, times: true, portable: false }),
    notes: [],
    range,
  }));
}

/**
 * Reads a transcript that was stored as lines of JSON, octets as base64.
 *
 * @param text The lines; those that are no events are passed over.
 * @returns The events of each connection.
 *
 * @example Usage
 * ```ts
 * import { parseTranscript } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * const line = { at: 0, end: "S", tls: false, kind: "line", text: "220 ready" };
 * const [events] = parseTranscript(`${JSON.stringify(line)}\n`);
 * equal(events?.[0]?.text, "220 ready");
 * ```
 */
export function parseTranscript(text: string): readonly (readonly TranscriptEvent[])[] {
  const lines = text.split("\n").map((line, index) => ({
    text: line,
    at: { file: "", line: index + 1, column: 1 },
  }));
  return sessionsOf(lines).map(({ events }) => events);
}

/** The events of one connection, and the lines they stand on. */
interface StoredSession {
  readonly events: readonly TranscriptEvent[];
  readonly range: readonly [first: number, last: number];
}

function sessionsOf(lines: readonly SourceLine[]): readonly StoredSession[] {
  const sessions: { events: TranscriptEvent[]; range: [number, number] }[] = [];
  for (const { text, at } of lines) {
    const event = eventOf(text);
    if (event === undefined) continue;
    const last = sessions.at(-1);
    if (last === undefined || (event.kind === "open" && last.events.length > 0)) {
      sessions.push({ events: [event], range: [at.line, at.line] });
    } else {
      last.events.push(event);
      last.range[1] = at.line;
    }
  }
  return sessions;
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
