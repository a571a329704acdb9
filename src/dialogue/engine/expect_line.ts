/**
 * What a line of a client must be: verb, arguments, text or octets, and at every level its holes.
 *
 * @module
 */

import { foldCase } from "./fit.ts";
import type { CommandLevel, Template, TemplatePart } from "../step.ts";
import {
  fitLine,
  GOOD,
  hasHoles,
  isWord,
  type JudgeContext,
  plainText,
  shownForm,
  type Verdict,
  wordsOf,
} from "./verdict.ts";

/** What a judge of lines knows. */
export interface LineJudgeContext extends JudgeContext {
  /** How exact it must be. */
  readonly level: CommandLevel;
  /** A command, an answer inside a login, or a line of a message. */
  readonly what: "command" | "answer" | "content";
  /** Whether the line ended in a lone LF. */
  readonly bareLf: boolean;
  /** The line as it may be shown. */
  readonly shown: string;
  /** Whether it is from a transcript, which shows holes in place of logins. */
  readonly stored: boolean;
}

/**
 * Judges a line of a client.
 *
 * @param template What it must be.
 * @param line The line.
 * @param context What is known.
 */
export async function judgeClientLine(
  template: Template,
  line: string,
  context: LineJudgeContext,
): Promise<Verdict> {
  const { level, what } = context;
  if (level === "bytes" && context.bareLf) {
    return bad(context, "a line that ends in CRLF", "a line that ends in LF alone");
  }
  if (context.stored && isHiddenLogin(template, line, what)) return GOOD;
  const verb = wordsOf(template)[0];
  const words = what === "command" && (level === "verb" || level === "args") &&
    verb !== undefined && plainText(verb) !== undefined;
  const result = !words
    ? await whole(template, line, context)
    : level === "verb" && !hasHoles(template)
    ? sameVerb(verb, line)
    : await byWords(template, line, context);
  if (result === "form") return bad(context, shownForm(template), context.shown);
  return result === "good" ? GOOD : { kind: "bad", id: "hole-mismatch", ...result };
}

/** What a transcript shows in place of a login: how it begins is judged, the rest nobody knows. */
function isHiddenLogin(template: Template, line: string, what: LineJudgeContext["what"]): boolean {
  const hole = /\$\{[A-Za-z][A-Za-z0-9_ ]*\}$/;
  if (!hole.test(line)) return false;
  if (what === "answer") return line.startsWith("${");
  const [start] = /^(?:USER|PASS|APOP|AUTH +\S+)(?= )/i.exec(line) ?? [];
  if (what !== "command" || start === undefined) return false;
  const [first] = template;
  return first?.kind === "text" && foldCase(first.text).startsWith(foldCase(`${start} `));
}

type Judged = "good" | "form" | { readonly expected: string; readonly actual: string };

function bad({ what }: LineJudgeContext, expected: string, actual: string): Verdict {
  return { kind: "bad", id: what === "content" ? "content" : "client-line", expected, actual };
}

async function whole(
  template: Template,
  line: string,
  context: JudgeContext,
  ignoreCase: boolean = false,
): Promise<Judged> {
  const fits = await fitLine(template, line, context, { ignoreCase });
  if (fits.kind === "form") return "form";
  if (fits.kind === "agrees") {
    context.bindings.bindAll(fits.taken);
    return "good";
  }
  return { expected: fits.expected, actual: fits.actual };
}

function sameVerb(verb: Template, line: string): Judged {
  return isWord(verb, foldCase(line.split(/[ \t]/, 1)[0] ?? "")) ? "good" : "form";
}

/** Verbs whose one argument is all of the rest, blanks included. */
const TAKES_REST: ReadonlySet<string> = new Set(["user", "pass"]);
/** Verbs whose first argument is a path and whose others are parameters (RFC 5321 section 4.1.2). */
const HAS_PARAMETERS: ReadonlySet<string> = new Set(["mail", "rcpt"]);
/** Verbs whose arguments are keywords. */
const TAKES_KEYWORDS: ReadonlySet<string> = new Set(["auth", "bdat", "etrn"]);

async function byWords(template: Template, line: string, context: JudgeContext): Promise<Judged> {
  const [verbForm = [], ...forms] = wordsOf(template);
  const [verb = "", ...words] = line.split(/[ \t]+/).filter((word) => word !== "");
  const name = foldCase(verb);
  if (!isWord(verbForm, name)) return "form";
  if (TAKES_REST.has(name)) {
    const rest = line.trimStart().slice(verb.length).replace(/^[ \t]/, "");
    return await whole(restOf(template), rest, context);
  }
  const parameters = HAS_PARAMETERS.has(name);
  if (parameters ? words.length < forms.length : words.length !== forms.length) return "form";
  const left = [...words];
  for (const [index, form] of forms.entries()) {
    const positional = !parameters || index === 0;
    const candidates = positional ? [left[0] ?? ""] : left;
    let judged: Judged = "form";
    let place = -1;
    for (const [at, word] of candidates.entries()) {
      const one = parameters
        ? await keyed(form, word, index === 0 ? ":" : "=", context)
        : await whole(form, word, context, index === 0 && TAKES_KEYWORDS.has(name) || isLast(form));
      if (judged === "form") judged = one;
      if (one === "good") {
        judged = one;
        place = at;
        break;
      }
    }
    if (judged !== "good") return judged;
    left.splice(place, 1);
  }
  return "good";
}

/** `BDAT 10 LAST`: the one keyword behind another argument. */
function isLast(form: Template): boolean {
  return isWord(form, "last");
}

/** `FROM:<a>` and `SIZE=10`: what stands before the sign is a keyword, what follows is exact. */
async function keyed(
  form: Template,
  word: string,
  sign: string,
  context: JudgeContext,
): Promise<Judged> {
  const [first, ...parts] = form;
  if (first?.kind !== "text") return await whole(form, word, context);
  const keyword = first.text.slice(0, first.text.indexOf(sign) + 1 || first.text.length);
  if (foldCase(word.slice(0, keyword.length)) !== foldCase(keyword)) return "form";
  const rest: TemplatePart[] = [...parts];
  const value = first.text.slice(keyword.length);
  if (value !== "") rest.unshift({ kind: "text", text: value });
  return await whole(rest, word.slice(keyword.length), context);
}

/** A line without its first word and the blank behind it. */
function restOf(template: Template): Template {
  const [first, ...parts] = template;
  if (first?.kind !== "text") return template;
  const text = first.text.trimStart().replace(/^\S+[ \t]?/, "");
  return text === "" ? parts : [{ kind: "text", text }, ...parts];
}
