/**
 * Steps as lines of text.
 *
 * @module
 */

import { printEvent, printTime } from "./parse_event.ts";
import { stuffed } from "../octets.ts";
import { octetsToLines, printOctets } from "./parse_octets.ts";
import { printValue } from "./parse_words.ts";
import type { BlockStep, BytesStep, Dialogue, End, ReplyLine, ReplyStep, Step } from "../step.ts";
import { printTemplate, quotable } from "../template.ts";

/** Writes the steps of a dialogue, one line for each item. */
export function printSteps({ steps, protocol }: Pick<Dialogue, "steps" | "protocol">): string[] {
  const pop3 = protocol === "pop3";
  const lines: string[] = [];
  for (const step of steps) {
    if (step.after !== undefined) lines.push(`#+${printTime(step.after)}`);
    const attributes = attributesOf(step);
    if (attributes.length > 0) lines.push(["@step", ...attributes].join(" "));
    if (step.kind === "block") lines.push(...block(step, protocol));
    else if (step.kind === "reply") lines.push(...reply(step, pop3));
    else lines.push(...single(step));
  }
  return lines;
}

function attributesOf({ match, within, soft, label }: Step): string[] {
  const words: string[] = [];
  if (match !== undefined) words.push(`match=${match}`);
  if (within !== undefined) words.push(`within=${printTime(within)}`);
  if (soft === true) words.push("soft");
  if (label !== undefined) {
    words.push(`label=${/^[^\s"]+$/.test(label) ? label : `"${quotable(label)}"`}`);
  }
  return words;
}

function single(step: Exclude<Step, BlockStep | ReplyStep>): string[] {
  switch (step.kind) {
    case "line":
      return [marked(`${step.end}:`, printTemplate(step.template))];
    case "content":
      return [`${step.end}*`];
    case "bytes":
      return bytes(step);
    case "auth":
      return [`@auth ${step.mechanism} ${step.user} ${step.secret}`];
    case "tls":
    case "turn":
      return [`C & S: ${printEvent(step)}`];
    case "open":
    case "close":
    case "drop":
    case "pause":
    case "silence":
      return [`${step.end}: ${printEvent(step)}`];
    case "delay":
      return [`@delay ${step.end} ${step.ms === 0 ? "0" : printTime(step.ms)}`];
    case "chunk":
      return [`@chunk ${step.end} ${step.size}`];
    case "outcome":
      return [`@outcome ${step.name}`];
  }
}

function marked(mark: string, text: string): string {
  return text === "" ? mark : `${mark} ${text}`;
}

function bytes({ end, from, stuffed: dots }: BytesStep): string[] {
  if (!(from instanceof Uint8Array)) return [`${end}<${dots ? "" : "raw"} ${from.path}`];
  const lines = octetsToLines(from);
  // What is short is best seen as it is; content is always lines.
  if (lines === undefined || (!dots && lines.length < 3)) {
    return [`${end}|${printOctets(dots ? stuffed(from) : from)}`];
  }
  let tag = "END";
  while (lines.includes(tag)) tag += "_";
  return [`${end}<<${dots ? "" : "raw "}${tag}`, ...lines, tag];
}

function reply({ end, lines, forbid }: ReplyStep, pop3: boolean): string[] {
  const [first] = lines;
  const body = pop3 && (lines.length > 1 || (first?.kind === "line" && first.more));
  return [
    ...lines.map((line) => printReplyLine(line, end)),
    ...(body ? [`${end}: .`] : []),
    ...forbid.map((text) => `${end}! ${text}`),
  ];
}

/** Writes one line of a reply. */
export function printReplyLine(line: ReplyLine, end: End): string {
  if (line.kind === "rest") return `${end}*`;
  if (line.kind === "pattern") {
    const sample = line.sample === undefined ? "" : ` = ${line.sample}`;
    return `${end}~ /${line.pattern}/${sample}`;
  }
  const { code, text } = line;
  const mark = line.optional ? `${end}?` : `${end}:`;
  const smtp = /^\d|xx$/.test(code[0] ?? "");
  const codes = code.length > 1 ? `{${code.join("|")}}` : code.join("");
  const hyphen = smtp && line.more ? "-" : "";
  const rest = text === undefined ? "" : printTemplate(text);
  const blank = codes !== "" && hyphen === "" && text !== undefined ? " " : "";
  return marked(mark, `${codes}${hyphen}${blank}${rest}`);
}

function block(step: BlockStep, protocol: Dialogue["protocol"]): string[] {
  const lines = [`@${step.how}${blockHead(step)} {`];
  step.arms.forEach((arm, index) => {
    if (index > 0) lines.push("} or {");
    lines.push(...printSteps({ steps: arm, protocol }));
  });
  return [...lines, "}"];
}

function blockHead(step: BlockStep): string {
  switch (step.how) {
    case "repeat":
      return ` ${step.count}`;
    case "each":
      return ` ${step.name} in ${step.values.map((value) => printValue(value, ",")).join(", ")}`;
    case "when":
      return ` ${step.capability}`;
    case "alt":
      return "";
  }
}
