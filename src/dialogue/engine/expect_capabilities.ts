/**
 * Lists of capabilities: what is written is a required part, in any order.
 *
 * @module
 */

import { type Capabilities, parseCapabilities, SmtpReply } from "../../smtp/mod.ts";
import { judgeLines, type ReplyContext, type WrittenLine } from "./expect_lines.ts";
import { foldCase } from "./fit.ts";
import type { HeardReply } from "./heard_reply.ts";
import type { ReplyStep, Template } from "../step.ts";
import { fitLine, GOOD, plainText, shownForm, type Verdict, wordsOf } from "./verdict.ts";

/**
 * What a reply offers. The first line never is a capability; POP3 lists them in the same form.
 *
 * @param heard A positive reply to EHLO, LHLO or CAPA.
 */
export function capabilitiesOf(heard: HeardReply): Capabilities {
  const code = typeof heard.code === "number" ? heard.code : 250;
  return parseCapabilities(new SmtpReply(code, heard.lines.map(({ text }) => text)));
}

/**
 * Whether a capability is offered, with the parameters that are named.
 *
 * @param capabilities What is offered.
 * @param wanted `STARTTLS`, `AUTH LOGIN`.
 */
export function isOffered(capabilities: Capabilities, wanted: string): boolean {
  const [keyword = "", ...parameters] = wanted.trim().split(/ +/);
  const offered = capabilities.parameters(keyword)?.map(foldCase);
  return offered !== undefined && parameters.every((word) => offered.includes(foldCase(word)));
}

/**
 * Judges a list of capabilities.
 *
 * @param step What it must have.
 * @param heard The reply.
 * @param context What is known.
 */
export async function judgeCapabilities(
  step: ReplyStep,
  heard: HeardReply,
  context: ReplyContext,
): Promise<Verdict> {
  const [first, ...rest] = step.lines;
  const greets = first?.kind === "line" && !first.optional;
  if (greets) {
    const greeting = await judgeLines([first], heard.lines.slice(0, 1), context);
    if (greeting.kind === "bad") return greeting;
  }
  const capabilities = capabilitiesOf(heard);
  for (const line of greets ? rest : step.lines) {
    if (line.kind === "rest") continue;
    const verdict = line.kind === "pattern"
      ? await judgeLines([line], heard.lines, { ...context, level: "code" })
      : await judgeCapability(line, capabilities, context);
    if (verdict.kind === "bad") return verdict;
  }
  return GOOD;
}

async function judgeCapability(
  line: WrittenLine,
  capabilities: Capabilities,
  context: ReplyContext,
): Promise<Verdict> {
  const [keyword, parameters] = keywordOf(line.text ?? []);
  if (keyword === "") return GOOD;
  const offered = capabilities.parameters(keyword);
  if (offered === undefined) {
    if (line.optional) return GOOD;
    const actual = capabilities.lines.map((each) => each.split(" ", 1)[0]).join(" ");
    return lacking(line, context.shown(actual === "" ? "no capability" : actual));
  }
  const unused = [...offered];
  // What is plain first: a hole takes what is left, in order.
  const byKind = [...parameters].sort((a, b) => Number(isPlain(b)) - Number(isPlain(a)));
  for (const parameter of byKind) {
    let found = -1;
    let differs: { readonly expected: string; readonly actual: string } | undefined;
    for (const [index, word] of unused.entries()) {
      const fits = await fitLine(parameter, word, context, { ignoreCase: true });
      if (fits.kind === "agrees") {
        context.bindings.bindAll(fits.taken);
        found = index;
        break;
      }
      if (fits.kind === "differs") differs ??= fits;
    }
    if (found < 0 && differs !== undefined) {
      const { expected, actual } = differs;
      return { kind: "bad", id: "hole-mismatch", at: line.at, expected, actual };
    }
    if (found < 0) return lacking(line, context.shown([keyword, ...offered].join(" ")));
    unused.splice(found, 1);
  }
  return GOOD;
}

function isPlain(template: Template): boolean {
  return plainText(template) !== undefined;
}

/** The keyword and the words behind it; `AUTH=LOGIN` is what servers said before RFC 2554. */
function keywordOf(template: Template): [keyword: string, parameters: readonly Template[]] {
  const [first, ...parameters] = wordsOf(template);
  const word = first === undefined ? "" : plainText(first) ?? "";
  const legacy = /^AUTH=(.*)$/i.exec(word)?.[1];
  if (legacy === undefined) return [word, parameters];
  return ["AUTH", legacy === "" ? parameters : [[{ kind: "text", text: legacy }], ...parameters]];
}

function lacking(line: WrittenLine, actual: string): Verdict {
  const expected = shownForm(line.text ?? []);
  return { kind: "bad", id: "missing-capability", at: line.at, expected, actual };
}
