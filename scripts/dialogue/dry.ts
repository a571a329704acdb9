/**
 * `dry`: shows what one end would say, and what it expects, after includes, loops and holes.
 *
 * @module
 */

import {
  type Dialogue,
  type DialogueEnd,
  type DialogueStep,
  type LineTemplate,
  type LineTemplatePart,
  printDialogue,
  type ReplyLine,
} from "../../src/dialogue/mod.ts";
import { visible } from "../../src/cli/mod.ts";
import type { DryCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { Library } from "./library.ts";
import { chosen, variablesOf } from "./prepare.ts";

/**
 * Shows the dialogues of a file.
 *
 * @param call What was typed.
 * @param path The file.
 * @param context The rest.
 */
export async function dry(
  call: DryCall,
  path: string,
  { io, readers }: VerbContext,
): Promise<void> {
  const library = new Library({ root: call.root, readers });
  const parts = chosen(await library.load([path]), call.filter);
  const vars = variablesOf(call, parts);
  const end = call.as === "client" ? "C" : "S";
  for (const [index, { dialogue }] of parts.entries()) {
    if (index > 0) await io.out.line();
    if (parts.length > 1) await io.out.line(`# ${visible(dialogue.name)}`);
    await io.out.print(dryText(dialogue, end, vars));
  }
}

/**
 * What one end would say and expect.
 *
 * @param dialogue The dialogue.
 * @param end The end.
 * @param vars What is bound from the beginning.
 * @returns Lines: `->` is said, `<-` is expected.
 */
function dryText(
  dialogue: Dialogue,
  end: DialogueEnd,
  vars: Readonly<Record<string, string>>,
): string {
  const bound = new Map(Object.entries({ ...dialogue.vars, ...vars }));
  for (const { name } of dialogue.secrets) bound.delete(name);
  const steps = new Unroller(end, bound).steps(dialogue.steps);
  const { protocol } = dialogue;
  const text = printDialogue({
    schema: dialogue.schema,
    protocol,
    name: "",
    vars: {},
    secrets: dialogue.secrets.map(({ name }) => ({ name })),
    match: { server: "code", client: "args" },
    require: [],
    fragment: true,
    steps,
    on: [],
  });
  let tag: string | undefined;
  const lines = text.split("\n").filter((line) =>
    !/^@(?:smtp|lmtp|pop3|fragment|secret)\b/.test(line)
  );
  return lines.filter((line, index) => line !== "" || index < lines.length - 1).map((line) => {
    // Inside of octets nothing is a mark.
    const inside = tag !== undefined;
    if (inside && line === tag) tag = undefined;
    else tag ??= /^[CS]<< *(?:raw +)?(\w+)$/.exec(line)?.[1];
    const mark = inside || !/^[CS]/.test(line) ? "  " : line.startsWith(end) ? "->" : "<-";
    return `${mark} ${line}\n`;
  }).join("");
}

/** Runs the loops of a dialogue, and fills what is known. */
class Unroller {
  readonly #end: DialogueEnd;
  readonly #bound: Map<string, string>;

  constructor(end: DialogueEnd, bound: Map<string, string>) {
    this.#end = end;
    this.#bound = bound;
  }

  steps(steps: readonly DialogueStep[]): readonly DialogueStep[] {
    return steps.flatMap((step, index): readonly DialogueStep[] => {
      if (step.kind === "line") {
        const template = sized(step.template, steps[index + 1]);
        return [{ ...step, template: this.#filled(template, step.end) }];
      }
      if (step.kind === "reply") {
        const lines = step.lines.map((line): ReplyLine =>
          line.kind === "line" && line.text !== undefined
            ? { ...line, text: this.#filled(line.text, step.end) }
            : line
        );
        return [{ ...step, lines }];
      }
      if (step.kind !== "block") return [step];
      switch (step.how) {
        case "repeat":
          return Array.from({ length: step.count }).flatMap(() => this.#turn(step.arms[0]));
        case "each":
          return step.values.flatMap((value) => this.#turn(step.arms[0], [step.name, value]));
        case "when":
          return [{ ...step, arms: [this.#turn(step.arms[0])] }];
        case "alt":
          return [{ ...step, arms: step.arms.map((arm) => this.#turn(arm)) }];
      }
    });
  }

  /** What is bound inside is so for this turn only. */
  #turn(
    arm: readonly DialogueStep[],
    ...bound: (readonly [string, string])[]
  ): readonly DialogueStep[] {
    return new Unroller(this.#end, new Map([...this.#bound, ...bound])).steps(arm);
  }

  #filled(template: LineTemplate, end: DialogueEnd): LineTemplate {
    const parts: LineTemplatePart[] = [];
    for (const part of template) {
      const filled = this.#part(part, end);
      const last = parts.at(-1);
      if (filled.kind === "text" && last?.kind === "text") {
        parts[parts.length - 1] = { kind: "text", text: last.text + filled.text };
      } else if (filled.kind !== "text" || filled.text !== "") {
        parts.push(filled);
      }
    }
    return parts;
  }

  #part(part: LineTemplatePart, end: DialogueEnd): LineTemplatePart {
    if (part.kind === "any") {
      return end === this.#end && part.sample !== undefined
        ? { kind: "text", text: part.sample }
        : part;
    }
    if (part.kind === "hole") {
      // An end says the sample of what it has not heard, and it stays.
      const value = this.#bound.get(part.name) ??
        (end === this.#end ? part.sample : undefined);
      if (value === undefined) return part;
      this.#bound.set(part.name, value);
      return { kind: "text", text: value };
    }
    if (part.kind === "codec" && part.value.codec === "b64") {
      const value = this.#bound.get(part.value.name);
      if (value === undefined) return part;
      return { kind: "text", text: new TextEncoder().encode(value).toBase64() };
    }
    return part;
  }
}

/** A line with the number of octets behind it, if they are in the dialogue itself. */
function sized(template: LineTemplate, next: DialogueStep | undefined): LineTemplate {
  if (next?.kind !== "bytes" || next.stuffed || !(next.from instanceof Uint8Array)) return template;
  const { length } = next.from;
  return template.map((part) =>
    part.kind === "codec" && part.value.codec === "len" ? { kind: "text", text: `${length}` } : part
  );
}
