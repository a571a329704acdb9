/**
 * What a reply must be: class, code, enhanced code, text or octets, and at every level its holes.
 *
 * @module
 */

import { judgeCapabilities } from "./expect_capabilities.ts";
import { ENHANCED, judgeLines, type ReplyContext } from "./expect_lines.ts";
import { foldCase } from "./fit.ts";
import type { HeardReply } from "./heard_reply.ts";
import type { ReplyLevel, ReplyStep } from "../step.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Judges a reply.
 *
 * @param step What it must be.
 * @param heard The reply.
 * @param context What is known.
 */
export async function judgeReply(
  step: ReplyStep,
  heard: HeardReply,
  context: ReplyContext,
): Promise<Verdict> {
  const { level } = context;
  const wrong = judgeCode(step, heard, level) ??
    (level === "class" || level === "code" ? undefined : judgeEnhanced(step, heard, context)) ??
    (level === "bytes" && heard.bareLf ? bareLf(step) : undefined);
  if (wrong !== undefined) return wrong;
  const capabilities = offers(heard, context.verb);
  const verdict = capabilities && level !== "bytes"
    ? await judgeCapabilities(step, heard, context)
    : await judgeLines(step.lines, heard.lines, context);
  return verdict.kind === "bad"
    ? verdict
    : judgeForbidden(step, heard, capabilities, context) ?? verdict;
}

/**
 * Whether a reply is a list of capabilities.
 *
 * @param heard The reply.
 * @param verb The verb of the command.
 */
export function offers({ code }: Pick<HeardReply, "code">, verb: string): boolean {
  return verb === "CAPA" ? code === "+OK" : (verb === "EHLO" || verb === "LHLO") && code === 250;
}

function judgeCode(step: ReplyStep, heard: HeardReply, level: ReplyLevel): Verdict | undefined {
  const code = String(heard.code);
  for (const line of step.lines) {
    if (line.kind !== "line" || line.code.length === 0) continue;
    if (line.code.some((wanted) => sameCode(wanted, code, level))) continue;
    return {
      kind: "bad",
      id: "reply-code",
      at: line.at,
      expected: line.code.join(" or "),
      actual: code,
    };
  }
  return undefined;
}

function sameCode(wanted: string, code: string, level: ReplyLevel): boolean {
  if (wanted === code) return true;
  const byClass = /^\dxx$/.test(wanted) || (level === "class" && /^\d/.test(wanted));
  return byClass && wanted[0] === code[0];
}

function judgeEnhanced(
  step: ReplyStep,
  heard: HeardReply,
  { shown }: ReplyContext,
): Verdict | undefined {
  for (const line of step.lines) {
    // A line without a code is one of a POP3 body.
    if (line.kind !== "line" || line.code.length === 0 || line.text === undefined) continue;
    const [first] = line.text;
    const wanted = first?.kind === "text" ? ENHANCED.exec(first.text)?.[0] : undefined;
    if (wanted === undefined) continue;
    const seen = ENHANCED.exec(heard.lines[0]?.text ?? "")?.[0];
    if (seen !== undefined && foldCase(seen) === foldCase(wanted)) return undefined;
    const actual = seen ?? shown(heard.lines[0]?.text ?? "");
    return { kind: "bad", id: "enhanced-code", at: line.at, expected: wanted, actual };
  }
  return undefined;
}

function bareLf(step: ReplyStep): Verdict {
  return {
    kind: "bad",
    id: "reply-text",
    at: step.at,
    expected: "lines that end in CRLF",
    actual: "a line that ends in LF alone",
  };
}

function judgeForbidden(
  step: ReplyStep,
  heard: HeardReply,
  capabilities: boolean,
  { shown }: ReplyContext,
): Verdict | undefined {
  for (const text of step.forbid) {
    const words = foldCase(text);
    const found = heard.lines.find((line, index) =>
      capabilities
        ? index > 0 && foldCase(line.text).replace(/^auth=/, "auth ").split(/ +/)
          .join(" ").concat(" ").startsWith(`${words} `)
        : foldCase(line.text).includes(words)
    );
    if (found !== undefined) {
      return {
        kind: "bad",
        id: "forbidden-text",
        expected: `no ${text}`,
        actual: shown(found.whole),
      };
    }
  }
  return undefined;
}
