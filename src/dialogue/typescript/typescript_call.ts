/**
 * What the calls of the typed builder look like, and what none of them can say.
 *
 * @module
 */

import type { PasswordMechanism } from "../builder/program_types.ts";
import type { BlockStep, BytesStep, ReplyLine, ReplyStep, Step, Template } from "../step.ts";

/** Says that the builder has no call for something. */
export class NoCall extends Error {
  override readonly name = "NoCall";
}

/** Stops: the dialogue stays text. */
export function noCall(): never {
  throw new NoCall("Cannot write the dialogue as calls");
}

/** Where a session is: which verbs the builder has there. */
export type Phase = "greeting" | "hello" | "ready" | "mail" | "rcpt" | "chunks" | "transaction";

/** A verb of SMTP: where it may stand, its form, and where it leads. */
export interface SmtpCall {
  /** The form; what it takes apart are the arguments. */
  readonly form: RegExp;
  /** The call. */
  readonly call: string;
  /** Where it may stand. */
  readonly at: readonly Phase[];
  /** Where it leads. By default it stays. */
  readonly to?: Phase;
}

const ANYWHERE: readonly Phase[] = ["greeting", "hello", "ready", "mail", "rcpt", "chunks"];
const GREETING: readonly Phase[] = ["greeting", "hello", "ready"];

/** Each verb of SMTP whose calls are a line and nothing more. */
export const SMTP_CALLS: readonly SmtpCall[] = [
  { form: /^EHLO (.+)$/, call: "ehlo", at: GREETING, to: "ready" },
  { form: /^HELO (.+)$/, call: "helo", at: GREETING, to: "ready" },
  { form: /^LHLO (.+)$/, call: "lhlo", at: GREETING, to: "ready" },
  { form: /^MAIL FROM:<([^<> ]*)>((?: \S+)*)$/, call: "mail", at: ["ready"], to: "mail" },
  { form: /^RCPT TO:<([^<> ]+)>((?: \S+)*)$/, call: "rcpt", at: ["mail", "rcpt"], to: "rcpt" },
  { form: /^RSET$/, call: "rset", at: ["ready", "mail", "rcpt", "chunks"], to: "ready" },
  { form: /^NOOP$/, call: "noop", at: ANYWHERE },
  { form: /^QUIT$/, call: "quit", at: ANYWHERE },
  { form: /^VRFY (.+)$/, call: "vrfy", at: ANYWHERE },
  { form: /^EXPN (.+)$/, call: "expn", at: ANYWHERE },
  { form: /^HELP(?: (.+))?$/, call: "help", at: ANYWHERE },
];

/** The mechanisms of the builder: those that take a password. */
export const MECHANISMS: Readonly<Record<PasswordMechanism, true>> = {
  "PLAIN": true,
  "LOGIN": true,
  "CRAM-MD5": true,
  "SCRAM-SHA-1": true,
  "SCRAM-SHA-256": true,
  "SCRAM-SHA-512": true,
  "XOAUTH2": true,
  "OAUTHBEARER": true,
};

/** The verbs of POP3 behind the login. */
export const POP3_CALL: RegExp =
  /^(?:(STAT|LIST|UIDL|RSET|NOOP)|(RETR|DELE) (\d+)|TOP (\d+) (\d+))$/;

/** The longest line with several calls. */
const LINE = 96;

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

/** Calls within a call: in its line, or each in its own. */
export function nested(call: string, calls: readonly string[]): string {
  const line = `${call}${calls.join("")})`;
  if (line.length <= LINE) return line;
  return `${call}${calls.map((one) => `\n  ${one}`).join("").replaceAll("\n", "\n  ")})`;
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

/** Words behind an address, unless a hole in them has blanks. */
export function parameters(rest: string): readonly string[] | undefined {
  const words = rest.split(" ").slice(1);
  const whole = words.every((word) => /^(?:[^{}]|\{[^{}]*\})*$/.test(word));
  return whole ? words : undefined;
}

/** A line that has no holes; `${len}` is the size of the octets behind it. */
export function withoutHoles(template: Template, size: number): string {
  return template.map((part) => {
    if (part.kind === "text") return part.text;
    return part.kind === "codec" && part.value.codec === "len" ? String(size) : noCall();
  }).join("");
}

/** Octets as the code has them: a string if they are UTF-8. */
export function octets(bytes: Uint8Array): string {
  const said = utf8(bytes);
  return said === undefined ? `Uint8Array.fromBase64(${text(bytes.toBase64())})` : text(said);
}

/** Octets as a text, if they are one. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The octets of a step that are in the dialogue itself. */
export function inlined({ from }: BytesStep): Uint8Array {
  return from instanceof Uint8Array ? from : noCall();
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
