/**
 * What the calls of the typed builder look like, and what none of them can say.
 *
 * @module
 */

import type { BlockStep, BytesStep, ReplyLine, ReplyStep, Step } from "../step.ts";

/** Says that the builder has no call for something. */
export class NoCall extends Error {
  override readonly name = "NoCall";
}

/** Stops: the dialogue stays text. */
export function noCall(): never {
  throw new NoCall("Cannot write the dialogue as calls");
}

/** Where a session is: which verbs the builder has there. */
export type Phase = "greeting" | "hello" | "ready" | "mail" | "rcpt" | "transaction";

/** Each verb of SMTP: where it may stand, its form, and where it leads. */
export const SMTP_CALLS: readonly {
  readonly form: RegExp;
  readonly call: string;
  readonly at: readonly Phase[];
  readonly to?: Phase;
}[] = [
  { form: /^EHLO (.+)$/, call: "ehlo", at: ["greeting", "hello", "ready"], to: "ready" },
  { form: /^HELO (.+)$/, call: "helo", at: ["greeting", "hello", "ready"], to: "ready" },
  { form: /^LHLO (.+)$/, call: "lhlo", at: ["greeting", "hello", "ready"], to: "ready" },
  { form: /^MAIL FROM:<([^<> ]*)>$/, call: "mail", at: ["ready"], to: "mail" },
  { form: /^RCPT TO:<([^<> ]+)>$/, call: "rcpt", at: ["mail", "rcpt"], to: "rcpt" },
  { form: /^RSET$/, call: "rset", at: ["ready", "mail", "rcpt"], to: "ready" },
  { form: /^NOOP$/, call: "noop", at: ["greeting", "hello", "ready", "mail", "rcpt"] },
  { form: /^QUIT$/, call: "quit", at: ["greeting", "hello", "ready", "mail", "rcpt"] },
  { form: /^VRFY (.+)$/, call: "vrfy", at: ["greeting", "hello", "ready", "mail", "rcpt"] },
  { form: /^EXPN (.+)$/, call: "expn", at: ["greeting", "hello", "ready", "mail", "rcpt"] },
];

/** The verbs of POP3 behind the login. */
export const POP3_CALL: RegExp =
  /^(?:(STAT|LIST|UIDL|RSET|NOOP)|(RETR|DELE) (\d+)|TOP (\d+) (\d+))$/;

/** A line of a reply that is written out. */
export type WrittenLine = ReplyLine & { readonly kind: "line" };

/** Refuses what is no written line. */
export function written(line: ReplyLine): WrittenLine {
  return line.kind === "line" ? line : noCall();
}

/** Refuses what has attributes: the builder has them for replies only. */
export function plain(step: Step): void {
  const { label, within, match, soft, after } = step;
  if ([label, within, match, soft, after].some((value) => value !== undefined)) noCall();
}

/** A literal brace is doubled. */
export function escaped(line: string): string {
  return line.replaceAll("{", "{{");
}

/** A string of the code. */
export function text(value: string): string {
  return JSON.stringify(value);
}

/** Whether a reply is one line with one code. */
export function isCode({ lines, forbid }: ReplyStep, code: string): boolean {
  const [line, more] = lines;
  return line?.kind === "line" && more === undefined && forbid.length === 0 &&
    line.code.length === 1 && line.code[0] === code;
}

/** Whether a reply is a question of AUTH. */
export function asks(reply: ReplyStep | undefined): boolean {
  return reply !== undefined && isCode(reply, "334");
}

/** Octets as a string, if each is a character of ASCII. */
export function octets({ from, stuffed }: BytesStep): string {
  if (!(from instanceof Uint8Array) || stuffed || from.some((octet) => octet > 126)) {
    return noCall();
  }
  return new TextDecoder().decode(from);
}

/** Arms that are a code and a name each. */
export function outcomesOf(block: BlockStep): readonly [code: string, name: string][] | undefined {
  const outcomes = block.arms.map((arm): [string, string] | undefined => {
    const [reply, outcome, more] = arm;
    if (reply?.kind !== "reply" || outcome?.kind !== "outcome" || more !== undefined) {
      return undefined;
    }
    const [line, further] = reply.lines;
    if (line?.kind !== "line" || further !== undefined || reply.forbid.length > 0) return undefined;
    const [code, other] = line.code;
    if (code === undefined || other !== undefined || line.more) return undefined;
    return [/^\d+$/.test(code) ? code : text(code), outcome.name];
  });
  return outcomes.every((outcome) => outcome !== undefined) ? outcomes : undefined;
}
