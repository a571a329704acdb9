/**
 * The fences of a Markdown text that hold dialogues.
 *
 * @module
 */

import { problem } from "../errors.ts";
import type { SourceLine } from "./parse_source.ts";
import type { DialogueProtocol } from "../step.ts";

/** A dialogue in a Markdown text. */
export interface Fence {
  /** The heading before it. */
  readonly name: string;
  /** What the fence says is spoken. */
  readonly protocol: DialogueProtocol;
  /** Its lines. */
  readonly lines: readonly SourceLine[];
}

/** Finds the fences of dialogues; others are passed over. */
export function fencesOf(lines: readonly SourceLine[]): readonly Fence[] {
  const fences: Fence[] = [];
  let name = "";
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as SourceLine; // within bounds
    const heading = /^ {0,3}#{1,6} +(.*?)(?: +#+)? *$/.exec(line.text);
    if (heading !== null) name = heading[1] ?? "";
    const [, ticks, info = ""] = /^ {0,3}(`{3,}|~{3,}) *([^`]*)$/.exec(line.text) ?? [];
    if (ticks === undefined) continue;
    const close = new RegExp(`^ {0,3}${ticks[0]}{${ticks.length},} *$`);
    const from = ++at;
    while (at < lines.length && !close.test(lines[at]?.text ?? "")) at++;
    const [, protocol] = /^(smtp|lmtp|pop3)(?: |$)/.exec(info) ?? [];
    if (protocol === undefined) continue;
    if (at === lines.length) problem(line.at, line.text.trim(), `a closing "${ticks}" below`);
    // The expression knows only protocols.
    fences.push({ name, protocol: protocol as DialogueProtocol, lines: lines.slice(from, at) });
  }
  return fences;
}
