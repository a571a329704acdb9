/**
 * The lines that are steps: what is said, octets, events. Lines of a reply are put together.
 *
 * @module
 */

import { problem } from "../errors.ts";
import { type Attributes, checkLevel } from "./parse_attributes.ts";
import { likeEvent, parseEvent } from "./parse_event.ts";
import type { Cursor, Files } from "./parse_files.ts";
import { COMMAND_LEVELS, type Header, REPLY_LEVELS } from "./parse_header.ts";
import { linesToOctets, parseOctets } from "./parse_octets.ts";
import { ReplyBuilder, type WrittenLine } from "./parse_reply.ts";
import { further } from "./parse_source.ts";
import { hasPop3Body } from "../pop3_body.ts";
import type { BytesStep, End, Position, ReplyStep, Step, TemplatePart } from "../step.ts";
import { parseTemplate } from "../template.ts";

const MARK = /^([CS])(<<|[:?!~*|<])|^C *& *S:/;
const EVENT_MARKS =
  '"C:", "S:", "S?", "S!", "S~", "S*", "C*", "C|", "C<", a directive or a comment';

/** What the lines before have brought about. */
export interface SessionState {
  /** Whether the commanding end is in the middle of a message. */
  content: boolean;
  /** The end that replies. */
  replies: End;
  /** The last command. */
  command: string;
}

/** The steps of a block, as they come. */
export class StepList {
  /** The steps so far. */
  readonly steps: Step[] = [];
  /** The reply whose lines are being read. */
  reply: ReplyBuilder | undefined;
  /** What was written for that reply. */
  replyAttributes: Attributes = {};
  /** What was written for the next step. */
  attributes: Attributes = {};
  /** Where that stands. */
  attributesAt: Position | undefined;

  /** What was written for the next step. */
  takeAttributes(): Attributes {
    const { attributes } = this;
    this.attributes = {};
    this.attributesAt = undefined;
    return attributes;
  }
}

/** What is known where a dialogue, or a procedure that nobody calls, begins. */
export function startOfSession(): SessionState {
  return { content: false, replies: "S", command: "" };
}

/** Reads steps. */
export class StepReader {
  /** What the lines before have brought about. */
  state: SessionState = startOfSession();
  readonly #header: Header;
  readonly #files: Files;

  /**
   * @param header The head of the dialogue: what is spoken.
   * @param files For the paths of octets.
   */
  constructor(header: Header, files: Files) {
    this.#header = header;
    this.#files = files;
  }

  /** Takes a line that is a step, or a part of one. */
  step(text: string, at: Position, cursor: Cursor, list: StepList): void {
    const [mark, end, sign] = MARK.exec(text) ?? problem(at, text, EVENT_MARKS);
    const rest = text.slice(mark.length);
    const behind = further(at, mark.length);
    if (sign === undefined) {
      this.#sharedEvent(rest.trim(), further(behind, rest.search(/\S|$/)), at, list);
      return;
    }
    const who = end as End; // the expression knows only the two
    if (sign === "|") {
      this.push(list, {
        kind: "bytes",
        at,
        end: who,
        from: parseOctets(rest, behind),
        stuffed: false,
      });
    } else if (sign === "<<") {
      this.#inline(rest, behind, { at, end: who }, cursor, list);
    } else if (sign === "<") {
      this.#file(rest, behind, { at, end: who }, cursor, list);
    } else if (sign === ":" && this.#event(rest, at, who, list)) {
      return;
    } else if (who === this.state.replies) {
      // The expression knows no other signs.
      this.#reply(sign as WrittenLine["mark"] | "!", rest, at, behind, list);
    } else if (sign === ":") {
      this.#command(rest, at, behind, who, list);
    } else if (sign === "*") {
      const more = rest.trim();
      if (more !== "") problem(further(behind, rest.indexOf(more)), more, "the end of the line");
      this.push(list, { kind: "content", at, end: who });
    } else {
      problem(at, mark, `"${mark}" only at the end that replies`);
    }
  }

  #sharedEvent(text: string, textAt: Position, at: Position, list: StepList): void {
    const event = parseEvent(text);
    if (event?.kind !== "tls" && event?.kind !== "turn") {
      problem(textAt, text, '"<tls>" or "<turn>"');
    }
    this.push(list, { at, kind: event.kind });
    if (event.kind === "turn") this.#turn();
  }

  #turn(): void {
    const replies = this.state.replies === "S" ? "C" : "S";
    this.state = { content: false, replies, command: "" };
  }

  /** Takes an event of one end; tells whether the text is one. */
  #event(rest: string, at: Position, end: End, list: StepList): boolean {
    const content = this.state.content && end !== this.state.replies;
    const event = parseEvent(content ? rest.replace(/^ /, "") : rest.trim());
    if (event === undefined) return false;
    if (event.kind === "tls" || event.kind === "turn") this.push(list, { at, kind: event.kind });
    // What is left has an end.
    else this.push(list, { at, end, ...event } as Step);
    if (event.kind === "turn") this.#turn();
    return true;
  }

  #command(rest: string, at: Position, behind: Position, end: End, list: StepList): void {
    this.endReply(list, at);
    const { content } = this.state;
    const text = content ? rest.replace(/^ /, "") : rest.trim();
    const textAt = further(behind, content ? rest.length - text.length : rest.indexOf(text));
    if (!content && text === "") problem(behind, "", "a command");
    if (!content && likeEvent(text)) {
      problem(textAt, text, 'an event, as "<close>", "<tls>" or "<silence 2s>"');
    }
    const template = parseTemplate(text, textAt);
    if (!content && template.some(holdsControl)) {
      problem(textAt, text, `a command without control characters; "${end}|" takes such octets`);
    }
    this.push(list, { kind: "line", at, end, template, content });
    if (!content) this.state.command = text.toUpperCase();
    if (text === ".") this.state.content = false;
  }

  #reply(
    sign: WrittenLine["mark"] | "!",
    rest: string,
    at: Position,
    behind: Position,
    list: StepList,
  ): void {
    const text = rest.trim();
    const textAt = further(behind, rest.indexOf(text));
    this.#header.protocol ??= /^(\+OK|-ERR|\+)( |$)/.test(text) ? "pop3" : "smtp";
    if (sign === "*" && text !== "") problem(textAt, text, "the end of the line");
    if (sign === "!" && text === "") problem(textAt, "", "a keyword or a text");
    const current = list.reply ?? this.#beginReply(list, at);
    try {
      if (sign === "!") current.forbid(text);
      else if (!current.add({ mark: sign, text }, textAt)) {
        this.endReply(list, at);
        this.#beginReply(list, at).add({ mark: sign, text }, textAt);
      }
    } finally {
      // A line that is none begins no reply.
      if (sign !== "!" && list.reply?.empty) list.reply = undefined;
    }
  }

  #beginReply(list: StepList, at: Position): ReplyBuilder {
    const { command } = this.state;
    const multiline = hasPop3Body(command);
    list.replyAttributes = list.takeAttributes();
    list.reply = new ReplyBuilder(at, this.#header.protocol ?? "smtp", multiline);
    return list.reply;
  }

  /** Ends the reply that is being read, if one is. */
  endReply(list: StepList, at: Position): void {
    const { reply, replyAttributes } = list;
    if (reply === undefined) return;
    list.reply = undefined;
    const step: ReplyStep = {
      at: reply.at,
      ...replyAttributes,
      ...reply.end(this.state.replies, at),
    };
    checkLevel(step, REPLY_LEVELS);
    list.steps.push(step);
    this.state.content = this.#header.protocol !== "pop3" &&
      startsContent(step, this.state.command);
  }

  /** Adds a step, with what was written for it. */
  push(list: StepList, step: Step): void {
    this.endReply(list, step.at);
    const whole = { ...step, ...list.takeAttributes() };
    checkLevel(whole, COMMAND_LEVELS);
    list.steps.push(whole);
  }

  #inline(
    rest: string,
    behind: Position,
    base: Pick<BytesStep, "at" | "end">,
    cursor: Cursor,
    list: StepList,
  ): void {
    const [, raw, tag] = /^ *(raw +)?([A-Za-z][A-Za-z0-9_]*) *$/.exec(rest) ??
      problem(behind, rest, 'a word that ends the text, as "C<<END" or "C<<raw END"');
    const lines: string[] = [];
    for (;;) {
      const line = cursor.lines[cursor.next++];
      if (line === undefined) problem(base.at, `<<${tag}`, `a line "${tag}" below`);
      if (line.text === tag) break;
      lines.push(line.text);
    }
    const from = linesToOctets(lines);
    this.push(list, { kind: "bytes", ...base, from, stuffed: raw === undefined });
  }

  #file(
    rest: string,
    behind: Position,
    base: Pick<BytesStep, "at" | "end">,
    cursor: Cursor,
    list: StepList,
  ): void {
    const [, raw, path = ""] = /^(raw)?[ \t]+(.*?)\s*$/.exec(rest) ?? [];
    const from = { path: this.#files.path(path, cursor, further(behind, rest.indexOf(path))) };
    this.push(list, { kind: "bytes", ...base, from, stuffed: raw === undefined });
  }
}

// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const CONTROL = /[\x00-\x1f\x7f]/;

/** Whether a part of a command is what no command may hold. */
function holdsControl(part: TemplatePart): boolean {
  return part.kind === "codec" && part.value.codec === "repeat" && CONTROL.test(part.value.text);
}

/** Whether a message may follow a reply. */
function startsContent({ lines }: ReplyStep, command: string): boolean {
  const last = lines.at(-1);
  if (last?.kind === "pattern") return last.sample?.startsWith("354") ?? false;
  if (last?.kind !== "line") return false;
  return last.code.includes("354") || (last.code.includes("3xx") && command === "DATA");
}
