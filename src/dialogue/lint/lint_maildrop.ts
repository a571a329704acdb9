/**
 * Lint of POP3: numbers that contradict each other, deletions that do not happen.
 *
 * @module
 */

import { fill, follow } from "./lint_walk.ts";
import { found, type Report } from "./finding.ts";
import type { Dialogue, LineStep } from "../step.ts";
import { verbOf } from "../text/secret_places.ts";

interface Stat {
  readonly count: number;
  readonly octets: number;
}

/** Looks at STAT, LIST, DELE, RSET and QUIT. */
export function lintMaildrop(dialogue: Dialogue, report: Report): void {
  if (dialogue.protocol !== "pop3") return;
  let stat: Stat | undefined;
  let deleted: LineStep | undefined;
  follow(dialogue, (step, known) => {
    if (step.kind === "line") {
      const verb = verbOf(step);
      if (verb === "DELE") {
        deleted ??= step;
        // What STAT said is no longer so.
        stat = undefined;
      }
      if (verb === "RSET" && deleted !== undefined) {
        report(found("rset-undoes-dele", step.at, {
          text: `RSET takes back the DELE of line ${deleted.at.line}`,
          fix: "leave it out if the messages should be deleted",
        }));
      }
      if (verb === "RSET" || verb === "QUIT") deleted = undefined;
      return;
    }
    if (step.kind !== "reply") return;
    const [first, ...rows] = step.lines.flatMap((line) =>
      line.kind === "line" ? [fill(line.text ?? [], known)] : []
    );
    const asked = known.asked[0]?.text.toUpperCase();
    if (asked === "STAT") stat = statOf(first ?? "");
    if (asked !== "LIST" || stat === undefined || rows.length === 0) return;
    const sizes = rows.map((row) => Number(/^\d+ (\d+)/.exec(row)?.[1]));
    if (sizes.some(Number.isNaN) || step.lines.some(({ kind }) => kind !== "line")) return;
    const octets = sizes.reduce((sum, size) => sum + size, 0);
    if (octets === stat.octets && sizes.length === stat.count) return;
    report(found("count-mismatch", step.at, {
      text:
        `STAT says ${stat.count} messages of ${stat.octets} octets, LIST has ${sizes.length} of ${octets}`,
      fix: "let both say the same",
    }));
  });
  if (deleted === undefined) return;
  report(found("dele-without-quit", deleted.at, {
    text: "without QUIT nothing is deleted (RFC 1939 section 6)",
    fix: 'write "C: QUIT" and its reply at the end',
  }));
}

function statOf(text: string): Stat | undefined {
  const [, count, octets] = /^(\d+) (\d+)/.exec(text) ?? [];
  return count === undefined ? undefined : { count: Number(count), octets: Number(octets) };
}
