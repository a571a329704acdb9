/**
 * Times, and what happens to a connection: `<close>`, `<silence 2s>`. From text and to text.
 *
 * @module
 */

import type { ConnectionStep, EventStep, TimeStep } from "../step.ts";

const UNITS: ReadonlyMap<string, number> = new Map([["ms", 1], ["s", 1000], ["m", 60_000]]);

/** Milliseconds of a time such as `150ms`, `2s` or `5m`; nothing if it is none. */
export function parseTime(text: string): number | undefined {
  const [, count = "", unit = ""] = /^(\d{1,9})(ms|s|m)$/.exec(text) ?? [];
  const factor = UNITS.get(unit);
  return factor === undefined ? undefined : Number(count) * factor;
}

/** A time in the largest unit that is exact. */
export function printTime(ms: number): string {
  for (const [unit, factor] of [...UNITS].reverse()) {
    if (ms >= factor && ms % factor === 0) return `${ms / factor}${unit}`;
  }
  return `${ms}ms`;
}

/** What happens, without the end to which it happens and its place. */
export type Event =
  | Pick<EventStep, "kind">
  | Pick<ConnectionStep, "kind">
  | Pick<TimeStep, "kind" | "ms">;

/** What stands between `<` and `>`; nothing if the text is no event. */
export function parseEvent(text: string): Event | undefined {
  const [, kind, time] = /^<(open|close|drop|tls|turn|pause|silence)(?: +(\w+))?>$/.exec(text) ??
    [];
  if (kind === "pause" || kind === "silence") {
    const ms = time === undefined ? undefined : parseTime(time);
    return ms === undefined ? undefined : { kind, ms };
  }
  // The expression knows no other kinds.
  return kind === undefined || time !== undefined ? undefined : { kind } as Event;
}

/** An event as it is written. */
export function printEvent(event: Event): string {
  return "ms" in event ? `<${event.kind} ${printTime(event.ms)}>` : `<${event.kind}>`;
}

/** Whether a line outside content can only be meant as an event, though it is none. */
export function likeEvent(text: string): boolean {
  return /^<[A-Za-z][^<>@]*>$/.test(text);
}
