/**
 * The calls that say what a reply must be.
 *
 * @module
 */

import { printTime } from "../text/parse_event.ts";
import type { ReplyStep } from "../step.ts";
import { noCall, text, written, type WrittenLine } from "./typescript_call.ts";
import type { TextWriter } from "./typescript_text.ts";

/** What the command before has made of a reply. */
export interface ReplyPlace {
  /** Whether POP3 is spoken. */
  readonly pop3: boolean;
  /** Whether the reply says what the server offers. */
  readonly offers: boolean;
  /** Whether it has a body that the builder can describe. */
  readonly body: boolean;
  /** Writes its lines. */
  readonly texts: TextWriter;
}

/**
 * The calls of one reply.
 *
 * @param reply The reply.
 * @param place What the command before has made of it.
 */
export function expectCalls(reply: ReplyStep, place: ReplyPlace): string[] {
  const { pop3, offers, body, texts } = place;
  const lines = reply.lines.map(written);
  const [first, ...rows] = lines;
  if (first === undefined || reply.end !== "S" || reply.after !== undefined) return noCall();
  const calls: string[] = [];
  const said = (some: readonly WrittenLine[]): string =>
    some.map(({ text = [] }) => texts.template(text)).join(", ");
  if (pop3 && first.more && !offers) {
    if (!body || reply.forbid.length > 0) return noCall();
    if (rows.some(({ optional }) => optional)) return noCall();
    if (first.text !== undefined) calls.push(codeCall(reply, first, texts));
    calls.push(`.lines([${said(rows)}])`);
  } else if (rows.length > 0 || reply.forbid.length > 0) {
    if (!offers || reply.soft === true) return noCall();
    // Left to itself the builder has any name there, and its server one of its own.
    if (first.text !== undefined) calls.push(codeCall(reply, first, texts));
    const has = said(rows.filter(({ optional }) => !optional));
    const not = reply.forbid.map(text).join(", ");
    calls.push(`.caps({ has: [${has}]${not === "" ? "" : `, not: [${not}]`} })`);
  } else {
    calls.push(codeCall(reply, first, texts));
  }
  if (reply.within !== undefined) calls.push(`.within(${text(printTime(reply.within))})`);
  if (reply.match !== undefined) calls.push(`.match(${text(reply.match)})`);
  if (reply.label !== undefined) calls.push(`.label(${text(reply.label)})`);
  return calls;
}

function codeCall(reply: ReplyStep, line: WrittenLine, texts: TextWriter): string {
  const codes = line.code.map((code) => /^\d+$/.test(code) ? code : text(code));
  const [only] = codes;
  const code = codes.length === 1 ? only : `[${codes.join(", ")}]`;
  const behind = line.text === undefined ? "" : `, ${texts.template(line.text)}`;
  return `.${reply.soft === true ? "soft" : "expect"}(${code}${behind})`;
}
