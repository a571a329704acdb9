/**
 * Lines with holes to the lines that are sent.
 *
 * @module
 */

import { encodeHole, shownHole } from "../codec.ts";
import { type LinePlace, shownLine, type ShownPiece } from "./shown_line.ts";
import type { Template } from "../step.ts";
import type { JudgeContext } from "./verdict.ts";

/** A line that is ready to be sent. */
export interface FilledLine {
  /** The line. */
  readonly text: string;
  /** The line, as it may be shown. */
  readonly shown: string;
}

/**
 * Fills the holes of a line.
 *
 * @param template The line.
 * @param context What is known; what a sample fills is bound to it.
 * @param place Where the line stands; nothing if it holds no secret by its place.
 * @throws {UnboundHoleError} If a hole cannot be filled.
 */
export async function fillLine(
  template: Template,
  context: JudgeContext,
  place?: LinePlace,
): Promise<FilledLine> {
  let text = "";
  const pieces: ShownPiece[] = [];
  for (const part of template) {
    const value = part.kind === "text"
      ? part.text
      : await encodeHole(part, context.bindings, context);
    text += value;
    const shown = part.kind === "text" ? value : shownHole(part, value, context.bindings);
    // What is shown as it is may be a secret by its place.
    pieces.push({ shown, hole: shown !== value });
  }
  return {
    text,
    shown: place === undefined
      ? pieces.map((piece) => piece.shown).join("")
      : shownLine(pieces, place),
  };
}
