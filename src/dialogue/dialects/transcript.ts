/**
 * Our own transcripts: events as they were recorded, as JSON lines.
 *
 * @module
 */

import type { TranscriptEvent } from "../../wire/mod.ts";
import { further, type SourceLine } from "../parse_source.ts";
import type { Position } from "../step.ts";
import { Scribe } from "./scribe.ts";
import type { FoundSession } from "./session.ts";

/** An event, and where it stands. */
export interface PlacedEvent {
  /** The event. */
  readonly event: TranscriptEvent;
  /** Where it stands. */
  readonly at: Position;
}

/** The longest line of content that is waited for. */
const MAX_LINE = 4096;

const KINDS: readonly unknown[] = ["line", "content", "open", "tls", "turn", "close", "note"];

/** Reads one event for each line that is one. */
export function importTranscript(lines: readonly SourceLine[]): readonly FoundSession[] {
  const events = lines.flatMap(({ text, at }) => {
    const event = eventOf(text);
    return event === undefined ? [] : [{ event, at: further(at, 0) }];
  });
  const session = sessionOf(events, true);
  return session === undefined ? [] : [session];
}

/** An event of a line of JSON; nothing if it is none. */
export function eventOf(line: string): TranscriptEvent | undefined {
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

/** The session of events; `times`: whether it keeps how long each took to come. */
export function sessionOf(
  events: readonly PlacedEvent[],
  times: boolean,
): FoundSession | undefined {
  const scribe = new Scribe();
  const content = new ContentLines();
  let before = 0;
  for (const { event, at } of events) {
    const shown = event.kind === "note" || event.kind === "open" ? undefined : event;
    if (
      shown !== undefined && times && shown.at - before >= 1 && !scribe.inReply && !scribe.inBody
    ) {
      if (!scribe.inContent) scribe.after(shown.at - before, at);
    }
    if (shown !== undefined) before = shown.at;
    if (event.kind === "line") {
      const unended = event.end === scribe.replies ? content.end() : [];
      for (const line of unended) scribe.command(line, at);
      if (event.end === scribe.replies && scribe.inContent) scribe.command(".", at);
      scribe.said(event.end, event.text, at);
    } else if (event.kind === "content") {
      const said = content.push(event.bytes ?? new Uint8Array());
      if (event.bytes === undefined) scribe.anyContent(at);
      else if (event.end === scribe.replies) said.forEach((line) => scribe.reply(line, at));
      else said.forEach((line) => scribe.command(line, at));
    } else if (event.kind === "tls" || event.kind === "turn") {
      scribe.event(event.kind, at);
    } else if (event.kind === "close" && event.end === "S") {
      scribe.note(at, "the connection was closed");
    }
  }
  return scribe.finish();
}

/** Octets of content to its lines. */
class ContentLines {
  readonly #decoder = new TextDecoder();
  #rest = "";

  push(bytes: Uint8Array): readonly string[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\r\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > MAX_LINE) lines.push(...this.end());
    return lines;
  }

  /** What came without a line end. */
  end(): readonly string[] {
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? [] : [rest];
  }
}
