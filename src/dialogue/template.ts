/**
 * Lines with holes: from text, to text, and to the line that is sent.
 *
 * In a run of `$` before a `{`, two stand for one; what is left over opens a hole. So `$${` is a
 * literal `${`, and any text can stand before any hole.
 *
 * @module
 */

import { problem } from "./errors.ts";
import type { Codec, Position, Template, TemplatePart } from "./step.ts";

/** The name of a hole, a secret, a procedure, an outcome. */
export const NAME: RegExp = /^[A-Za-z][A-Za-z0-9_]*$/;

/** The most octets that `${repeat}` makes. */
const MAX_REPEATED = 1024 * 1024;

/** What `${repeat}` holds; of the control characters it has all but the end of a line. */
const REPEAT =
  /^repeat +(\d{1,8}) +"((?:[^"\\]|\\["\\]|\\x(?!0a)(?:[01][0-9a-f]|7f))*)"(?:=(.*))?$/;

/** A part that is not plain text. */
export type Hole = Exclude<TemplatePart, { readonly kind: "text" }>;

const NOWHERE: Position = { file: "", line: 1, column: 1 };
const encoder = new TextEncoder();

/** The names each codec takes, in their order. */
const OPERANDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["b64", ["name"]],
  ["plain", ["user", "secret"]],
  ["xoauth2", ["user", "secret"]],
  ["cram", ["challenge", "user", "secret"]],
  ["apop", ["stamp", "secret"]],
]);

/**
 * Reads a line with holes.
 *
 * @param text The line, without its end.
 * @param at Where it begins, for errors.
 * @returns Its parts.
 * @throws {DialogueSyntaxError} If a hole is not one.
 *
 * @example Usage
 * ```ts
 * import { parseLineTemplate } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(parseLineTemplate("OK ${qid=ABC}, $${literal}"), [
 *   { kind: "text", text: "OK " },
 *   { kind: "hole", name: "qid", int: false, sample: "ABC" },
 *   { kind: "text", text: ", ${literal}" },
 * ]);
 * ```
 */
export function parseTemplate(text: string, at: Position = NOWHERE): Template {
  const parts: TemplatePart[] = [];
  let literal = "";
  let from = 0;
  for (const { index, 0: run } of text.matchAll(/(?<!\$)\$+\{/g)) {
    if (index < from) continue; // inside the hole before
    const dollars = run.length - 1;
    literal += text.slice(from, index) + "$".repeat(dollars >> 1);
    from = index + dollars;
    if (dollars % 2 === 0) continue;
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
    const end = holeEnd(text, from + 1);
    const place = { ...at, column: at.column + from - 1 };
    if (end < 0) problem(place, text.slice(from - 1), '"}" at the end of the hole');
    parts.push(parseHole(text.slice(from + 1, end), place));
    from = end + 1;
  }
  literal += text.slice(from);
  if (literal !== "") parts.push({ kind: "text", text: literal });
  return parts;
}

/** The `}` of a hole; one in quotes is none. */
function holeEnd(text: string, from: number): number {
  const quoted = /repeat +\d+ +"(?:[^"\\]|\\.)*"/y;
  quoted.lastIndex = from;
  return text.indexOf("}", quoted.test(text) ? quoted.lastIndex : from);
}

function parseHole(inside: string, at: Position): Hole {
  const repeated = REPEAT.exec(inside);
  if (repeated !== null) {
    const [, count = "", text = "", sample] = repeated;
    const value: Codec = { codec: "repeat", count: Number(count), text: parseRepeated(text) };
    if (value.count * encoder.encode(value.text).length > MAX_REPEATED) {
      problem(at, `\${${inside}}`, "at most 1 MiB");
    }
    return { kind: "codec", value, ...sampled(sample) };
  }
  const equals = inside.indexOf("=");
  const sample = equals < 0 ? undefined : inside.slice(equals + 1);
  const [word = "", ...names] = (equals < 0 ? inside : inside.slice(0, equals)).split(/ +/);
  if (names.length === 0) {
    if (word === "_") return { kind: "any", ...sampled(sample) };
    if (word === "len") return { kind: "codec", value: { codec: "len" }, ...sampled(sample) };
    const [name = "", type] = word.split(":", 2);
    if (NAME.test(name) && (type === undefined || word === `${name}:int`)) {
      const int = type !== undefined;
      if (int && sample !== undefined && !/^\d+$/.test(sample)) {
        problem(at, sample, "a sample of digits");
      }
      return { kind: "hole", name, int, ...sampled(sample) };
    }
  }
  const operands = OPERANDS.get(word);
  if (operands?.length === names.length && names.every((name) => NAME.test(name))) {
    const values = Object.fromEntries(operands.map((operand, index) => [operand, names[index]]));
    // The table has the fields of each codec.
    return { kind: "codec", value: { codec: word, ...values } as Codec, ...sampled(sample) };
  }
  problem(at, `\${${inside}}`, 'a hole, as "${name}", "${n:int}", "${_}" or "${b64 name}"');
}

/** The text of a repeat, in which `\x1b` is a control character. */
function parseRepeated(text: string): string {
  return text.replace(
    /\\(?:x(..)|(.))/g,
    (_, hex: string | undefined, plain: string) =>
      hex === undefined ? plain : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function printRepeated(text: string): string {
  return quotable(text).replace(
    // deno-lint-ignore no-control-regex -- finding control characters is what it is for
    /[\x00-\x08\x0b-\x1f\x7f]/g,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function sampled(sample: string | undefined): { readonly sample?: string } {
  return sample === undefined ? {} : { sample };
}

/**
 * Writes a line with holes.
 *
 * @param template Its parts.
 * @returns The text that {@linkcode parseTemplate} reads.
 * @throws {TypeError} If a sample holds `}`, which ends a hole.
 *
 * @example Usage
 * ```ts
 * import { parseLineTemplate, printLineTemplate } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(printLineTemplate(parseLineTemplate("OK ${qid=ABC}, $${literal}")), "OK ${qid=ABC}, $${literal}");
 * ```
 */
export function printTemplate(template: Template): string {
  return template.map((part, index) => {
    if (part.kind !== "text") return printHole(part);
    const escaped = part.text.replace(/(?<!\$)\$+(?=\{)/g, "$&$&");
    return index + 1 < template.length ? escaped.replace(/(?<!\$)\$+$/, "$&$&") : escaped;
  }).join("");
}

function printHole(hole: Hole): string {
  if (hole.sample?.includes("}")) {
    throw new TypeError(`Cannot print the sample "${hole.sample}": "}" ends a hole`);
  }
  return `\${${insideOf(hole)}${hole.sample === undefined ? "" : `=${hole.sample}`}}`;
}

function insideOf(hole: Hole): string {
  if (hole.kind === "any") return "_";
  if (hole.kind === "hole") return `${hole.name}${hole.int ? ":int" : ""}`;
  const { value } = hole;
  if (value.codec === "len") return "len";
  if (value.codec === "repeat") return `repeat ${value.count} "${printRepeated(value.text)}"`;
  return [value.codec, ...namesOf(hole)].join(" ");
}

/**
 * The names in a hole, in the order in which they are written.
 *
 * @param hole A hole.
 * @returns Its name, or those its codec takes.
 */
export function namesOf(hole: Hole): readonly string[] {
  if (hole.kind === "any") return [];
  if (hole.kind === "hole") return [hole.name];
  const { value } = hole;
  switch (value.codec) {
    case "b64":
      return [value.name];
    case "plain":
    case "xoauth2":
      return [value.user, value.secret];
    case "cram":
      return [value.challenge, value.user, value.secret];
    case "apop":
      return [value.stamp, value.secret];
    case "len":
    case "repeat":
      return [];
  }
}

/**
 * Fills the holes of a line.
 *
 * @param template Its parts.
 * @param valueOf What stands in a hole; nothing if that is not known.
 * @returns The line, or nothing if a hole could not be filled.
 */
export function fillTemplate(
  template: Template,
  valueOf: (hole: Hole) => string | undefined,
): string | undefined {
  let line = "";
  for (const part of template) {
    const value = part.kind === "text" ? part.text : valueOf(part);
    if (value === undefined) return undefined;
    line += value;
  }
  return line;
}

/**
 * A text as a line without holes.
 *
 * @param text The text.
 * @returns Its one part; none for an empty text.
 */
export function literal(text: string): Template {
  return text === "" ? [] : [{ kind: "text", text }];
}

/** The text between quotes without its backslashes. */
export function unquoted(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}

/** The text as it stands between quotes. */
export function quotable(text: string): string {
  return text.replace(/["\\]/g, "\\$&");
}
