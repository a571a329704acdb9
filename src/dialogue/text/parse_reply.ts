/**
 * One line of a reply, and lines to whole replies.
 *
 * @module
 */

import { compilePattern, PatternError } from "../../message/mod.ts";
import { problem } from "../errors.ts";
import { further } from "./parse_source.ts";
import type {
  CodePattern,
  DialogueProtocol,
  End,
  Position,
  ReplyLine,
  ReplyStep,
  Template,
} from "../step.ts";
import { parseTemplate } from "../template.ts";

const CODE = /^(?:[0-9]{3}|[2-5]xx)$/;
const SMTP_LINE = /^(\d{3}|[2-5]xx|\{[^{}]*\})(?:([ -])(.*))?$/s;
const POP3_LINE = /^(\+OK|-ERR|\+)(?: (.*))?$/s;

/** A line of a reply as it is written: what stands behind `S:`, `S?`, `S~`, `S*`. */
export type WrittenLine = { readonly mark: ":" | "?" | "~" | "*"; readonly text: string };

/** Puts lines together to one reply. */
export class ReplyBuilder {
  /** Where it begins. */
  readonly at: Position;
  readonly #protocol: DialogueProtocol;
  readonly #multiline: boolean;
  readonly #lines: ReplyLine[] = [];
  readonly #forbid: string[] = [];
  /** `open`: more lines must come; `body`: of POP3; `maybe`: more may come; `ended`: none. */
  #state: "open" | "body" | "maybe" | "ended" = "maybe";

  /**
   * @param at Where it begins.
   * @param protocol What is spoken.
   * @param multiline Whether the command is one whose reply has a body in POP3.
   */
  constructor(at: Position, protocol: DialogueProtocol, multiline: boolean) {
    this.at = at;
    this.#protocol = protocol;
    this.#multiline = multiline;
  }

  /** Whether no line has come yet. */
  get empty(): boolean {
    return this.#lines.length === 0;
  }

  /** Adds what must not be in it. */
  forbid(text: string): void {
    this.#forbid.push(text);
  }

  /**
   * Adds a line.
   *
   * @returns Whether the line belongs to this reply; if not, it begins another one.
   */
  add(written: WrittenLine, at: Position): boolean {
    return this.#protocol === "pop3" ? this.#addPop3(written, at) : this.#addSmtp(written, at);
  }

  #addSmtp({ mark, text }: WrittenLine, at: Position): boolean {
    if (this.#state === "ended") return false;
    if (mark === "*") {
      this.#lines.push({ kind: "rest", at });
    } else if (mark === "~") {
      const line = parsePatternLine(text, at);
      this.#lines.push(line);
      if (line.sample !== undefined) this.#state = /^\d{3}-/.test(line.sample) ? "open" : "ended";
    } else {
      const [, code = "", separator, rest = ""] = SMTP_LINE.exec(text) ??
        problem(at, text, 'a reply code, as "250", "2xx" or "{250|251}", and a blank or a hyphen');
      const more = separator === "-";
      if (mark === "?" && !more) {
        problem(at, text, "a hyphen behind the code: the last line of a reply cannot be missing");
      }
      this.#lines.push({
        kind: "line",
        at,
        optional: mark === "?",
        code: parseCode(code, at),
        more,
        ...withText(rest, further(at, code.length + 1)),
      });
      this.#state = more ? "open" : "ended";
    }
    return true;
  }

  #addPop3({ mark, text }: WrittenLine, at: Position): boolean {
    if (this.empty) return this.#firstOfPop3({ mark, text }, at);
    if (this.#state === "ended") return false;
    if (mark === "*") {
      this.#lines.push({ kind: "rest", at });
    } else if (mark === "~") {
      const line = parsePatternLine(text, at);
      const { sample } = line;
      const inBody = sample === undefined ? this.#multiline : !POP3_LINE.test(sample);
      if (this.#state !== "body" && !inBody) return false;
      this.#lines.push(line);
    } else if (mark === ":" && text === ".") {
      this.#state = "ended";
      this.#openBody();
      return true;
    } else {
      if (this.#state !== "body" && mark === ":" && POP3_LINE.test(text)) return false;
      const optional = mark === "?";
      this.#lines.push({
        kind: "line",
        at,
        optional,
        code: [],
        more: false,
        ...withText(text, at),
      });
    }
    this.#state = "body";
    this.#openBody();
    return true;
  }

  #firstOfPop3({ mark, text }: WrittenLine, at: Position): boolean {
    if (mark === "*") {
      this.#lines.push({ kind: "rest", at });
      this.#state = "ended";
    } else if (mark === "~") {
      const line = parsePatternLine(text, at);
      this.#lines.push(line);
      if (line.sample !== undefined && !/^\+OK\b/.test(line.sample)) this.#state = "ended";
    } else {
      const [, indicator = "", rest = ""] = (mark === ":" ? POP3_LINE.exec(text) : null) ??
        problem(at, text, 'one of "+OK", "-ERR" and "+"');
      const behind = withText(rest, further(at, indicator.length + 1));
      this.#lines.push({
        kind: "line",
        at,
        optional: false,
        code: [indicator],
        more: false,
        ...behind,
      });
      if (indicator !== "+OK") this.#state = "ended";
    }
    return true;
  }

  /** The first line says that a body follows. */
  #openBody(): void {
    const [first] = this.#lines;
    if (first?.kind === "line" && !first.more) this.#lines[0] = { ...first, more: true };
  }

  /**
   * Ends it.
   *
   * @param at What comes instead of another line.
   */
  end(end: End, at: Position): Pick<ReplyStep, "kind" | "end" | "lines" | "forbid"> {
    if (this.empty) problem(at, "", `a line of the reply to which "${end}!" belongs`);
    if (this.#state === "body") problem(at, "", `"${end}: ." at the end of the body`);
    return { kind: "reply", end, lines: this.#lines, forbid: this.#forbid };
  }
}

function withText(text: string, at: Position): { readonly text?: Template } {
  return text === "" ? {} : { text: parseTemplate(text, at) };
}

function parseCode(text: string, at: Position): CodePattern {
  if (!text.startsWith("{")) return [text];
  const codes = text.slice(1, -1).split("|");
  if (!codes.every((code) => CODE.test(code))) {
    problem(at, text, 'codes between the braces, as "{250|251}"');
  }
  return codes;
}

/** `/pattern/ = sample`, the sample being optional. */
function parsePatternLine(text: string, at: Position): ReplyLine & { readonly kind: "pattern" } {
  const [, pattern = "", sample] = /^\/((?:[^/\\]|\\.)*)\/(?: *= ?(.*))?$/.exec(text) ??
    problem(at, text, 'a pattern between slashes, as "S~ /250 .*/ = 250 ok"');
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    problem(
      further(at, 1 + error.index),
      pattern.slice(error.index),
      "another pattern",
      error.reason,
    );
  }
  return { kind: "pattern", at, pattern, ...(sample === undefined ? {} : { sample }) };
}
