/**
 * Decisions on the messages of a maildrop while the session goes on.
 *
 * @module
 */

import type { Position, Step } from "../step.ts";
import { literal } from "../template.ts";
import type { MessageChoice } from "./pop3_phases.ts";
import type { LiveStep } from "./program_data.ts";

/**
 * What deletes the messages that are chosen, once LIST is answered.
 *
 * @param choose Says for each message whether it stays.
 * @param at Where the steps stand.
 */
export function eachMessage(
  choose: (message: MessageChoice) => "keep" | "dele" | Promise<"keep" | "dele">,
  at: Position,
): LiveStep["act"] {
  return async (replies, dryRun) => {
    const [, ...lines] = replies.at(-1)?.lines ?? [];
    const steps: Step[] = [];
    for (const line of lines) {
      const message = messageOf(line);
      if (await choose(message) === "dele" && !dryRun) steps.push(...deletion(message.number, at));
    }
    return steps;
  };
}

/** A line of LIST: number and size (RFC 1939 section 5). */
function messageOf(line: string): MessageChoice {
  const [, number, size] = /^(\d{1,10}) (\d{1,15})(?: |$)/.exec(line) ?? [];
  if (number !== undefined && size !== undefined) {
    return { number: Number(number), size: Number(size) };
  }
  throw new TypeError(`Cannot choose a message by "${line}": expected number and size`);
}

function deletion(number: number, at: Position): readonly Step[] {
  return [
    { kind: "line", end: "C", template: literal(`DELE ${number}`), content: false, at },
    {
      kind: "reply",
      end: "S",
      lines: [{ kind: "line", at, optional: false, code: ["+OK"], more: false }],
      forbid: [],
      at,
    },
  ];
}
