/**
 * Lint of what an end has to say: a line whose holes nobody can fill cannot be sent.
 *
 * @module
 */

import { found, type Report } from "./finding.ts";
import type { Dialogue, End, ReplyStep, Step, Template } from "../step.ts";
import { type Hole, namesOf } from "../template.ts";

/** Looks for lines that cannot be sent by the end that should. */
export function lintHoles(dialogue: Dialogue, report: Report): void {
  const known = new Known(Object.keys(dialogue.vars));
  for (const { name } of dialogue.secrets) known.add(name);
  visit(dialogue.steps, known, report);
}

/** Names that have a value at a place. */
class Known {
  readonly #names: Set<string>;
  readonly #order: string[] = [];

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#order.push(name);
  }

  mark(): number {
    return this.#order.length;
  }

  /** Forgets what came behind a mark. */
  forget(mark: number): void {
    for (const name of this.#order.splice(mark)) this.#names.delete(name);
  }
}

function visit(steps: readonly Step[], known: Known, report: Report): void {
  for (const step of steps) {
    switch (step.kind) {
      case "block": {
        if (step.how === "each") known.add(step.name);
        const [first = [], ...others] = step.arms;
        // What an arm binds is known behind it only if that arm ran; lint takes the first.
        for (const arm of others) {
          const mark = known.mark();
          visit(arm, known, report);
          known.forget(mark);
        }
        visit(first, known, report);
        break;
      }
      case "content":
        report(notSent(step.end, step, "any content fits, so there is none to send"));
        break;
      case "line":
        fillable(step.template, step, known, report);
        break;
      case "reply":
        reply(step, known, report);
        break;
    }
  }
}

function reply(step: ReplyStep, known: Known, report: Report): void {
  for (const line of step.lines) {
    if (line.kind === "line") fillable(line.text ?? [], step, known, report, line.at);
    else if (line.kind === "pattern" && line.sample === undefined) {
      report(notSent(step.end, step, "a pattern without a sample says nothing", line.at));
    }
  }
  if (step.lines.every(({ kind }) => kind === "rest")) {
    report(notSent(step.end, step, "any reply fits, so there is none to send"));
  }
}

function fillable(
  template: Template,
  step: Step & { readonly end: End },
  known: Known,
  report: Report,
  at: Step["at"] = step.at,
): void {
  for (const part of template) {
    if (part.kind === "text") continue;
    const open = openName(part, known);
    if (open !== undefined) report(notSent(step.end, step, `nothing is known for "${open}"`, at));
    for (const name of namesOf(part)) known.add(name);
  }
}

/** What is missing to fill a hole. */
function openName(hole: Hole, known: Known): string | undefined {
  if (hole.sample !== undefined) return undefined;
  if (hole.kind === "any") return "_";
  return namesOf(hole).find((name) => !known.has(name));
}

function notSent(end: End, step: Step, text: string, at: Step["at"] = step.at) {
  const [id, who] = end === "S"
    ? ["not-servable", "a server"] as const
    : ["not-playable", "a client"] as const;
  return found(id, at, { text, fix: `give a sample if ${who} should play this`, step });
}
