/**
 * What is judged, and what a judge says.
 *
 * @module
 */

import { agree, type Agreement, isSecretHole, knownText, type LineContext } from "../codec.ts";
import type { Bindings } from "../bindings.ts";
import { fit, type FitOptions, foldCase } from "./fit.ts";
import type { DialogueFailureId } from "../result.ts";
import type { Position, Template } from "../step.ts";
import { Stop } from "./stop.ts";
import { type Hole, printTemplate } from "../template.ts";

/** What is not good. */
export interface BadVerdict {
  /** That it is not. */
  readonly kind: "bad";
  /** Why. */
  readonly id: DialogueFailureId;
  /** Where what was expected stands, if that is not where the step begins. */
  readonly at?: Position;
  /** What was expected. */
  readonly expected: string;
  /** What was seen. */
  readonly actual: string;
}

/** What a judge says. What the holes of a good line took is bound. */
export type Verdict = { readonly kind: "good" } | BadVerdict;

/** A good verdict. */
export const GOOD: Verdict = { kind: "good" };

/**
 * Stops at a bad verdict.
 *
 * @param verdict The verdict.
 * @throws {Stop} If it is bad.
 */
export function demand(verdict: Verdict): void {
  if (verdict.kind === "good") return;
  const { kind: _, ...facts } = verdict;
  throw new Stop(facts);
}

/** What a judge knows. */
export interface JudgeContext extends LineContext {
  /** What is bound. */
  readonly bindings: Bindings;
}

/** A line that is judged, whether its form is right and whether its holes are. */
export type LineFit = Agreement | { readonly kind: "form" };

/**
 * Holds a line against its form and judges its holes.
 *
 * @param template The form.
 * @param line The line.
 * @param context What is known.
 * @param options How exact it must be.
 */
export async function fitLine(
  template: Template,
  line: string,
  context: JudgeContext,
  options: Pick<FitOptions, "ignoreCase" | "open"> = {},
): Promise<LineFit> {
  const spans = fit(template, line, { ...knowing(context), ...options });
  return spans === undefined ? { kind: "form" } : await agree(spans, context.bindings, context);
}

/**
 * What is known of holes, for {@linkcode fit}.
 *
 * @param context What is known.
 */
export function knowing(context: JudgeContext): Pick<FitOptions, "known" | "greedy"> {
  const { bindings } = context;
  return {
    known: (hole) => knownText(hole, bindings, context),
    greedy: (hole) => hole.kind === "any" || (hole.kind === "hole" && isSecretHole(hole, bindings)),
  };
}

/**
 * Whether a line has a hole that keeps something.
 *
 * @param template The line.
 */
export function hasHoles(template: Template): boolean {
  return template.some((part) =>
    part.kind === "hole" || (part.kind === "codec" && part.value.codec !== "repeat")
  );
}

/**
 * Cuts a line at its blanks.
 *
 * @param template The line.
 * @returns Its words, each with its holes.
 */
export function wordsOf(template: Template): readonly Template[] {
  const words: Template[number][][] = [];
  let open = false;
  for (const part of template) {
    const known = part.kind === "text" ? part.text : repeatedText(part);
    const pieces = known?.split(/([ \t]+)/) ?? [undefined];
    for (const [index, piece] of pieces.entries()) {
      if (piece === "") continue;
      if (piece !== undefined && index % 2 === 1) {
        open = false;
        continue;
      }
      const next = piece === undefined ? part : { kind: "text" as const, text: piece };
      if (open) words.at(-1)?.push(next);
      else words.push([next]);
      open = true;
    }
  }
  return words;
}

/** What `${repeat}` stands for. */
function repeatedText(part: Hole): string | undefined {
  if (part.kind !== "codec" || part.value.codec !== "repeat") return undefined;
  return part.value.text.repeat(part.value.count);
}

/**
 * The text of a line that has no holes.
 *
 * @param template The line.
 * @returns The text; nothing if it has holes.
 */
export function plainText(template: Template): string | undefined {
  return template.every(({ kind }) => kind === "text") ? printText(template) : undefined;
}

function printText(template: Template): string {
  return template.map((part) => part.kind === "text" ? part.text : "").join("");
}

/**
 * Whether a line is a text, whatever the case of its letters.
 *
 * @param template The line.
 * @param text The text, in lower case.
 */
export function isWord(template: Template | undefined, text: string): boolean {
  return template !== undefined && foldCase(plainText(template) ?? "") === text;
}

/**
 * A form as a failure shows it: without samples, which may be those of secrets.
 *
 * @param template The form.
 */
export function shownForm(template: Template): string {
  return printTemplate(
    template.map((part) => part.kind === "text" ? part : withoutSample(part)),
  );
}

function withoutSample(hole: Hole): Hole {
  const { sample: _, ...bare } = hole;
  return bare;
}
