/**
 * Replies.
 *
 * @module
 */

import type { DialogueEnd } from "./end.ts";
import { judgeReply } from "./expect.ts";
import { checkUnread } from "./guards.ts";
import type { HeardReply } from "./heard_reply.ts";
import { serveReply } from "./served_reply.ts";
import type { ReplyStep } from "../step.ts";
import { serverLevel } from "./step_settings.ts";
import { cut } from "./stop.ts";
import { demand, type JudgeContext, type Verdict } from "./verdict.ts";

/** Says a reply. */
export async function sayReply(end: DialogueEnd, step: ReplyStep): Promise<void> {
  checkUnread(end);
  const { course, options, talk } = end;
  const { dialogue: { protocol }, optional } = options;
  const context = { ...end.context, protocol, optional, multiline: course.multiline };
  const reply = await serveReply(step, context);
  const veil = end.veil();
  for (const line of reply.wire) talk.putReply({ text: line, shown: veil(line) });
  const lines = reply.lines.map(({ whole, text }) => ({ whole: veil(whole), text: veil(text) }));
  end.keep({ ...reply, lines }, step);
}

/** Hears a reply and judges it. */
export async function hearReply(end: DialogueEnd, step: ReplyStep): Promise<void> {
  const { course, options } = end;
  const reply = await end.hearAnyReply([step], step);
  const verb = course.asked?.verb ?? "";
  end.takeReply(step);
  demand(await judgeHeardReply(end, step, reply, verb, options.bindings));
}

/** Judges a reply that was heard. */
export function judgeHeardReply(
  end: DialogueEnd,
  step: ReplyStep,
  reply: HeardReply,
  verb: string,
  bindings: JudgeContext["bindings"],
): Promise<Verdict> {
  const { protocol } = end.options.dialogue;
  const level = serverLevel(step, end.options.match);
  return judgeReply(step, reply, { bindings, protocol, level, verb, shown: cut });
}
