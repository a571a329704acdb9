/**
 * How lines of a client are shown: what is secret by its place stays out, without a search for secrets.
 *
 * @module
 */

import type { Bindings } from "../bindings.ts";
import { isSecretHole, type LineContext, shownHole } from "../codec.ts";
import { fit } from "./fit.ts";
import type { DialogueProtocol, Template } from "../step.ts";
import type { Hole } from "../template.ts";
import { type JudgeContext, knowing } from "./verdict.ts";

/** A piece of a line: text that was written, or what stands in a hole. */
export interface ShownPiece {
  /** What may be shown of it. */
  readonly shown: string;
  /** Whether it is of a hole. */
  readonly hole: boolean;
}

/** Where a line stands. */
export interface LinePlace {
  /** What is spoken. */
  readonly protocol: DialogueProtocol;
  /** Whether it is an answer within a login. */
  readonly inLogin: boolean;
}

/** Stands for pieces of holes while a line is looked at. */
const HOLE = "\u0001";
/** What stands in place of a secret that no hole names. */
export const HIDDEN = "${hidden}";

/**
 * Puts a line together as it may be shown.
 *
 * @param pieces Its pieces.
 * @param place Where it stands.
 */
export function shownLine(pieces: readonly ShownPiece[], place: LinePlace): string {
  const holes = pieces.filter(({ hole }) => hole).map(({ shown }) => shown).values();
  const marked = pieces.map(({ hole, shown }) => hole ? HOLE : shown.replaceAll(HOLE, "?")).join(
    "",
  );
  return hide(marked, place).replaceAll(HOLE, () => holes.next().value ?? "");
}

/** Hides what stands where a secret stands, unless holes alone stand there. */
function hide(line: string, { protocol, inLogin }: LinePlace): string {
  if (inLogin) return line === "*" || line === "" || isHoles(line) ? line : HIDDEN;
  const login = protocol === "pop3"
    ? /^(\s*(?:PASS\s|APOP\s+\S+\s+|AUTH\s+\S+\s+))(.+)$/is
    : /^(\s*AUTH\s+\S+\s+)(.+)$/is;
  const [, before, secret = ""] = login.exec(line) ?? [];
  if (before === undefined || isHoles(secret) || secret === "=") return line;
  return before + HIDDEN;
}

function isHoles(text: string): boolean {
  return text.replaceAll(HOLE, "").trim() === "";
}

/** Whether a hole is shown as itself. */
function hides(hole: Hole, bindings: Bindings): boolean {
  return hole.kind === "codec" || isSecretHole(hole, bindings);
}

/**
 * A line that was received, as it may be shown.
 *
 * @param line The line.
 * @param forms What it may be.
 * @param context What is known.
 * @param place Where it stands.
 */
export function shownReceived(
  line: string,
  forms: readonly Template[],
  context: JudgeContext & LineContext,
  place: LinePlace,
): string {
  for (const form of forms) {
    if (!form.some((part) => part.kind !== "text" && hides(part, context.bindings))) continue;
    const spans = fit(form, line, { ...knowing(context), ignoreCase: true })?.values();
    if (spans === undefined) continue;
    const pieces = form.map((part): ShownPiece => {
      if (part.kind === "text") return { shown: part.text, hole: false };
      const text = spans.next().value?.text ?? "";
      return { shown: shownHole(part, text, context.bindings), hole: true };
    });
    return shownLine(pieces, place);
  }
  return shownLine([{ shown: line, hole: false }], place);
}
