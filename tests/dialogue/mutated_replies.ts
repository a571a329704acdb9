/**
 * Replies with one code or one capability changed.
 *
 * @module
 */

import type { ReplyLine, ReplyStep } from "../../src/dialogue/mod.ts";
import { type Changed, type Course, printed } from "./mutation.ts";

/** Another code, in all lines or in one; one capability less, or another one. */
export function changesOfReply(step: ReplyStep, course: Course): readonly Changed[] {
  const { taken, command } = course;
  course.taken = [];
  const about = { line: step.at.line, end: step.end };
  const whole = step.lines.map((line) => codesOf(line)).find((codes) => codes.length > 0) ?? [];
  const accepted = [...taken, ...whole];
  const changed: Changed[] = othersOf(whole).filter((code) => !fits(code, accepted))
    .map((code) => ({
      ...about,
      kind: "code",
      change: code,
      step: { ...step, lines: step.lines.map((line) => withCode(line, code)) },
    }));
  const lines = step.lines.filter(isCertain);
  for (const line of lines.length > 1 ? lines : []) {
    // RFC 5321 section 4.2.1: all lines of a reply have one code.
    const [other] = othersOf(codesOf(line)).filter((code) => !fits(code, accepted));
    if (other === undefined || course.protocol === "pop3") continue;
    const mixed = step.lines.map((each) => each === line ? withCode(each, other) : each);
    const change = `${other} in one line`;
    changed.push({
      ...about,
      kind: "code",
      change,
      line: line.at.line,
      step: { ...step, lines: mixed },
    });
  }
  if (!/^(?:EHLO|LHLO|CAPA)(?: |$)/i.test(command) || !/^(?:250|\+OK)$/.test(whole[0] ?? "")) {
    return changed;
  }
  course.offered = lines.flatMap((line) =>
    line.kind === "line" ? printed(line.text ?? []).split(" ", 1) : []
  );
  for (const line of lines.slice(1)) {
    const at = { ...about, kind: "capability", line: line.at.line } as const;
    const name = printed(line.kind === "line" ? line.text ?? [] : []);
    changed.push({
      ...at,
      change: `no ${name}`,
      step: { ...step, lines: without(step.lines, line) },
    });
    const renamed = step.lines.map((each) => each === line ? renamedTo(each) : each);
    changed.push({ ...at, change: `X${name}`, step: { ...step, lines: renamed } });
  }
  return changed;
}

/** Whether a line is always said. */
function isCertain(line: ReplyLine): boolean {
  return line.kind === "line" && !line.optional;
}

/** The codes that a line takes. */
export function codesOf(line: ReplyLine): readonly string[] {
  return line.kind === "line" ? line.code : [];
}

/** Another class, another digit, another indicator. */
function othersOf([code = ""]: readonly string[]): readonly string[] {
  if (code === "") return [];
  if (code.startsWith("+") || code === "-ERR") {
    return ["+OK", "-ERR"].filter((other) => other !== code);
  }
  const served = code.replace("xx", "50");
  const other = served.startsWith("5") ? "4" : served.startsWith("4") ? "2" : "5";
  return [other + served.slice(1), `${served.slice(0, 2)}9`];
}

function fits(code: string, accepted: readonly string[]): boolean {
  return accepted.some((one) => one === code || (one.endsWith("xx") && one[0] === code[0]));
}

function withCode(line: ReplyLine, code: string): ReplyLine {
  return line.kind === "line" && line.code.length > 0 ? { ...line, code: [code] } : line;
}

function without(lines: readonly ReplyLine[], line: ReplyLine): readonly ReplyLine[] {
  const left = lines.filter((each) => each !== line);
  const last = left.at(-1);
  // The line before the last one may be the last one now.
  return last?.kind === "line" && last.code[0] !== "+OK" && line.kind === "line"
    ? left.with(-1, { ...last, more: line.more && lines.at(-1) !== line })
    : left;
}

function renamedTo(line: ReplyLine): ReplyLine {
  if (line.kind !== "line") return line;
  return { ...line, text: [{ kind: "text", text: "X" }, ...line.text ?? []] };
}
