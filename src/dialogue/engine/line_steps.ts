/**
 * Lines of the end that says commands: commands, answers, content.
 *
 * @module
 */

import type { ReceivedLine } from "../../wire/mod.ts";
import { isSecretHole } from "../codec.ts";
import type { DialogueEnd } from "./end.ts";
import { judgeClientLine } from "./expect_line.ts";
import { fillLine } from "./fill.ts";
import { checkSecure, checkUnread } from "./guards.ts";
import type { ContentStep, LineStep } from "../step.ts";
import { clientLevel } from "./step_settings.ts";
import { cut } from "./stop.ts";
import { demand, type JudgeContext, type Verdict } from "./verdict.ts";

const encoder = new TextEncoder();

/** Says a line. */
export async function sayLine(end: DialogueEnd, step: LineStep): Promise<void> {
  checkUnread(end);
  const { bindings, dialogue: { protocol } } = end.options;
  const secret = step.template.some((part) => part.kind !== "text" && isSecretHole(part, bindings));
  if (secret) checkSecure(end);
  const { course } = end;
  const content = step.content || course.inContent;
  const place = { protocol, inLogin: course.inLogin };
  const line = await fillLine(step.template, end.context, content ? undefined : place);
  if (!content) {
    end.talk.put(line);
    course.command(line.text, line.shown);
    return;
  }
  end.talk.putOctets(encoder.encode(`${line.text}\r\n`));
  if (line.text === ".") course.endContent();
}

/** Hears a line and judges it. */
export async function hearLine(end: DialogueEnd, step: LineStep): Promise<void> {
  const { course, options } = end;
  const content = course.inContent;
  const line = await end.hearAnyLine([step], step);
  end.takeLine();
  const whole = line.uncensored ?? line.text;
  const verdict = await judgeHeardLine(end, step, line, options.bindings);
  if (content) {
    if (whole === ".") course.endContent();
  } else course.command(whole, line.text);
  demand(verdict);
}

/** Judges a line that was heard. */
export function judgeHeardLine(
  end: DialogueEnd,
  step: LineStep,
  line: ReceivedLine,
  bindings: JudgeContext["bindings"],
): Promise<Verdict> {
  const { course } = end;
  return judgeClientLine(step.template, line.uncensored ?? line.text, {
    bindings,
    octets: end.octets,
    level: clientLevel(step, end.options.match),
    what: course.inContent ? "content" : course.inLogin ? "answer" : "command",
    bareLf: line.bareLf,
    shown: cut(line.text),
    stored: end.options.stored !== undefined,
  });
}

/** Hears lines of a message up to the lone dot, which is left for the next step. */
export async function hearContent(end: DialogueEnd, step: ContentStep): Promise<void> {
  while ((await end.hearAnyLine([], step)).text !== ".") end.takeLine();
}
