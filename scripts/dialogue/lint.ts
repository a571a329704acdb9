/**
 * `lint`: looks for mistakes.
 *
 * @module
 */

import { EXIT } from "../../src/cli/mod.ts";
import { lintDialogue } from "../../src/dialogue/mod.ts";
import type { LintCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { NotADialogueError } from "./failure.ts";
import { Library } from "./library.ts";
import { Reports } from "./reports.ts";
import { blocksOfFindings, type TextBlock } from "./text_block.ts";

/**
 * Looks for mistakes in files.
 *
 * @param call What was typed.
 * @param paths The files.
 * @param context The rest.
 * @returns The exit number: that of a syntax error if one was found.
 */
export async function lint(
  call: LintCall,
  paths: readonly string[],
  { io, readers }: VerbContext,
): Promise<number> {
  using reports = new Reports(io, call);
  await reports.open();
  const library = new Library({ root: call.root, readers });
  const blocks: TextBlock[] = [];
  for (const path of paths) {
    try {
      const [file] = await library.load([path]);
      for (const dialogue of file?.dialogues ?? []) {
        blocks.push(...blocksOfFindings(lintDialogue(dialogue)));
      }
    } catch (error) {
      if (!(error instanceof NotADialogueError)) throw error;
      blocks.push(...error.blocks);
    }
  }
  await reports.findings(paths, blocks, library.sources);
  const counts = (["error", "warning", "note"] as const).map((level) =>
    [blocks.filter((block) => block.level === level).length, level] as const
  );
  const shown = counts.filter(([count]) => count > 0)
    .map(([count, level]) => `${count} ${level}${count === 1 ? "" : "s"}`);
  await io.err.line(shown.length === 0 ? "nothing found" : shown.join(", "));
  const bad = blocks.some(({ level }) =>
    level === "error" || (call.strict === true && level === "warning")
  );
  return bad ? EXIT.dialogue.syntax : EXIT.dialogue.ok;
}
