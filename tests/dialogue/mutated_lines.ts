/**
 * Commands, content and octets with one thing changed.
 *
 * @module
 */

import type { BytesStep, LineStep, LineTemplate } from "../../src/dialogue/mod.ts";
import { type Changed, type Course, type Mutation, printed } from "./mutation.ts";

/** Another verb, another argument, one argument less; another line of content. */
export function changesOfLine(step: LineStep, course: Course): readonly Changed[] {
  const [first] = step.template;
  const about = { line: step.at.line, end: step.end };
  const saying = (kind: Mutation, template: LineTemplate, change: string): Changed => ({
    ...about,
    kind,
    change,
    step: { ...step, template },
  });
  if (step.content) {
    const text = printed(step.template);
    if (text === ".") return [];
    return [saying("content", [...step.template, { kind: "text", text: "~" }], `${text}~`)];
  }
  if (first?.kind !== "text") return [];
  const [, verb = "", rest = ""] = /^(\S+)(.*)$/s.exec(first.text) ?? [];
  course.command = first.text;
  const changed: Changed[] = [
    saying("verb", [{ kind: "text", text: `XXXX${rest}` }, ...step.template.slice(1)], "XXXX"),
  ];
  for (const [at, text] of wordsOf(step.template)) {
    // The first word of the first part is the verb.
    if (at.part === 0 && at.index < verb.length) continue;
    const template = step.template.with(at.part, { kind: "text", text });
    changed.push(saying("argument", template, printed(template)));
  }
  const last = step.template.at(-1);
  const [, left] = last?.kind === "text" ? /^(.*\S) \S+$/s.exec(last.text) ?? [] : [];
  if (left !== undefined) {
    const template = step.template.with(-1, { kind: "text", text: left });
    changed.push(saying("argument", template, printed(template)));
  }
  return changed;
}

/** Another first octet. */
export function changesOfBytes(step: BytesStep): readonly Changed[] {
  if (!(step.from instanceof Uint8Array)) return [];
  const from = step.from.slice();
  const [first = 0] = from;
  from[0] = first ^ 1;
  const { end, at: { line } } = step;
  return [{ kind: "content", change: "its first octet", line, end, step: { ...step, from } }];
}

/** Each word of the text parts of a line with its last letter or digit changed. */
function* wordsOf(
  template: LineTemplate,
): Generator<[at: { readonly part: number; readonly index: number }, text: string]> {
  for (const [part, each] of template.entries()) {
    if (each.kind !== "text") continue;
    for (const { 0: word, index } of each.text.matchAll(/[A-Za-z0-9]+/g)) {
      const last = index + word.length - 1;
      const other = each.text[last] === "7" ? "8" : "7";
      yield [{ part, index }, each.text.slice(0, last) + other + each.text.slice(last + 1)];
    }
  }
}
