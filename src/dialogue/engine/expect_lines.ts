/**
 * What the lines of a reply must be.
 *
 * @module
 */

import { compilePattern } from "../../message/mod.ts";
import type { HeardLine } from "./heard_reply.ts";
import type { DialogueProtocol, ReplyLevel, ReplyLine } from "../step.ts";
import {
  type BadVerdict,
  fitLine,
  GOOD,
  hasHoles,
  type JudgeContext,
  shownForm,
  type Verdict,
} from "./verdict.ts";

/** What a judge of replies knows. */
export interface ReplyContext extends JudgeContext {
  /** What is spoken. */
  readonly protocol: DialogueProtocol;
  /** How exact it must be. */
  readonly level: ReplyLevel;
  /** The verb of the command that is answered, in upper case; `""` for a greeting. */
  readonly verb: string;
  /** The text of a line as it may be shown. */
  readonly shown: (line: string) => string;
}

/** A line of a reply that was written. */
export type WrittenLine = Extract<ReplyLine, { readonly kind: "line" }>;

/** A line that says something. */
type SayingLine = Exclude<ReplyLine, { readonly kind: "rest" }>;

/** X.Y.Z of RFC 3463, or a response code of POP3 (RFC 2449, RFC 3206). */
export const ENHANCED: RegExp = /^(?:[245]\.\d{1,3}\.\d{1,3}(?= |$)|\[[^\s[\]]+\])/;

/**
 * Judges the lines of a reply in their order.
 *
 * From `text` on every line must be written; below, a line counts only if something in it must hold,
 * and the next line that fits is taken.
 *
 * @param written What they must be.
 * @param heard What they are.
 * @param context What is known.
 */
export async function judgeLines(
  written: readonly ReplyLine[],
  heard: readonly HeardLine[],
  context: ReplyContext,
): Promise<Verdict> {
  const exact = context.level === "text" || context.level === "bytes";
  let next = 0;
  let loose = !exact;
  for (const [index, line] of written.entries()) {
    if (line.kind === "rest") {
      loose = true;
      continue;
    }
    if (!exact && !counts(line)) continue;
    const search = placesOf(line, index, { heard, next, loose, context });
    let closest: BadVerdict | undefined;
    let place: number | undefined;
    for (const candidate of search) {
      const verdict = await judgeLine(line, heard[candidate], context);
      if (verdict.kind === "good") {
        place = candidate;
        break;
      }
      if (closest?.id !== "hole-mismatch") closest = verdict;
    }
    if (place !== undefined) {
      next = place + 1;
      loose = !exact;
    } else if (line.kind === "pattern" || !line.optional) {
      return closest ?? missing(line, heard[next], context);
    }
  }
  const more = loose ? undefined : heard[next];
  if (more === undefined) return GOOD;
  return {
    kind: "bad",
    id: "reply-shape",
    expected: "no further line",
    actual: context.shown(more.whole),
  };
}

/** Whether a line says something below `text`: it has a hole or a pattern. */
function counts(line: SayingLine): boolean {
  return line.kind === "pattern" || (line.text !== undefined && hasHoles(line.text));
}

/** Where a line may stand, the first place first. */
function* placesOf(line: SayingLine, index: number, search: Search): Generator<number> {
  const { heard, next, loose, context } = search;
  const pop3 = context.protocol === "pop3" && line.kind === "line";
  if (!loose) {
    yield next;
  } else if (pop3 && index === 0) {
    if (next === 0) yield 0;
  } else {
    const number = listed(line, context);
    // The status line and the lines of the body are different things.
    for (let at = pop3 ? Math.max(next, 1) : next; at < heard.length; at++) {
      if (number === undefined || heard[at]?.text.startsWith(`${number} `)) yield at;
    }
  }
}

/** Where a line is looked for. */
interface Search {
  readonly heard: readonly HeardLine[];
  readonly next: number;
  readonly loose: boolean;
  readonly context: ReplyContext;
}

/** The message number of a written line of LIST or UIDL. */
function listed(
  line: SayingLine,
  { protocol, verb }: ReplyContext,
): string | undefined {
  if (protocol !== "pop3" || (verb !== "LIST" && verb !== "UIDL")) return undefined;
  const first = line.kind === "line" ? line.text?.[0] : undefined;
  return first?.kind === "text" ? /^(\d+) /.exec(first.text)?.[1] : undefined;
}

async function judgeLine(
  line: SayingLine,
  heard: HeardLine | undefined,
  context: ReplyContext,
): Promise<Verdict> {
  if (heard === undefined) return missing(line, heard, context);
  if (line.kind === "pattern") {
    return compilePattern(line.pattern).test(heard.whole) ? GOOD : {
      kind: "bad",
      id: "reply-text",
      at: line.at,
      expected: `/${line.pattern}/`,
      actual: context.shown(heard.whole),
    };
  }
  const exact = context.level === "text" || context.level === "bytes";
  const template = line.text ?? [];
  const text = exact || writesStatus(line) ? heard.text : heard.text.replace(SKIPPED, "");
  const fits = await fitLine(
    template,
    text,
    context,
    exact ? {} : { ignoreCase: true, open: true },
  );
  if (fits.kind === "agrees") {
    context.bindings.bindAll(fits.taken);
    return GOOD;
  }
  if (fits.kind === "differs") return { ...fits, kind: "bad", id: "hole-mismatch", at: line.at };
  return {
    kind: "bad",
    id: exact ? "reply-text" : "capture-failed",
    at: line.at,
    expected: shownForm(template),
    actual: context.shown(heard.text),
  };
}

/** A leading X.Y.Z with its blank. */
const SKIPPED = /^[245]\.\d{1,3}\.\d{1,3}(?: |$)/;

function writesStatus({ text }: WrittenLine): boolean {
  const first = text?.[0];
  return first?.kind === "text" && ENHANCED.test(first.text);
}

function missing(
  line: SayingLine,
  instead: HeardLine | undefined,
  { shown }: ReplyContext,
): BadVerdict {
  return {
    kind: "bad",
    id: "reply-shape",
    at: line.at,
    expected: line.kind === "pattern" ? `/${line.pattern}/` : shownForm(line.text ?? []),
    actual: instead === undefined ? "the end of the reply" : shown(instead.whole),
  };
}
