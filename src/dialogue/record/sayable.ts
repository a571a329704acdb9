/**
 * What was said, so that the text form can say it: there a line has no blanks around it and no control
 * characters, and a body has no line that looks like something else.
 *
 * @module
 */

import type { ReplyLine, Step, Template, TemplatePart } from "../step.ts";
import { literal } from "../template.ts";

/** What stands at an end of a line, and would be lost there; control characters anywhere. */
// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const LOST = /^[\s\x00-\x1f\x7f]+|[\s\x00-\x1f\x7f]+$|[\x00-\x08\x0b-\x1f\x7f]+/g;
/** What would be an event. */
const EVENT = /^<(?=.*>$)/;
/** What would be an event, the end of a body, or the reply behind it. */
const NO_BODY = /^(?:<(?=.*>$)|\.$|\+(?=(?:OK)?(?: |$))|-(?=ERR(?: |$)))/;
// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const CONTROL = /[\x00-\x1f\x7f]/;

/**
 * Makes steps of which each has a text.
 *
 * @param steps The steps, with lines as they were heard.
 * @returns The same, `${repeat}` where a line could not be written as it is.
 */
export function sayable(steps: readonly Step[]): readonly Step[] {
  return steps.map((step): Step => {
    if (step.kind === "line" && !step.content) {
      return { ...step, template: written(step.template, EVENT) };
    }
    if (step.kind !== "reply") return step;
    return { ...step, lines: step.lines.map(replyLine) };
  });
}

function replyLine(line: ReplyLine): ReplyLine {
  if (line.kind !== "line" || line.text === undefined) return line;
  const { text, ...rest } = line;
  const body = line.code.length === 0;
  // A code without a text is the same with a blank and without.
  return text.length === 0 ? rest : { ...rest, text: written(text, body ? NO_BODY : undefined) };
}

function written(template: Template, opening: RegExp | undefined): Template {
  return template.flatMap((part, index): Template => {
    if (part.kind !== "text") return [part];
    const whole = template.length === 1;
    const [open = ""] = whole && opening?.exec(part.text) || [];
    const parts: TemplatePart[] = open === "" ? [] : [repeated(open)];
    let from = open.length;
    for (const { 0: lost, index: at } of part.text.matchAll(LOST)) {
      const inner = CONTROL.test(lost.replaceAll("\t", ""));
      // Behind a code nothing is lost.
      const first = opening !== undefined && index === 0 && at === 0;
      const last = index === template.length - 1 && at + lost.length === part.text.length;
      if (!first && !last && !inner) continue;
      parts.push(...literal(part.text.slice(from, at)), repeated(lost));
      from = at + lost.length;
    }
    return [...parts, ...literal(part.text.slice(from))];
  });
}

/** A text that the form cannot hold as it is. */
function repeated(text: string): TemplatePart {
  const [first = ""] = text;
  const same = first.repeat(text.length) === text;
  const value = {
    codec: "repeat",
    count: same ? text.length : 1,
    text: same ? first : text,
  } as const;
  return { kind: "codec", value };
}
