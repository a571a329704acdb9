/**
 * Takes over what a run has heard: expected texts become those of a transcript.
 *
 * @module
 */

import {
  checkTranscript,
  type Dialogue,
  type DialogueReply,
  type DialogueStep,
  parseTranscript,
  placeOf,
  type ReplyStep,
} from "../../src/dialogue/mod.ts";
import { fail } from "./failure.ts";
import type { LoadedFile } from "./library.ts";

/**
 * Rewrites the texts of replies where a run has heard others. Codes, holes, lists of capabilities
 * and whatever is written in an included file stay.
 *
 * @param file The file.
 * @param transcript A transcript of one session.
 * @returns Its new text.
 */
export async function promote(file: LoadedFile, transcript: string): Promise<string> {
  const [dialogue] = file.dialogues;
  const [events, more] = parseTranscript(transcript);
  if (dialogue === undefined || events === undefined || more !== undefined) {
    return fail("Cannot promote: expected a transcript of one session");
  }
  const result = await checkTranscript(withoutTexts(dialogue), events, {
    match: { server: "code" },
    throwOnFailure: false,
  });
  const [failure] = result.failures;
  if (failure !== undefined) {
    fail(`Cannot promote: ${failure.message} at ${placeOf(failure.at)}`);
  }
  const lines = file.text.split("\n");
  const heard = new Map(
    result.replies.flatMap((reply) => reply.at ? [[placeOf(reply.at), reply] as const] : []),
  );
  for (const step of repliesOf(dialogue.steps)) {
    const reply = heard.get(placeOf(step.at));
    if (reply !== undefined && step.at.file === file.path) rewrite(lines, step, reply);
  }
  return lines.join("\n");
}

/** What a level above "code" would refuse is what is to be taken over. */
function withoutTexts(dialogue: Dialogue): Dialogue {
  const loosened = (steps: readonly DialogueStep[]): DialogueStep[] =>
    steps.map((step): DialogueStep => {
      if (step.kind === "reply") {
        const { match: _, ...rest } = step;
        return {
          ...rest,
          lines: step.lines.map((line) => {
            if (line.kind !== "line" || !isText(line) || isBody(step)) return line;
            const { text: __, ...bare } = line;
            return bare;
          }),
        };
      }
      // Each kind of block keeps its arms.
      return step.kind === "block"
        ? { ...step, arms: step.arms.map(loosened) } as DialogueStep
        : step;
    });
  return { ...dialogue, steps: loosened(dialogue.steps) };
}

function repliesOf(steps: readonly DialogueStep[]): readonly ReplyStep[] {
  return steps.flatMap((step) =>
    step.kind === "reply"
      ? [step]
      : step.kind === "block"
      ? step.arms.flatMap((arm) => repliesOf(arm))
      : []
  );
}

/** Several lines are a list, of capabilities or of a maildrop: what is in it is meant. */
function isBody({ lines }: ReplyStep): boolean {
  return lines.length > 1;
}

function isText(line: ReplyStep["lines"][number]): boolean {
  return line.kind === "line" && (line.text?.every(({ kind }) => kind === "text") ?? false);
}

function rewrite(lines: string[], step: ReplyStep, { lines: [text = ""] }: DialogueReply): void {
  const [line] = step.lines;
  if (line === undefined || isBody(step) || !isText(line)) return;
  const at = line.at.line - 1;
  const source = lines[at];
  if (source === undefined) return;
  const [, head = "", end = ""] = /^([ \t]*S[:?] *\S+)[^\r]*(\r?)$/.exec(source) ?? [];
  if (head === "") return;
  const code = head.replace(/-$/, "");
  lines[at] = `${code}${text === "" ? "" : ` ${text.replaceAll("${", "$${")}`}${end}`;
}
