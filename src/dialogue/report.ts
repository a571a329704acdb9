/**
 * Results as data and as text.
 *
 * @module
 */

import { escapeControls } from "../wire/mod.ts";
import { placeOf } from "./errors.ts";
import type {
  DialogueFailure,
  DialogueRecipient,
  DialogueResult,
  DialogueValue,
} from "./result.ts";
import { cut } from "./engine/stop.ts";

/** Results in the form that is written as JSON. */
export interface DialogueReport {
  /** The form of this value. */
  readonly schema: "mailwright-dialogue-report/1";
  /** One for each result. */
  readonly dialogues: readonly ReportedDialogue[];
}

/** A failure in a report. */
export type ReportedFailure = Pick<
  DialogueFailure,
  "id" | "at" | "expected" | "actual" | "after" | "limitMs" | "waitedMs" | "unread"
>;

/** A result without what is too long for a report. */
export interface ReportedDialogue
  extends Pick<DialogueResult, "file" | "name" | "role" | "status" | "delivery" | "ms"> {
  /** Why it was skipped. */
  readonly reason?: string;
  /** The name of the arm that ran. */
  readonly outcome?: string;
  /** What went wrong. */
  readonly failures: readonly ReportedFailure[];
  /** The recipients. */
  readonly recipients: readonly DialogueRecipient[];
  /** What the holes took. */
  readonly vars: Readonly<Record<string, DialogueValue>>;
}

/**
 * Results as data.
 *
 * @param results The results.
 * @returns The report.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, reportOf, selfPlay } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("@smtp\n@name hello\nS: 220 ready\nC: NOOP\nS: 250 ok\n");
 * const { client } = await selfPlay(dialogue);
 * equal(reportOf([client]).dialogues[0]?.status, "passed");
 * ```
 */
export function reportOf(results: readonly DialogueResult[]): DialogueReport {
  return { schema: "mailwright-dialogue-report/1", dialogues: results.map(reported) };
}

function reported(result: DialogueResult): ReportedDialogue {
  const { file, name, role, status, reason, delivery, outcome, ms, recipients, vars } = result;
  return {
    file,
    name,
    role,
    status,
    ...(reason === undefined ? {} : { reason }),
    delivery,
    ...(outcome === undefined ? {} : { outcome }),
    ms: Math.round(ms),
    failures: result.failures.map(({ message: _, label: _1, said: _2, waitedMs, ...rest }) => ({
      ...rest,
      waitedMs: Math.round(waitedMs),
    })),
    recipients,
    vars,
  };
}

const WORDS: Readonly<Record<DialogueResult["status"], string>> = {
  passed: "ok  ",
  failed: "FAIL",
  error: "FAIL",
  skipped: "SKIP",
};

/**
 * Results as text: a line for each, what failed and where, totals.
 *
 * @param results The results.
 * @param sources The texts of the files, by name, to show the lines that failed.
 * @returns Lines, each with its end.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, reportText, selfPlay } from "@mailwright/mailwright/dialogue";
 * import { match } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("@smtp\n@name hello\nS: 220 ready\nC: NOOP\nS: 250 ok\n");
 * const { client } = await selfPlay(dialogue);
 * match(reportText([client]), /^ok   hello \d+ ms\n\n1 dialogue: 1 passed\n$/);
 * ```
 */
export function reportText(
  results: readonly DialogueResult[],
  sources: Readonly<Record<string, string>> = {},
): string {
  const texts = new Map(Object.entries(sources));
  const lines = results.map(({ status, name, file, role, ms, reason }) => {
    const end = role === "S" ? " (server)" : "";
    const title = escapeControls(name === "" ? file : name);
    const why = reason === undefined ? "" : `: ${escapeControls(reason)}`;
    return `${WORDS[status]} ${title}${end} ${Math.round(ms)} ms${why}\n`;
  });
  const blocks = results.flatMap(({ failures }) =>
    failures.map((failure) => `\n${failureText(failure, texts.get(failure.at.file))}`)
  );
  return `${lines.join("")}${blocks.join("")}\n${totals(results)}\n`;
}

function totals(results: readonly DialogueResult[]): string {
  const counts = (["passed", "failed", "error", "skipped"] as const)
    .map((status) => [results.filter((one) => one.status === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status === "error" ? "in error" : status}`);
  const what = results.length === 1 ? "dialogue" : "dialogues";
  return `${results.length} ${what}${counts.length > 0 ? `: ${counts.join(", ")}` : ""}`;
}

/**
 * One failure as a block with the line that failed and a caret under what was expected.
 *
 * @param failure The failure.
 * @param source The text of the file, if it is at hand.
 * @returns Lines, each with its end.
 *
 * @example Usage
 * ```ts
 * import { failureText, parseDialogue, playBoth } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * const source = "@smtp\nS: 220 ready\nC: NOOP\nS: 250 ok\n";
 * const dialogue = parseDialogue(source, { file: "noop.dialogue" });
 * const busy = parseDialogue(source.replace("250 ok", "450 busy"));
 * const { client } = await playBoth(dialogue, busy, { throwOnFailure: false });
 * const [failure] = client.failures;
 * equal(failure && failureText({ ...failure, waitedMs: 3 }, source), [
 *   "error[reply-code]: expected 250, server said 450",
 *   " --> noop.dialogue:4:4",
 *   "  |",
 *   "3 | C: NOOP",
 *   "4 | S: 250 ok",
 *   '  |    ^^^ "450 busy" after 3 ms',
 *   "",
 * ].join("\n"));
 * ```
 */
export function failureText(failure: DialogueFailure, source?: string): string {
  const { id, at, message, waitedMs } = failure;
  const width = String(at.line).length;
  const bar = `${" ".repeat(width)} |`;
  const said = failure.said ?? failure.unread ?? "";
  const what = said === "" ? failure.actual : `"${said}"`;
  // What the first line says already is not said again; of a list, how it begins says nothing.
  const known = what === message || id === "missing-capability";
  const note = `${known ? "" : `${what} `}after ${Math.round(waitedMs)} ms`;
  const lines = [
    `error[${id}]: ${message}`,
    `${" ".repeat(width)}--> ${escapeControls(placeOf(at))}`,
  ];
  const written = source?.split(/\r?\n/) ?? [];
  const line = written[at.line - 1];
  if (line === undefined) return [...lines, `${" ".repeat(width)} = ${note}`, ""].join("\n");
  const before = written[at.line - 2];
  const number = (value: number): string => String(value).padStart(width);
  lines.push(bar);
  if (before !== undefined && before !== "") lines.push(`${number(at.line - 1)} | ${cut(before)}`);
  lines.push(`${number(at.line)} | ${cut(line)}`);
  const begin = escapeControls(line.slice(0, at.column - 1));
  const carets = "^".repeat(caretWidth(line, failure));
  // A blank below each character, as wide as it is.
  const blanks = begin.replace(/\p{M}/gu, "").replace(WIDE, "\u3000").replace(/[^\u3000]/gu, " ");
  lines.push(cut(`${bar} ${blanks}${carets}`));
  lines[lines.length - 1] += ` ${note}`;
  return [...lines, ""].join("\n");
}

/** Characters that take two columns: East Asian ones, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/gu;

/** The code alone where it is the code that differs, else all of the line. */
function caretWidth(line: string, { id, at }: DialogueFailure): number {
  const rest = line.slice(at.column - 1);
  const token = id === "reply-code" ? /^[^\s-]+|^-\S+/.exec(rest)?.[0] ?? rest : rest.trimEnd();
  return Math.max(1, token.length);
}
