/**
 * Where the steps of an imported session stand in its page. Importers know the lines; the columns
 * are looked for here, so that a caret points at what the page says.
 *
 * @module
 */

import type { SourceLine } from "../text/parse_source.ts";
import type { BlockStep, Position, ReplyLine, Step } from "../step.ts";

/**
 * Gives steps the columns of their page.
 *
 * @param steps The steps, each at its line.
 * @param lines The lines of the page.
 * @returns The steps; what is not found begins with its line.
 */
export function placedInPage(
  steps: readonly Step[],
  lines: readonly SourceLine[],
): readonly Step[] {
  const find = (at: Position, word: string): Position => {
    const { text } = lines[at.line - 1] ?? { text: "" };
    const found = word === "" ? -1 : text.toLowerCase().indexOf(word.toLowerCase());
    const begin = found >= 0 ? found : Math.max(0, text.search(/[^\s\u3000>]/));
    return { ...at, column: begin + 1 };
  };
  const line = (one: ReplyLine): ReplyLine => ({ ...one, at: find(one.at, wordOf(one)) });
  return steps.map((step): Step => {
    if (step.kind === "block") {
      const arms = step.arms.map((arm) => placedInPage(arm, lines));
      return { ...step, at: find(step.at, ""), arms } as BlockStep; // as many arms as before
    }
    if (step.kind !== "reply") return { ...step, at: find(step.at, "") };
    const placed = step.lines.map(line);
    return { ...step, at: placed[0]?.at ?? find(step.at, ""), lines: placed };
  });
}

/** What a line of a reply begins with. */
function wordOf(line: ReplyLine): string {
  if (line.kind !== "line") return "";
  const [first] = line.text ?? [];
  return line.code[0] ?? (first?.kind === "text" ? first.text : "");
}
