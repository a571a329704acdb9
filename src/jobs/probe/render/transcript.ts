/**
 * The transcript for people: who said what, inside TLS or not, expected or not.
 *
 * @module
 */

import { escapeControls } from "../../../wire/mod.ts";
import type { TranscriptLine } from "../result.ts";
import { PLAIN_STYLE, type TextStyle } from "./style.ts";
import { formatMs } from "./time.ts";

/** How lines are shown. */
export interface TranscriptView {
  /** Which lines: what we sent, what we received. @default Both. */
  readonly only?: readonly ("sent" | "received")[] | undefined;
  /** Shows when it was said. @default {false} */
  readonly times?: boolean;
  /** The paint. @default {PLAIN_STYLE} */
  readonly style?: TextStyle;
}

const TURNS: Readonly<Partial<Record<TranscriptLine["kind"], string>>> = {
  open: "connected",
  tls: "TLS is on",
  turn: "the roles are reversed",
  close: "closed",
};

/**
 * Writes one line: `->` is sent, `<-` received, with `~` inside TLS; `**` marks refusals and what came
 * unasked.
 *
 * @param number Its place in the transcript.
 * @param line The line.
 * @param view How it is shown.
 * @returns The text without a line end; `undefined` if it is not to be shown.
 *
 * @example Usage
 * ```ts
 * import { formatTranscriptLine } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const line = { at: 12, end: "S", tls: true, kind: "line", text: "550 No", unexpected: true } as const;
 * equal(formatTranscriptLine(7, line), "   7  <~** 550 No");
 * ```
 */
export function formatTranscriptLine(
  number: number,
  line: TranscriptLine,
  view: TranscriptView = {},
): string | undefined {
  const { only, times = false, style = PLAIN_STYLE } = view;
  const { end, tls, kind, unexpected, octets } = line;
  const direction = end === "C" ? "sent" : "received";
  if (only !== undefined && !(only.includes(direction) && TURNS[kind] === undefined)) {
    return undefined;
  }
  const said = kind === "line" || kind === "content";
  const arrow = end === "C" ? (tls ? "~>" : "->") : tls ? "<~" : "<-";
  const mark = said ? `${arrow}${unexpected ? "**" : "  "}` : "==  ";
  const text = kind === "content"
    ? `(${octets} octets of the message)`
    : TURNS[kind] ?? escapeControls(line.text);
  const paint = unexpected ? style.red : said ? (end === "C" ? style.cyan : same) : style.dim;
  const time = times ? `${style.dim(formatMs(line.at).padStart(9))}  ` : "";
  return `${style.dim(`${number}`.padStart(4))}  ${time}${paint(`${mark} ${text}`.trimEnd())}`;
}

function same(text: string): string {
  return text;
}
