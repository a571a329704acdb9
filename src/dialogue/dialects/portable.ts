/**
 * What belongs to one session only becomes a hole with a sample: names of hosts, dates, ids.
 *
 * @module
 */

import type { BlockStep, Dialogue, ReplyLine, ReplyStep, Step, Template } from "../step.ts";
import { literal } from "../template.ts";

/**
 * Makes a dialogue fit other hosts and times.
 *
 * @param dialogue Its form.
 * @returns The form with holes for EHLO names, dates, Message-IDs and queue ids.
 *
 * @example Usage
 * ```ts
 * import { makePortable, parseDialogue, printDialogue } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("S: 220 mx.example ESMTP\nC: EHLO me\nS: 250 mx.example\n");
 * equal(
 *   printDialogue(makePortable(dialogue)),
 *   "@smtp\nS: 220 ${host=mx.example} ESMTP\nC: EHLO ${client=me}\nS: 250 ${host}\n",
 * );
 * ```
 */
export function makePortable(dialogue: Dialogue): Dialogue {
  const taken = new Set([
    ...Object.keys(dialogue.vars),
    ...dialogue.secrets.map(({ name }) => name),
  ]);
  return { ...dialogue, steps: new Porter(taken, dialogue.fragment).steps(dialogue.steps) };
}

/** Text before, what becomes a hole, text behind. */
type Cut = readonly [before: string, value: string, behind: string];

class Porter {
  readonly #taken: Set<string>;
  readonly #values = new Map<string, string>();
  #verb = "";
  #greeted: boolean;

  constructor(taken: Set<string>, fragment: boolean) {
    this.#taken = taken;
    this.#greeted = fragment;
  }

  steps(steps: readonly Step[]): Step[] {
    return steps.map((step): Step => {
      if (step.kind === "block") {
        const arms = step.arms.map((arm) => this.steps(arm));
        return { ...step, arms } as BlockStep; // as many arms as before
      }
      if (step.kind === "line") {
        return {
          ...step,
          template: step.content ? this.#content(step.template) : this.#command(step.template),
        };
      }
      return step.kind === "reply" ? this.#reply(step) : step;
    });
  }

  #command(template: Template): Template {
    const text = textOf(template);
    if (text === undefined) return template;
    this.#verb = text.split(" ", 1)[0]?.toUpperCase() ?? "";
    return this.#cut(text, /^((?:EHLO|HELO|LHLO) +)(\S+)(.*)$/is, "client");
  }

  #reply(step: ReplyStep): ReplyStep {
    const opens = !this.#greeted || /^(?:EHLO|HELO|LHLO)$/.test(this.#verb);
    this.#greeted = true;
    this.#verb = "";
    return {
      ...step,
      lines: step.lines.map((line, index): ReplyLine => {
        const text = line.kind === "line" && line.text ? textOf(line.text) : undefined;
        if (line.kind !== "line" || text === undefined) return line;
        if (opens && index === 0 && line.code[0]?.startsWith("2")) {
          return {
            ...line,
            text: this.#cut(text, /^()([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(.*)$/s, "host"),
          };
        }
        return {
          ...line,
          text: this.#cut(text, /^(.*\bqueued as )([A-Za-z0-9.-]+)(.*)$/is, "qid"),
        };
      }),
    };
  }

  #content(template: Template): Template {
    const text = textOf(template);
    if (text === undefined) return template;
    const date = /^Date: +(.+)$/is.exec(text);
    if (date?.[1] !== undefined && !date[1].includes("}")) {
      // A hole takes no blanks, so each word is one.
      return date[1].split(/( +)/).reduce<Template>(
        (parts, word) =>
          /^ *$/.test(word)
            ? [...parts.slice(0, -1), ...joined(parts.at(-1), word)]
            : [...parts, { kind: "any", sample: word }],
        literal(text.slice(0, text.length - date[1].length)),
      );
    }
    return this.#cut(text, /^(Message-ID: *<)([^<>]+)(>.*)$/is, "messageId");
  }

  /** A hole for the second group; the same value has the same name. */
  #cut(text: string, expression: RegExp, base: string): Template {
    const found = expression.exec(text);
    if (found === null) return literal(text);
    const [, before, value, behind] = found as unknown as [string, ...Cut]; // three groups
    // It would end the hole.
    if (value.includes("}")) return literal(text);
    const known = this.#values.get(`${base} ${value}`);
    const name = known ?? this.#newName(base, value);
    const sample = known === undefined ? { sample: value } : {};
    return [...literal(before), { kind: "hole", name, int: false, ...sample }, ...literal(behind)];
  }

  #newName(base: string, value: string): string {
    let name = base;
    for (let number = 2; this.#taken.has(name); number++) name = `${base}${number}`;
    this.#taken.add(name);
    this.#values.set(`${base} ${value}`, name);
    return name;
  }
}

/** The text of a template without holes. */
function textOf(template: Template): string | undefined {
  const [part, more] = template;
  return part?.kind === "text" && more === undefined ? part.text : undefined;
}

function joined(part: Template[number] | undefined, text: string): Template {
  if (text === "") return part === undefined ? [] : [part];
  if (part?.kind === "text") return literal(part.text + text);
  return part === undefined ? literal(text) : [part, ...literal(text)];
}
