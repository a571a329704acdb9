/**
 * A reply of a dialogue to the lines that a server says.
 *
 * @module
 */

import { fillLine } from "./fill.ts";
import type { HeardLine, HeardReply, Pop3Indicator } from "./heard_reply.ts";
import { printTemplate } from "../template.ts";
import type { DialogueProtocol, ReplyLine, ReplyStep } from "../step.ts";
import type { JudgeContext } from "./verdict.ts";

/** A reply that is ready to be said. */
export interface ServedReply extends HeardReply {
  /** The lines as they go out. */
  readonly wire: readonly string[];
}

/** How a reply is said. */
export interface ServeContext extends JudgeContext {
  /** What is spoken. */
  readonly protocol: DialogueProtocol;
  /** Whether lines that may be missing are said. */
  readonly optional: boolean;
  /** Whether the command has a body in its reply. */
  readonly multiline: boolean;
}

/** What is said for a class of codes. */
const CODE_OF_CLASS: Readonly<Record<string, string>> = {
  "2xx": "250",
  "3xx": "354",
  "4xx": "451",
  "5xx": "554",
};

/**
 * Makes the lines of a reply.
 *
 * @param step The reply.
 * @param context How it is said.
 * @throws {TypeError} If there is nothing to say.
 */
export async function serveReply(step: ReplyStep, context: ServeContext): Promise<ServedReply> {
  const lines: { code: string; text: string | undefined }[] = [];
  for (const line of step.lines) {
    const served = await serveLine(line, context);
    if (served !== undefined) lines.push(served);
  }
  return context.protocol === "pop3"
    ? pop3Reply(step, lines, context.multiline)
    : smtpReply(step, lines);
}

interface Line {
  readonly code: string;
  readonly text: string | undefined;
}

async function serveLine(line: ReplyLine, context: ServeContext): Promise<Line | undefined> {
  if (line.kind === "rest") return undefined;
  if (line.kind === "pattern") {
    if (line.sample === undefined) {
      throw new TypeError(`Cannot say the line /${line.pattern}/: it has no sample`);
    }
    if (context.protocol === "pop3") return { code: "", text: line.sample };
    const [, code = "", text] = /^(\d{3})(?:[ -](.*))?$/s.exec(line.sample) ?? [];
    return { code, text };
  }
  if (line.optional && !context.optional) return undefined;
  const [code = ""] = line.code;
  const text = line.text === undefined ? undefined : (await fillLine(line.text, context)).text;
  return { code: CODE_OF_CLASS[code] ?? code, text };
}

function smtpReply(step: ReplyStep, lines: readonly Line[]): ServedReply {
  const code = lines.at(-1)?.code ?? "";
  if (!/^[2-5]\d\d$/.test(code)) throw nothing(step);
  // Each line with the code that it was written with: one that differs is for the client to find.
  const wire = lines.map(({ code: own, text }, index) => {
    const last = index === lines.length - 1;
    return last && text === undefined ? own : `${own}${last ? " " : "-"}${text ?? ""}`;
  });
  const heard = wire.map((whole): HeardLine => ({ whole, text: whole.slice(4) }));
  return { code: Number(code), lines: heard, wire, bareLf: false };
}

function pop3Reply(step: ReplyStep, lines: readonly Line[], multiline: boolean): ServedReply {
  const [first, ...body] = lines;
  const status = first?.code === "" ? first.text ?? "" : joined(first);
  const [, code] = /^(\+OK|-ERR|\+)(?: |$)/.exec(status) ?? [];
  if (code === undefined) throw nothing(step);
  const texts = body.map((line) => joined(line));
  const wire = [status];
  if (code === "+OK" && (multiline || hasBody(step))) {
    wire.push(...texts.map((text) => text.startsWith(".") ? `.${text}` : text), ".");
  }
  const heard = [
    { whole: status, text: status.slice(code.length + 1) },
    ...texts.map((text): HeardLine => ({ whole: text, text })),
  ];
  return { code: code as Pop3Indicator, lines: heard, wire, bareLf: false }; // by the pattern above
}

function joined(line: Line | undefined): string {
  const { code = "", text } = line ?? {};
  return code === "" ? text ?? "" : text === undefined ? code : `${code} ${text}`;
}

/**
 * Whether a reply of POP3 was written with a body.
 *
 * @param step The reply.
 */
export function hasBody({ lines }: ReplyStep): boolean {
  const [first] = lines;
  return lines.length > 1 || (first?.kind === "line" && first.more);
}

function nothing(step: ReplyStep): TypeError {
  const forms = step.lines.map((line) =>
    line.kind === "line" ? `${line.code} ${printTemplate(line.text ?? [])}`.trim() : line.kind
  );
  return new TypeError(
    `Cannot say the reply "${forms.join(" / ")}": it has no last line to be said`,
  );
}
