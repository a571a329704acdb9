/**
 * The text of a dialogue in its canonical layout, with its comments and without putting anything in.
 *
 * @module
 */

import type { ParseOptions } from "./parse.ts";
import { DialogueParser } from "./parse_dialogue.ts";
import { linesOf, type SourceLine } from "./parse_source.ts";
import type { Dialogue, Step } from "../step.ts";

/**
 * Lays out the text of a dialogue: no indentation, one blank behind each mark, no blanks at line ends,
 * one empty line at most, LF. Content, octets and comments keep what they say.
 *
 * @param text The text.
 * @param options Where it comes from, and how it reads the files it includes.
 * @returns The text in its layout. It reads as the same dialogue.
 * @throws {DialogueSyntaxError} If the text is no dialogue.
 *
 * @example Usage
 * ```ts
 * import { formatDialogue } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(formatDialogue("# mine\r\n\tS:220 mx \n\n\nC:   QUIT"), "# mine\nS: 220 mx\n\nC: QUIT\n");
 * ```
 */
export function formatDialogue(text: string, options: ParseOptions = {}): string {
  const { file = "" } = options;
  const lines = linesOf(text, file);
  const dialogue = new DialogueParser(options).whole(lines);
  const said = spokenLines(dialogue, file);
  const laidOut: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as SourceLine; // within bounds
    const bare = line.text.trimStart();
    const tag = /^[CS]<< *(?:raw +)?(\w+) *$/.exec(bare)?.[1];
    if (tag === undefined) {
      laidOut.push(layOut(bare, said.has(line.at.line)));
      continue;
    }
    // What stands inside is octets.
    laidOut.push(bare.trimEnd().replace(/^(.<<) */, "$1").replace(/^(.<<raw) */, "$1 "));
    for (at++; at < lines.length; at++) {
      const inside = lines[at]?.text ?? "";
      laidOut.push(inside);
      if (inside === tag) break;
    }
  }
  const kept = laidOut.filter((line, at) => line !== "" || (at > 0 && laidOut[at - 1] !== ""));
  while (kept.at(-1) === "") kept.pop();
  return kept.map((line) => `${line}\n`).join("");
}

/** The lines of a file on which a command or a line of a reply stands: their outer blanks do not count. */
function spokenLines({ steps }: Dialogue, file: string): ReadonlySet<number> {
  const said = new Set<number>();
  const content = new Set<number>();
  const visit = (step: Step) => {
    if (step.kind === "block") step.arms.forEach((arm) => arm.forEach(visit));
    const lines = step.kind === "line" && step.content ? content : said;
    const places = step.kind === "reply" ? [step, ...step.lines] : [step];
    for (const { at } of places) if (at.file === file) lines.add(at.line);
  };
  steps.forEach(visit);
  // A procedure may say the same line as a command and as content.
  for (const line of content) said.delete(line);
  return said;
}

function layOut(bare: string, said: boolean): string {
  const line = bare.trimEnd();
  if (line === "" || line.startsWith("#")) return line;
  if (line.startsWith("}")) return line === "}" ? line : "} or {";
  if (line.startsWith("@")) {
    const spaced = line.replace(/^(@\w+)[ \t]+/, "$1 ");
    return /^@(?:repeat|each|when|alt|proc)\b/.test(line)
      ? spaced.replace(/[ \t]*\{$/, " {")
      : spaced;
  }
  const both = /^C *& *S: *(.*)$/.exec(line);
  if (both !== null) return `C & S: ${both[1]}`;
  const [, mark = "", rest = ""] = /^([CS][:?!~*<|](?:raw)?)(.*)$/s.exec(bare) ?? [];
  // Octets and content keep their blanks; what a procedure says that nobody calls may be content.
  if (mark.endsWith("|")) return bare;
  if (mark.endsWith(":") && !said) {
    return rest === "" || rest.startsWith(" ") ? bare : `${mark} ${rest}`;
  }
  const text = rest.trim();
  return text === "" ? mark : `${mark} ${text}`;
}
