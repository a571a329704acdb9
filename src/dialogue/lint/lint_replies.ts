/**
 * Lint of replies: whole, of one code, and asked for.
 *
 * @module
 */

import { codesOf, follow } from "./lint_walk.ts";
import { found, type Report } from "./finding.ts";
import type { Dialogue, ReplyStep, Step } from "../step.ts";

/** Looks at each reply. */
export function lintReplies(dialogue: Dialogue, report: Report): void {
  let last: Step | undefined;
  const end = follow(dialogue, (step, known) => {
    last = step;
    if (step.kind !== "reply") return;
    if (dialogue.protocol !== "pop3") checkLines(step, report);
    // A server may hang up at any time, RFC 5321 section 3.8.
    const goodbye = codesOf(step).includes("421");
    if (known.asked.length > 0 || known.loose || known.over || goodbye) return;
    report(found("unsolicited-reply", step.at, {
      text: "a reply comes that nothing asked for",
      fix: "remove it, or write the command before it",
      step,
    }));
  });
  // What is written behind it says how it ends otherwise; nobody waits for the reply to QUIT.
  const [verb] = end.asked.flatMap((one) => one.verb === "QUIT" ? [] : [one.verb]);
  if (last?.kind !== "line" || verb === undefined || end.loose || end.over) return;
  report(found("unanswered-command", last.at, {
    text: `nothing is expected as the reply to ${verb === "" ? "this line" : verb}: any would do`,
    fix: dialogue.protocol === "pop3" ? 'write it, as "S: +OK"' : 'write it, as "S: 2xx"',
  }));
}

function checkLines(step: ReplyStep, report: Report): void {
  const codes = new Set(
    step.lines.flatMap((line) => line.kind === "line" ? [line.code.join("|")] : []),
  );
  if (codes.size > 1) {
    report(found("mixed-codes", step.at, {
      text: `one reply has the codes ${[...codes].join(", ")}`,
      fix: "give all lines of a reply the same code (RFC 5321 section 4.2.1)",
    }));
  }
  if (!isFinished(step)) {
    report(found("unfinished-reply", step.at, {
      text: "the last line says that another one follows",
      fix: "put a blank for the hyphen behind the code of the last line",
      step,
    }));
  }
}

/** Whether a reply of SMTP has its last line. */
function isFinished({ lines }: ReplyStep): boolean {
  const last = lines.at(-1);
  if (last?.kind === "line") return !last.more;
  if (last?.kind === "pattern" && last.sample !== undefined) return !/^\d{3}-/.test(last.sample);
  // Any reply, or any that fits.
  return lines.length === 1;
}
