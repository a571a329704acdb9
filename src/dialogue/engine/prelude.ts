/**
 * What stands before a dialogue that begins inside a session.
 *
 * @module
 */

import type { Dialogue, LineStep, Position, ReplyStep, Step } from "../step.ts";
import { literal } from "../template.ts";

/**
 * A dialogue with greeting and EHLO in front, if it begins inside a session.
 *
 * @param dialogue The dialogue.
 * @param helloName What EHLO says.
 */
export function withPrelude(dialogue: Dialogue, helloName: string): Dialogue {
  if (!dialogue.fragment) return dialogue;
  const at: Position = { file: dialogue.steps[0]?.at.file ?? "", line: 1, column: 1 };
  const steps = [...preludeOf(dialogue.protocol, helloName, at), ...dialogue.steps];
  return { ...dialogue, fragment: false, steps };
}

function preludeOf(protocol: Dialogue["protocol"], name: string, at: Position): readonly Step[] {
  const reply = (code: string, text: string): ReplyStep => ({
    kind: "reply",
    end: "S",
    at,
    lines: [{ kind: "line", at, optional: false, code: [code], more: false, text: literal(text) }],
    forbid: [],
  });
  if (protocol === "pop3") return [reply("+OK", "ready")];
  const hello = (verb: string): LineStep => ({
    kind: "line",
    end: "C",
    at,
    content: false,
    // The name is of no interest to the other end.
    template: [{ kind: "text", text: `${verb} ` }, { kind: "any", sample: name }],
  });
  const first: Step = protocol === "lmtp"
    ? hello("LHLO")
    : { kind: "block", how: "alt", at, arms: [[hello("EHLO")], [hello("HELO")]] };
  return [reply("220", "localhost ready"), first, reply("250", "localhost")];
}
