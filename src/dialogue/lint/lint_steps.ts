/**
 * Lint of single steps: times, templates, alternatives.
 *
 * @module
 */

import { codesOf } from "./lint_walk.ts";
import { MAX_TIME } from "../text/expand.ts";
import { found, type Report } from "./finding.ts";
import { misplacedSecrets } from "../text/secret_places.ts";
import type { BlockStep, Dialogue, End, Position, Step, Template } from "../step.ts";
import { printTemplate } from "../template.ts";

/** Looks at each step alone. */
export function lintSteps(dialogue: Dialogue, report: Report): void {
  const { timeout, timeoutAt = { file: "", line: 1, column: 1 } } = dialogue;
  checkTime(timeout, timeoutAt, report);
  for (const { at, action } of dialogue.on) {
    if (action.kind === "delay") checkTime(action.ms, at, report);
  }
  visit(dialogue.steps, dialogue, report);
  for (const { at, name } of misplacedSecrets(dialogue)) {
    report(found("secret-outside-auth", at, {
      text: `the secret "${name}" would be sent where anyone may read it`,
      fix: "use it in @auth, an answer of AUTH, PASS or APOP only",
    }));
  }
}

function visit(steps: readonly Step[], dialogue: Dialogue, report: Report): void {
  for (const step of steps) {
    checkTime(step.within, step.at, report);
    if ("ms" in step) checkTime(step.ms, step.at, report);
    for (const template of templatesOf(step)) checkHoles(template, step, report);
    if (step.kind !== "block") continue;
    if (step.how === "alt") checkAlternatives(step, dialogue, report);
    step.arms.forEach((arm) => visit(arm, dialogue, report));
  }
}

function checkTime(ms: number | undefined, at: Position, report: Report): void {
  if (ms === undefined || ms <= MAX_TIME) return;
  report(found("time-over-limit", at, {
    text: `${ms / 1000} s are more than 10 minutes`,
    fix: "write at most 10m",
  }));
}

function templatesOf(step: Step): readonly Template[] {
  if (step.kind === "line") return [step.template];
  if (step.kind !== "reply") return [];
  return step.lines.flatMap((line) => line.kind === "line" && line.text ? [line.text] : []);
}

function checkHoles(template: Template, step: Step, report: Report): void {
  const second = template.findIndex((part, index) =>
    index > 0 && !isKnown(part) && !isKnown(template[index - 1])
  );
  if (second < 0) return;
  report(found("ambiguous-hole", step.at, {
    text: `nothing stands between "${printTemplate(template.slice(second - 1, second + 1))}"`,
    fix: "put a text between the holes, or make them one",
  }));
}

/** Whether a part is the same text for everyone. */
function isKnown(part: Template[number] | undefined): boolean {
  return part?.kind === "text" || (part?.kind === "codec" && part.value.codec === "repeat");
}

function checkAlternatives(step: BlockStep, { match }: Dialogue, report: Report): void {
  const firsts = step.arms.map((arm) => arm.find(({ kind }) => kind !== "outcome"));
  const ends = new Set(firsts.map(endOf));
  if (ends.size !== 1 || ends.has(undefined) || step.arms.length < 2) {
    report({
      ...found("ambiguous-alt", step.at, {
        text: "the arms do not all begin with a line of the same end",
        fix: "begin each arm with what tells it from the others",
      }),
      level: "error",
    });
    return;
  }
  const seen = new Openings(match.server === "class" || match.server === "code");
  for (const first of firsts) {
    if (first === undefined || !seen.meets(first)) continue;
    report(found("ambiguous-alt", first.at, {
      text: "an arm before begins with what also fits here, so this arm never runs",
      fix: "let the arms begin with different codes or commands",
    }));
  }
}

/** How the arms before began. */
class Openings {
  readonly #loose: boolean;
  readonly #seen = new Set<string>();

  /** @param loose Whether only the codes of replies count. */
  constructor(loose: boolean) {
    this.#loose = loose;
  }

  /** Whether an arm before began so that this fits too; this one counts from here on. */
  meets(step: Step): boolean {
    const [asked, kept] = this.#keysOf(step);
    const met = asked.some((key) => this.#seen.has(key));
    for (const key of kept) this.#seen.add(key);
    return met;
  }

  /** What meets it, and what it is for others to meet. */
  #keysOf(step: Step): readonly [asked: readonly string[], kept: readonly string[]] {
    const one = (key: string) => [[key], [key]] as const;
    if (step.kind === "line") return one(`line ${printTemplate(step.template).toUpperCase()}`);
    if (step.kind !== "reply") return [[], []];
    const codes = codesOf(step);
    if (!this.#loose) return one(JSON.stringify([codes, texts(step)]));
    // A class meets each of its codes, and they meet it.
    return [
      codes.flatMap((code) =>
        code.endsWith("xx") ? [code, `any ${code[0]}`] : [code, `${code[0]}xx`]
      ),
      codes.flatMap((code) => code.endsWith("xx") ? [code] : [code, `any ${code[0]}`]),
    ];
  }
}

function endOf(step: Step | undefined): End | undefined {
  return step !== undefined && (step.kind === "line" || step.kind === "reply" ||
      step.kind === "bytes" || step.kind === "close" || step.kind === "drop")
    ? step.end
    : undefined;
}

function texts(step: Step): readonly string[] {
  return templatesOf(step).map(printTemplate);
}
