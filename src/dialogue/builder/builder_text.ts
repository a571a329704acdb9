/**
 * Texts as the builder writes them: `queued as {qid}`, where `{{` is a brace.
 *
 * @module
 */

import { escapeControls } from "../../wire/mod.ts";
import type { Template, TemplatePart } from "../step.ts";
import { NAME } from "../template.ts";

/**
 * Reads a text with holes.
 *
 * @param text `{qid}`, `{n:int}`, `{qid=sample}`, `{_}`; `{{` is a brace.
 * @throws {TypeError} If a hole is not one, or a control character is in it.
 */
export function parseBuilderText(text: string): Template {
  checkText(text);
  const parts: TemplatePart[] = [];
  let literal = "";
  let rest = text;
  for (let at = rest.indexOf("{"); at >= 0; at = rest.indexOf("{")) {
    literal += rest.slice(0, at);
    if (rest[at + 1] === "{") {
      literal += "{";
      rest = rest.slice(at + 2);
      continue;
    }
    const end = rest.indexOf("}", at);
    if (end < 0) throw new TypeError(`Cannot use "${text}": a hole has no end; "{{" is a brace`);
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
    parts.push(parseHole(rest.slice(at + 1, end), text));
    rest = rest.slice(end + 1);
  }
  literal += rest;
  if (literal !== "") parts.push({ kind: "text", text: literal });
  return parts;
}

function parseHole(inside: string, text: string): TemplatePart {
  const [, word = "", , sample] = /^([^=]*)(=(.*))?$/.exec(inside) ?? [];
  const sampled = sample === undefined ? {} : { sample };
  if (word === "_") return { kind: "any", ...sampled };
  const int = word.endsWith(":int");
  const name = int ? word.slice(0, -":int".length) : word;
  if (!NAME.test(name)) throw new TypeError(`Cannot use "${text}": "{${inside}}" is no hole`);
  if (int && sample !== undefined && !/^\d+$/.test(sample)) {
    throw new TypeError(`Cannot use "${text}": the sample of "${name}" is no number`);
  }
  return { kind: "hole", name, int, ...sampled };
}

/**
 * Refuses a text that is more than a line, or holds what no line may (T-I42).
 *
 * @param text The text.
 * @throws {TypeError} If a control character is in it.
 */
export function checkText(text: string): void {
  // deno-lint-ignore no-control-regex -- finding control characters is what it is for
  if (!/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) return;
  throw new TypeError(`Cannot use "${escapeControls(text)}": it holds a control character`);
}
