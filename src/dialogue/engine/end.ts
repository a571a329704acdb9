/**
 * One end of a dialogue: what it knows, and how it hears the other.
 *
 * @module
 */

import { redact } from "../../sasl/mod.ts";
import type { ReceivedLine } from "../../wire/mod.ts";
import type { EndOptions } from "./end_options.ts";
import { offers } from "./expect.ts";
import type { FilledLine } from "./fill.ts";
import {
  assemble,
  type HeardReply,
  Pop3Assembler,
  type ReplyAssembler,
  SmtpAssembler,
} from "./heard_reply.ts";
import type { DialogueReply } from "../result.ts";
import { hasBody } from "./served_reply.ts";
import { Course } from "./session_course.ts";
import { shownReceived } from "./shown_line.ts";
import type { End, LineStep, ReplyStep, StepBase } from "../step.ts";
import { waitLimit } from "./step_settings.ts";
import { cut, Stop } from "./stop.ts";
import type { Talk } from "./talk.ts";
import type { JudgeContext } from "./verdict.ts";
import type { WaitLimit } from "./wire_failure.ts";

/** What was heard, before it counts. */
interface Heard<T> {
  readonly value: T;
  readonly waitedMs: number;
}

/** One end, from its first word to its last. */
export class DialogueEnd {
  /** What is played, and how. */
  readonly options: EndOptions;
  /** Its talk. */
  readonly talk: Talk;
  /** What is known of the session. */
  readonly course: Course;
  readonly #other: Talk;
  /** All replies, in order. */
  readonly replies: DialogueReply[] = [];
  /** How many lists of capabilities were heard or said. */
  offersHeard = 0;
  /** The end that says commands. */
  commander: End = "C";
  /** How long the last wait took, in milliseconds. */
  waitedMs = 0;
  /** The line that was heard last, as it may be shown. */
  said: string | undefined;
  #line: Heard<ReceivedLine> | undefined;
  #reply: Heard<HeardReply> | undefined;
  /** How many octets the next bytes step has: for `${len}`. */
  octets: number | undefined;

  /**
   * An end at its beginning.
   *
   * @param talk Its talk.
   * @param options What is played, and how.
   * @param other Where the lines of the end `C` are heard, where nothing is said and both are heard.
   */
  constructor(talk: Talk, options: EndOptions, other: Talk = talk) {
    this.talk = talk;
    this.#other = other;
    this.options = options;
    this.course = new Course(options.dialogue.protocol);
  }

  /** Whether this end says commands. */
  get commands(): boolean {
    return this.commander === this.options.role;
  }

  /** Whether it is this end that acts in a step. */
  acts(step: { readonly end: End }): boolean {
    return this.options.stored === undefined && step.end === this.options.role;
  }

  /** Where an end is heard. */
  talkOf(end: End): Talk {
    return end === "C" ? this.#other : this.talk;
  }

  /** What judges know. */
  get context(): JudgeContext {
    return { bindings: this.options.bindings, octets: this.octets };
  }

  /** Hears a line before it is known which of several it must be. The next step that hears has it. */
  async hearAnyLine(steps: readonly LineStep[], at: StepBase): Promise<ReceivedLine> {
    this.#line ??= await this.#readLine(steps, at);
    this.waitedMs = this.#line.waitedMs;
    this.said = cut(this.#line.value.text);
    return this.#line.value;
  }

  /** The line that was heard counts now. */
  takeLine(): void {
    this.#line = undefined;
  }

  /** Hears a line that no step judges. */
  async hearPlainLine(at: StepBase): Promise<ReceivedLine> {
    const line = await this.hearAnyLine([], at);
    this.takeLine();
    this.course.command(line.uncensored ?? line.text, line.text);
    return line;
  }

  async #readLine(steps: readonly LineStep[], at: StepBase): Promise<Heard<ReceivedLine>> {
    await this.talk.flush();
    const { course, options } = this;
    const talk = this.talkOf(this.commander);
    const limit = this.limit(at, "a line of the client", "");
    const began = options.clock.monotonic();
    const forms = steps.map(({ template }) => template);
    const place = { protocol: options.dialogue.protocol, inLogin: course.inLogin };
    talk.veil = (text) => shownReceived(text, forms, this.context, place);
    const line = course.inContent ? await talk.readContentLine(limit) : await talk.readLine(limit);
    if (line === undefined) throw this.#closed("a line of the client");
    return { value: line, waitedMs: options.clock.monotonic() - began };
  }

  /** Says a line that is no step. */
  saySpare(line: FilledLine): void {
    this.talk.put(line);
    if (this.commands) this.course.command(line.text, line.shown);
  }

  /** Says a reply of one line that is no step. */
  saySpareReply(code: HeardReply["code"], text: string, at: StepBase): void {
    const whole = `${code} ${text}`;
    this.talk.put({ text: whole, shown: whole });
    this.keep({ code, lines: [{ whole, text }], bareLf: false }, at);
  }

  /** Hears a reply before it is known which of several it must be. The next step that hears has it. */
  async hearAnyReply(steps: readonly ReplyStep[], at: StepBase): Promise<HeardReply> {
    this.#reply ??= await this.#readReply(steps, at);
    this.waitedMs = this.#reply.waitedMs;
    this.said = cut(this.#reply.value.lines[0]?.whole ?? "");
    return this.#reply.value;
  }

  /**
   * The reply that was heard counts now.
   *
   * @param at Where it was heard.
   */
  takeReply(at: StepBase): void {
    const reply = this.#reply?.value;
    this.#reply = undefined;
    if (reply !== undefined) this.keep(reply, at);
  }

  /** Hears a reply that no step judges. */
  async hearPlainReply(at: StepBase): Promise<HeardReply> {
    const reply = await this.hearAnyReply([], at);
    this.takeReply(at);
    return reply;
  }

  async #readReply(steps: readonly ReplyStep[], at: StepBase): Promise<Heard<HeardReply>> {
    await this.talk.flush();
    const { course, options } = this;
    const talk = this.talkOf(this.commander === "C" ? "S" : "C");
    const { asked } = course;
    const unasked = course.greeted ? "a reply that nothing asked for" : "the greeting";
    const what = asked === undefined ? unasked : `the reply to "${cut(asked.shown)}"`;
    const limit = this.limit(at, what, asked?.verb ?? "");
    const began = options.clock.monotonic();
    talk.veil = this.veil();
    const multiline = course.multiline || steps.some(hasBody);
    const assembler: ReplyAssembler = options.dialogue.protocol === "pop3"
      ? new Pop3Assembler(multiline, options.maxBytes)
      : new SmtpAssembler();
    while (true) {
      const line = await talk.readLine(limit);
      if (line === undefined) throw this.#closed(what);
      const reply = assemble(assembler, line);
      if (reply !== undefined) return { value: reply, waitedMs: options.clock.monotonic() - began };
    }
  }

  /** What may be shown of the reply that comes next: within a login, nothing of the secret. */
  veil(): (text: string) => string {
    return this.course.answersLogin ? (text) => this.#withoutSecrets(text) : (text) => text;
  }

  /** A server may quote what it was given (T-A08). Its code is none of that. */
  #withoutSecrets(text: string): string {
    const [status = ""] = /^(?:\d{3}[ -]?|\+OK ?|-ERR ?|\+ ?)/.exec(text) ?? [];
    let rest = text.slice(status.length);
    for (const { name } of this.options.dialogue.secrets) {
      const secret = this.options.bindings.secret(name);
      if (secret !== undefined) rest = redact(rest, secret);
    }
    return status + rest;
  }

  /**
   * Notes a reply that was said or heard: the command is answered.
   *
   * @param heard The reply.
   * @param step Where.
   */
  keep(heard: HeardReply, step: StepBase): void {
    const to = this.course.asked?.shown;
    const reply: DialogueReply = {
      code: heard.code,
      lines: heard.lines.map(({ text }) => text),
      ...(to === undefined ? {} : { to }),
      at: step.at,
      ...(step.label === undefined ? {} : { label: step.label }),
    };
    this.replies.push(reply);
    if (offers(heard, this.course.asked?.verb ?? "")) this.offersHeard++;
    this.course.answer(heard, reply);
  }

  /** The limit of a wait. */
  limit(step: StepBase, what: string, verb: string): WaitLimit {
    return waitLimit(this.options, step, what, verb);
  }

  #closed(what: string): Stop {
    const last = this.replies.at(-1);
    const after = last === undefined
      ? ""
      : `, after "${cut(`${last.code} ${last.lines[0] ?? ""}`)}"`;
    return new Stop({
      id: "unexpected-close",
      expected: what,
      actual: `the connection ended${after}`,
    });
  }
}
