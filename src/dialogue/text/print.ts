/**
 * The form of a dialogue to its text, in the one canonical layout.
 *
 * @module
 */

import { DialogueSyntaxError, placeOf } from "../errors.ts";
import { parseDialogue } from "./parse.ts";
import { DEFAULT_MATCH } from "./parse_header.ts";
import { printTime } from "./parse_event.ts";
import { stuffed } from "../octets.ts";
import { printValue } from "./parse_words.ts";
import { printSteps } from "./print_step.ts";
import type { Dialogue, OnRule } from "../step.ts";
import { quotable } from "../template.ts";

/**
 * Writes a dialogue as text. What was included is written out.
 *
 * @param dialogue Its form.
 * @returns The text. {@linkcode parseDialogue} makes the same form of it, places apart.
 * @throws {TypeError} If no text says the same, for example because a command has a blank at its end
 * or a value holds a line end.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, printDialogue } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(printDialogue(parseDialogue("S:220  mx\n\nC:   QUIT\n")), "@smtp\nS: 220  mx\nC: QUIT\n");
 * ```
 */
export function printDialogue(dialogue: Dialogue): string {
  const text = [...head(dialogue), ...printSteps(dialogue), ...dialogue.on.map(printRule), ""]
    .join("\n");
  checkText(text, dialogue);
  return text;
}

/**
 * Writes dialogues as a Markdown text: a heading and a fence for each.
 *
 * @param dialogues The dialogues.
 * @returns The text, as {@linkcode parseMarkdown} reads it.
 * @throws {TypeError} As {@linkcode printDialogue}.
 *
 * @example Usage
 * ```ts
 * import { parseMarkdown, printMarkdown } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const fence = "\u0060".repeat(3);
 * const text = `# Hello\n\n${fence}smtp\n@smtp\n@name Hello\nS: 220 mx\n${fence}\n`;
 * equal(printMarkdown(parseMarkdown(text)), text);
 * ```
 */
export function printMarkdown(dialogues: readonly Dialogue[]): string {
  return dialogues.map((dialogue) => {
    const text = printDialogue(dialogue);
    const heading = dialogue.name === "" ? "" : `# ${dialogue.name}\n\n`;
    // A fence is longer than any inside of it.
    const runs = [...text.matchAll(/`{3,}/g)].map(([run]) => run.length);
    const fence = "`".repeat(runs.reduce((most, run) => Math.max(most, run + 1), 3));
    return `${heading}${fence}${dialogue.protocol}\n${text}${fence}\n`;
  }).join("\n");
}

/** Whether a text says the same as a dialogue. */
export function isPrintable(dialogue: Dialogue): boolean {
  try {
    printDialogue(dialogue);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function head(dialogue: Dialogue): string[] {
  const { match, timeout, name } = dialogue;
  const lines = [`@${dialogue.protocol}`];
  if (name !== "") lines.push(`@name ${printValue(name)}`);
  for (const [variable, value] of Object.entries(dialogue.vars)) {
    lines.push(`@var ${variable} = ${printValue(value)}`);
  }
  for (const { name, sample } of dialogue.secrets) {
    lines.push(`@secret ${name}${sample === undefined ? "" : ` = ${printValue(sample)}`}`);
  }
  const server = match.server === DEFAULT_MATCH.server ? [] : [match.server];
  const client = match.client === DEFAULT_MATCH.client ? [] : [`client=${match.client}`];
  if (server.length + client.length > 0) lines.push(["@match", ...server, ...client].join(" "));
  if (timeout !== undefined) lines.push(`@timeout ${printTime(timeout)}`);
  lines.push(...dialogue.require.map((capability) => `@require ${capability}`));
  if (dialogue.fragment) lines.push("@fragment");
  return lines;
}

function printRule({ verb, pattern, times, action }: OnRule): string {
  const words = ["@on", verb];
  if (pattern !== undefined) {
    words.push(
      /^[^\s"]+$/.test(pattern) && !/^(?:x\d+|->)$/.test(pattern)
        ? pattern
        : `"${quotable(pattern)}"`,
    );
  }
  if (times !== undefined) words.push(`x${times}`);
  words.push("->");
  if (action.kind === "reply") words.push(action.text);
  else if (action.kind === "delay") words.push("delay", printTime(action.ms));
  else words.push(action.kind);
  return words.join(" ");
}

/** Whether a text says what it was written for: the promise is kept by looking. */
function checkText(text: string, dialogue: Dialogue): void {
  let read: Dialogue;
  try {
    read = parseDialogue(text);
  } catch (cause) {
    if (!(cause instanceof DialogueSyntaxError)) throw cause;
    throw new TypeError(`Cannot print the dialogue "${dialogue.name}": ${cause.message}`, {
      cause,
    });
  }
  const wanted = comparable({ ...dialogue, steps: [] });
  if (comparable({ ...read, steps: [] }) !== wanted) {
    throw new TypeError(`Cannot print the dialogue "${dialogue.name}": its head has no text`);
  }
  const strange = dialogue.steps.find((step, at) =>
    comparable(step) !== comparable(read.steps[at])
  );
  if (strange !== undefined || read.steps.length !== dialogue.steps.length) {
    const where = strange === undefined ? "" : ` (${strange.kind}, ${placeOf(strange.at)})`;
    throw new TypeError(
      `Cannot print the dialogue "${dialogue.name}": no text says the same as a step${where}`,
    );
  }
}

/** A value as text in which the order of fields, places, and how octets are written do not count. */
function comparable(value: unknown): string {
  return JSON.stringify(value, (key, field: unknown) => {
    if (key === "at" || key === "timeoutAt") return undefined;
    if (field instanceof Uint8Array) return String(field);
    if (typeof field !== "object" || field === null || Array.isArray(field)) return field;
    const entries = Object.entries(onWire(field));
    return Object.fromEntries(entries.sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** Content as the octets that are written, which is what two ways to write it have in common. */
function onWire(step: object): object {
  if (!("stuffed" in step && "from" in step && step.from instanceof Uint8Array)) return step;
  return { ...step, stuffed: false, from: step.stuffed === true ? stuffed(step.from) : step.from };
}
