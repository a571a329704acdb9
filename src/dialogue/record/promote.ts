/**
 * Takes over what was heard: the texts that a dialogue expects become those of a session.
 *
 * @module
 */

import type { TranscriptEvent } from "../../wire/mod.ts";
import { checkTranscript } from "../engine/check.ts";
import { placeOf } from "../errors.ts";
import type { DialogueReply } from "../result.ts";
import type { Dialogue, ReplyLine, ReplyStep, Step } from "../step.ts";
import { literal } from "../template.ts";
import { printReplyLine } from "../text/print_step.ts";
import { verbOf } from "../text/secret_places.ts";
import { sayable } from "./sayable.ts";

/** The file of a dialogue. */
export interface DialogueSource {
  /** Its path, as it stands in the positions of the dialogue. */
  readonly file: string;
  /** What is in it. */
  readonly text: string;
}

/**
 * Rewrites the texts of replies where a session had others, whole lists of lines too. Codes, holes and
 * what stands in included files stay; of EHLO and CAPA the parameters of what is listed are renewed, and
 * nothing is added to the list.
 *
 * @param dialogue The dialogue.
 * @param source The file that it was read from.
 * @param transcript What was said, as the events of one connection.
 * @returns The new text of the file.
 * @throws {DialogueError} If the session went otherwise: other codes, other commands.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, promoteDialogue, selfPlay } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * const { client } = await selfPlay(parseDialogue("@smtp\nS: 220 mx ready\nC: NOOP\nS: 250 fine\n"));
 * const text = "@smtp\nS: 220 mx\nC: NOOP\nS: {250|251} ok\n";
 * const dialogue = parseDialogue(text, { file: "noop.dialogue" });
 * const renewed = await promoteDialogue(dialogue, { file: "noop.dialogue", text }, client.transcript);
 * equal(renewed, "@smtp\nS: 220 mx ready\nC: NOOP\nS: {250|251} fine\n");
 * ```
 */
export async function promoteDialogue(
  dialogue: Dialogue,
  { file, text }: DialogueSource,
  transcript: readonly TranscriptEvent[],
): Promise<string> {
  const { replies } = await checkTranscript(withoutTexts(dialogue), transcript, {
    match: { server: "code" },
  });
  const heard = Map.groupBy(replies, ({ at }) => at === undefined ? "" : placeOf(at));
  const lines = text.split("\n");
  for (const step of repliesOf(dialogue.steps, file)) {
    const [reply, ...others] = heard.get(placeOf(step.at)) ?? [];
    // What is heard in each turn of a loop otherwise is not for one text.
    if (reply === undefined || others.some((other) => !isSame(reply, other))) continue;
    const fresh = renewed(step, reply);
    if (fresh !== undefined) rewrite(lines, step, fresh);
  }
  return lines.join("\n");
}

function isSame(one: DialogueReply, other: DialogueReply): boolean {
  return one.lines.join("\n") === other.lines.join("\n");
}

/**
 * The replies that stand in a file, each once however often it is called, and from the end on, so that
 * the places of the others stay what they are.
 */
function repliesOf(steps: readonly Step[], file: string): readonly ReplyStep[] {
  const byPlace = new Map<string, ReplyStep>();
  const visit = (step: Step): void => {
    if (step.kind === "block") step.arms.flat().forEach(visit);
    if (step.kind === "reply" && step.at.file === file) byPlace.set(placeOf(step.at), step);
  };
  steps.forEach(visit);
  return [...byPlace.values()].sort((one, other) => other.at.line - one.at.line);
}

// What a session may differ in

/** The dialogue without what is to be taken over, which would refuse the session. */
function withoutTexts(dialogue: Dialogue): Dialogue {
  let verb = "";
  const loosened = (steps: readonly Step[]): readonly Step[] =>
    steps.map((step): Step => {
      if (step.kind === "line" && !step.content) verb = verbOf(step);
      if (step.kind === "reply") return loose(step, offers(verb));
      // Each kind of block keeps its arms.
      return step.kind === "block" ? { ...step, arms: step.arms.map(loosened) } as Step : step;
    });
  return { ...dialogue, steps: loosened(dialogue.steps) };
}

function loose({ match: _, ...step }: ReplyStep, listed: boolean): ReplyStep {
  const [first] = step.lines;
  const last = step.lines.at(-1);
  if (first?.kind !== "line" || last?.kind !== "line") return step;
  // POP3: below the level of texts a body is judged by its holes alone.
  if (last.code.length === 0 && !listed) return { ...step, lines: step.lines.map(bare) };
  if (listed) {
    return {
      ...step,
      lines: step.lines.map((line) => line === first ? bare(line) : keyed(line)),
    };
  }
  if (!step.lines.every(isLiteral)) return { ...step, lines: step.lines.map(bare) };
  const { text: __, ...code } = { ...last, at: first.at };
  return { ...step, lines: [code] };
}

function bare(line: ReplyLine): ReplyLine {
  if (!isLiteral(line) || line.code.length === 0) return line;
  const { text: _, ...code } = line;
  return code;
}

function keyed(line: ReplyLine): ReplyLine {
  return isLiteral(line) ? { ...line, text: literal(keywordOf(textOf(line))) } : line;
}

// What is taken over

/** The lines of a reply as they were heard; nothing if they are none that could be written so. */
function renewed(
  step: ReplyStep,
  { lines, to = "" }: DialogueReply,
): readonly ReplyLine[] | undefined {
  const [first, ...rows] = step.lines;
  if (first === undefined) return undefined;
  const said = (line: ReplyLine, text: string | undefined): ReplyLine =>
    text === undefined || !isLiteral(line) ? line : { ...line, text: literal(text) };
  if (offers(to.split(" ", 1)[0] ?? "")) {
    const heard = new Map(lines.slice(1).map((line) => [keywordOf(line), line]));
    const greeting = hasText(first) ? said(first, lines[0]) : first;
    return [greeting, ...rows.map((line) => said(line, heard.get(keywordOf(textOf(line)))))];
  }
  if (rows.length === 0 && !hasText(first)) return undefined;
  const head = hasText(first) ? said(first, lines[0]) : first;
  if (step.lines.length === lines.length) {
    return [head, ...rows.map((line, index) => said(line, lines[index + 1]))];
  }
  const [row = first] = rows;
  if (!step.lines.every(isLiteral) || row.kind !== "line" || head.kind !== "line") return undefined;
  // A POP3 reply of which only the first line is written has a body that nobody looks at.
  if (first.kind === "line" && /^[+-]/.test(first.code[0] ?? "") && rows.length === 0) {
    return [head];
  }
  const body = row.code.length === 0;
  return [
    { ...head, more: body || lines.length > 1 },
    ...lines.slice(1).map((line, index): ReplyLine => ({
      ...row,
      more: !body && index + 2 < lines.length,
      text: literal(line),
    })),
  ];
}

function rewrite(source: string[], step: ReplyStep, fresh: readonly ReplyLine[]): void {
  const [said] = sayable([{ ...step, lines: fresh }]);
  if (said?.kind !== "reply") return;
  const places = step.lines.map(({ at }) => at.line - 1);
  const [, indent = "", end = ""] = /^([ \t]*).*?(\r?)$/.exec(source[places[0] ?? 0] ?? "") ?? [];
  const texts = said.lines.map((line) => `${indent}${printReplyLine(line, step.end)}${end}`);
  // Comments between the lines stay where they are; further lines stand before the last one.
  for (const place of places.slice(texts.length).toReversed()) source.splice(place, 1);
  const kept = places.slice(0, texts.length);
  const last = kept.at(-1) ?? 0;
  kept.forEach((place, index) => source[place] = texts[index] ?? "");
  source.splice(last + 1, 0, ...texts.slice(kept.length));
}

function isLiteral(line: ReplyLine): line is ReplyLine & { readonly kind: "line" } {
  return line.kind === "line" && !line.optional &&
    (line.text ?? []).every(({ kind }) => kind === "text");
}

function hasText(line: ReplyLine): boolean {
  return line.kind === "line" && line.text !== undefined;
}

function textOf(line: ReplyLine): string {
  const [part] = line.kind === "line" ? line.text ?? [] : [];
  return part?.kind === "text" ? part.text : "";
}

function offers(verb: string): boolean {
  return /^(?:EHLO|LHLO|CAPA)$/i.test(verb);
}

/** `AUTH` and `AUTH=`, which was said before RFC 2554, are two lines. */
function keywordOf(text: string): string {
  return (/^[^\s=]*=?/.exec(text)?.[0] ?? "").toUpperCase();
}
