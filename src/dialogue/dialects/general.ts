/**
 * What one server says for itself is not asked of another one.
 *
 * @module
 */

import type {
  BlockStep,
  CommandLevel,
  Dialogue,
  LineStep,
  ReplyLevel,
  ReplyLine,
  ReplyStep,
  Step,
  Template,
} from "../step.ts";

/** Replies whose text is part of the protocol. */
const TEXT_MATTERS: ReadonlySet<string> = new Set(["334", "+"]);
/** Levels at which texts count. */
const EXACT: ReadonlySet<string> = new Set(["text", "bytes"]);
/** What a command or a parameter needs to be offered. */
const NEEDS: readonly (readonly [pattern: RegExp, keyword: string])[] = [
  [/^BDAT /i, "CHUNKING"],
  [/^ETRN /i, "ETRN"],
  [/^ATRN\b/i, "ATRN"],
  [/^(?:MAIL|RCPT) .* SMTPUTF8\b/i, "SMTPUTF8"],
  [/^MAIL .* BODY=8BITMIME\b/i, "8BITMIME"],
  [/^MAIL .* BODY=BINARYMIME\b/i, "BINARYMIME"],
  [/^MAIL .* SIZE=/i, "SIZE"],
  [/^(?:MAIL .* (?:RET|ENVID)|RCPT .* (?:NOTIFY|ORCPT))=/i, "DSN"],
  [/^UTF8$/i, "UTF8"],
  [/^TOP /i, "TOP"],
  [/^UIDL\b/i, "UIDL"],
];

/**
 * Makes a dialogue fit other servers: of capabilities those are left that it uses, of replies the codes.
 *
 * @param dialogue Its form.
 * @returns The form. Text is left where it is part of the protocol, or where it is used later.
 *
 * @example Usage
 * ```ts
 * import { makeGeneral, parseDialogue, printDialogue } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue(
 *   "S: 220 mx.example Postfix\nC: EHLO me\nS: 250-mx.example\nS: 250-DSN\nS: 250 SIZE 99\n" +
 *     "C: MAIL FROM:<a@b.example> SIZE=5\nS: 250 2.1.0 Ok\n",
 * );
 * equal(
 *   printDialogue(makeGeneral(dialogue)),
 *   "@smtp\nS: 220\nC: EHLO me\nS: 250-mx.example\nS: 250 SIZE 99\n" +
 *     "C: MAIL FROM:<a@b.example> SIZE=5\nS: 250\n",
 * );
 * ```
 */
export function makeGeneral(dialogue: Dialogue): Dialogue {
  const used = new Use();
  used.take(dialogue.steps);
  const steps = new Generaliser(used, dialogue.match.server).steps(dialogue.steps);
  return { ...dialogue, steps };
}

/** What a dialogue uses of what it was told. */
class Use {
  readonly keywords = new Set<string>();
  readonly mechanisms = new Set<string>();
  /** Holes that stand in more than one place, or in a codec. */
  readonly names = new Set<string>();
  readonly #seen = new Set<string>();
  #commands = 0;

  take(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "block") { for (const arm of step.arms) this.take(arm); }
      if (step.kind === "tls") this.keywords.add("STARTTLS").add("STLS");
      if (step.kind === "auth") this.#mechanism(step.mechanism);
      if (step.kind === "reply") this.#reply(step);
      if (step.kind === "line") this.#line(step);
    }
  }

  #reply({ lines }: ReplyStep): void {
    this.#commands = 0;
    for (const line of lines) if (line.kind === "line") this.#holes(line.text ?? []);
  }

  #holes(template: Template): void {
    for (const part of template) {
      if (part.kind === "hole") {
        if (this.#seen.has(part.name)) this.names.add(part.name);
        this.#seen.add(part.name);
      }
      if (part.kind !== "codec") continue;
      for (const value of Object.values(part.value)) {
        if (typeof value === "string") this.names.add(value);
      }
    }
  }

  #line({ end, template, content }: LineStep): void {
    this.#holes(template);
    if (content || end === "S") return;
    if (++this.#commands > 1) this.keywords.add("PIPELINING");
    const text = template.map((part) => part.kind === "text" ? part.text : "x").join("");
    for (const [pattern, keyword] of NEEDS) if (pattern.test(text)) this.keywords.add(keyword);
    const [, mechanism] = /^AUTH ([A-Z0-9_-]+)/i.exec(text) ?? [];
    if (mechanism !== undefined) this.#mechanism(mechanism);
  }

  #mechanism(name: string): void {
    this.keywords.add("AUTH").add("SASL");
    this.mechanisms.add(name.toUpperCase());
  }
}

class Generaliser {
  readonly #used: Use;
  readonly #level: ReplyLevel | CommandLevel;
  #verb = "";

  constructor(used: Use, level: ReplyLevel) {
    this.#used = used;
    this.#level = level;
  }

  steps(steps: readonly Step[]): Step[] {
    return steps.map((step): Step => {
      if (step.kind === "block") {
        const arms = step.arms.map((arm) => this.steps(arm));
        return { ...step, arms } as BlockStep; // as many arms as before
      }
      if (step.kind === "line" && step.end === "C" && !step.content) {
        const [first] = step.template;
        this.#verb = first?.kind === "text" ? first.text.split(" ", 1)[0]?.toUpperCase() ?? "" : "";
      }
      return step.kind === "reply" ? this.#reply(step) : step;
    });
  }

  #reply(step: ReplyStep): ReplyStep {
    const listing = /^(?:EHLO|LHLO|CAPA)$/.test(this.#verb);
    this.#verb = "";
    // After <turn> replies are our own; and who wants text to the letter means this server.
    if (step.end === "C" || EXACT.has(step.match ?? this.#level)) return step;
    if (!listing) return { ...step, lines: step.lines.map((line) => this.#bare(line)) };
    const [greeting, ...offers] = step.lines;
    const lines = [
      ...greeting === undefined ? [] : [greeting],
      ...offers.flatMap((line) => this.#offer(line)),
    ];
    const smtp = step.lines.some((line) => line.kind === "line" && /^\d/.test(line.code[0] ?? ""));
    return {
      ...step,
      lines: lines.map((line, at) =>
        smtp && line.kind === "line" ? { ...line, more: at < lines.length - 1 } : line
      ),
    };
  }

  /** A line of a listing, if it is used. */
  #offer(line: ReplyLine): readonly ReplyLine[] {
    if (line.kind !== "line") return [line];
    const [first] = line.text ?? [];
    if (first?.kind !== "text") return [];
    const [keyword = "", ...parameters] = first.text.split(/[ =]+/);
    const name = keyword.toUpperCase();
    if (!this.#used.keywords.has(name)) return [];
    if (name !== "AUTH" && name !== "SASL") return [line];
    const mechanisms = parameters.filter((each) => this.#used.mechanisms.has(each.toUpperCase()));
    return mechanisms.length === 0
      ? []
      : [{ ...line, text: [{ kind: "text", text: [keyword, ...mechanisms].join(" ") }] }];
  }

  /** A line of any other reply, by its code alone. */
  #bare(line: ReplyLine): ReplyLine {
    if (line.kind !== "line" || line.text === undefined || line.code.length === 0) return line;
    if (line.code.some((code) => TEXT_MATTERS.has(code))) return line;
    if (line.text.some((part) => part.kind === "hole" && this.#used.names.has(part.name))) {
      return line;
    }
    const { text: _, ...bare } = line;
    return bare;
  }
}
