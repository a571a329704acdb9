/**
 * One end of a dialogue: says what is its own, hears and judges what is the other's.
 *
 * @module
 */

import { redact } from "../sasl/mod.ts";
import type { ReceivedLine } from "../wire/mod.ts";
import { isSecretHole } from "./codec.ts";
import { Course } from "./session_course.ts";
import type { EndOptions } from "./end_options.ts";
import { judgeReply, offers } from "./expect.ts";
import { judgeClientLine } from "./expect_line.ts";
import { type FilledLine, fillLine } from "./fill.ts";
import {
  assemble,
  type HeardReply,
  Pop3Assembler,
  type ReplyAssembler,
  SmtpAssembler,
} from "./heard_reply.ts";
import { octetsOf } from "./octets.ts";
import type { DialogueReply } from "./result.ts";
import { hasBody, serveReply } from "./served_reply.ts";
import { HIDDEN, shownReceived } from "./shown_line.ts";
import type {
  BytesStep,
  ConnectionStep,
  ContentStep,
  End,
  LineStep,
  ReplyStep,
  StepBase,
} from "./step.ts";
import { cut, Stop } from "./stop.ts";
import type { Talk } from "./talk.ts";
import type { JudgeContext, Verdict } from "./verdict.ts";
import { clientLevel, serverLevel, waitLimit } from "./step_settings.ts";
import type { WaitLimit } from "./wire_failure.ts";

/** What was heard, before it counts. */
interface Heard<T> {
  readonly value: T;
  readonly waitedMs: number;
}

const encoder = new TextEncoder();

/** One end, from its first word to its last. */
export class DialogueEnd {
  readonly options: EndOptions;
  readonly talk: Talk;
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
  #talkOf(end: End): Talk {
    return end === "C" ? this.#other : this.talk;
  }

  get context(): JudgeContext {
    return { bindings: this.options.bindings, octets: this.octets };
  }

  /** Says a line. */
  async sayLine(step: LineStep): Promise<void> {
    this.checkUnread();
    const { bindings, dialogue: { protocol } } = this.options;
    const secret = step.template.some((part) =>
      part.kind !== "text" && isSecretHole(part, bindings)
    );
    if (secret) this.checkSecure();
    const { course } = this;
    const content = step.content || course.inContent;
    const place = { protocol, inLogin: course.inLogin };
    const line = await fillLine(step.template, this.context, content ? undefined : place);
    if (!content) {
      this.talk.put(line);
      course.command(line.text, line.shown);
      return;
    }
    this.talk.putOctets(encoder.encode(`${line.text}\r\n`));
    if (line.text === ".") course.endContent();
  }

  /** Hears a line and judges it. */
  async hearLine(step: LineStep): Promise<void> {
    const { course, options } = this;
    const content = course.inContent;
    const line = await this.hearAnyLine([step], step);
    this.#line = undefined;
    const whole = line.uncensored ?? line.text;
    const verdict = await this.judgeHeard(step, line, options.bindings);
    if (content) {
      if (whole === ".") course.endContent();
    } else course.command(whole, line.text);
    demand(verdict);
  }

  /** Judges a line that was heard. */
  judgeHeard(
    step: LineStep,
    line: ReceivedLine,
    bindings: JudgeContext["bindings"],
  ): Promise<Verdict> {
    const { course } = this;
    return judgeClientLine(step.template, line.uncensored ?? line.text, {
      bindings,
      octets: this.octets,
      level: clientLevel(step, this.options.match),
      what: course.inContent ? "content" : course.inLogin ? "answer" : "command",
      bareLf: line.bareLf,
      shown: cut(line.text),
      stored: this.options.stored !== undefined,
    });
  }

  /** Hears a line before it is known which of several it must be. The next step that hears has it. */
  async hearAnyLine(steps: readonly LineStep[], at: StepBase): Promise<ReceivedLine> {
    this.#line ??= await this.#readLine(steps, at);
    this.waitedMs = this.#line.waitedMs;
    this.said = cut(this.#line.value.text);
    return this.#line.value;
  }

  /** Hears a line that no step judges. */
  async hearPlainLine(at: StepBase): Promise<ReceivedLine> {
    const line = await this.hearAnyLine([], at);
    this.#line = undefined;
    this.course.command(line.uncensored ?? line.text, line.text);
    return line;
  }

  /** Hears lines of a message up to the lone dot, which is left for the next step. */
  async hearContent(step: ContentStep): Promise<void> {
    while ((await this.hearAnyLine([], step)).text !== ".") this.#line = undefined;
  }

  async #readLine(steps: readonly LineStep[], at: StepBase): Promise<Heard<ReceivedLine>> {
    await this.talk.flush();
    const { course, options } = this;
    const talk = this.#talkOf(this.commander);
    const limit = this.limit(at, "a line of the client", "");
    const began = options.clock.monotonic();
    const forms = steps.map(({ template }) => template);
    const place = { protocol: options.dialogue.protocol, inLogin: course.inLogin };
    talk.veil = (text) => shownReceived(text, forms, this.context, place);
    const line = course.inContent ? await talk.readContentLine(limit) : await talk.readLine(limit);
    if (line === undefined) throw this.#closed("a line of the client");
    return { value: line, waitedMs: options.clock.monotonic() - began };
  }

  /** Says a reply. */
  async sayReply(step: ReplyStep): Promise<void> {
    this.checkUnread();
    const { course, options, talk } = this;
    const { dialogue: { protocol }, optional } = options;
    const context = { ...this.context, protocol, optional, multiline: course.multiline };
    const reply = await serveReply(step, context);
    const veil = this.#veil();
    for (const line of reply.wire) talk.put({ text: line, shown: veil(line) });
    const lines = reply.lines.map(({ whole, text }) => ({ whole: veil(whole), text: veil(text) }));
    this.#keep({ ...reply, lines }, step);
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
    this.#keep({ code, lines: [{ whole, text }], bareLf: false }, at);
  }

  /** Hears a reply and judges it. */
  async hearReply(step: ReplyStep): Promise<void> {
    const { course, options } = this;
    const reply = await this.hearAnyReply([step], step);
    this.#reply = undefined;
    const verb = course.asked?.verb ?? "";
    this.#keep(reply, step);
    demand(await this.judgeReplyHeard(step, reply, verb, options.bindings));
  }

  /** Judges a reply that was heard. */
  judgeReplyHeard(
    step: ReplyStep,
    reply: HeardReply,
    verb: string,
    bindings: JudgeContext["bindings"],
  ): Promise<Verdict> {
    const { protocol } = this.options.dialogue;
    const level = serverLevel(step, this.options.match);
    return judgeReply(step, reply, { bindings, protocol, level, verb, shown: cut });
  }

  /** Hears a reply before it is known which of several it must be. The next step that hears has it. */
  async hearAnyReply(steps: readonly ReplyStep[], at: StepBase): Promise<HeardReply> {
    this.#reply ??= await this.#readReply(steps, at);
    this.waitedMs = this.#reply.waitedMs;
    this.said = cut(this.#reply.value.lines[0]?.whole ?? "");
    return this.#reply.value;
  }

  /** Hears a reply that no step judges. */
  async hearPlainReply(at: StepBase): Promise<HeardReply> {
    const reply = await this.hearAnyReply([], at);
    this.#reply = undefined;
    this.#keep(reply, at);
    return reply;
  }

  async #readReply(steps: readonly ReplyStep[], at: StepBase): Promise<Heard<HeardReply>> {
    await this.talk.flush();
    const { course, options } = this;
    const talk = this.#talkOf(this.commander === "C" ? "S" : "C");
    const { asked } = course;
    const what = asked === undefined ? "the greeting" : `the reply to "${cut(asked.shown)}"`;
    const limit = this.limit(at, what, asked?.verb ?? "");
    const began = options.clock.monotonic();
    talk.veil = this.#veil();
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
  #veil(): (text: string) => string {
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

  #keep(heard: HeardReply, step: StepBase): void {
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

  /** Says or hears octets. */
  async bytes(step: BytesStep): Promise<void> {
    const bytes = await octetsOf(step, this.options.readFile);
    if (this.acts(step)) {
      this.checkUnread();
      this.talk.putOctets(bytes);
    } else {
      await this.talk.flush();
      const differs = await this.#talkOf(step.end).readOctets(
        bytes,
        this.limit(step, "octets", ""),
      );
      if (differs !== undefined) {
        const wanted = new TextDecoder().decode(bytes.subarray(differs.at, differs.at + 40));
        throw new Stop({
          id: "content",
          expected: `"${cut(wanted)}" at octet ${differs.at}`,
          actual: `"${differs.seen}"`,
          lost: true,
        });
      }
    }
    if (step.end === this.commander) this.course.octets(bytes);
    else this.course.answerOctets(bytes);
  }

  /** Begins TLS at both ends. */
  async startTls(step: StepBase): Promise<void> {
    const { talk, course, options } = this;
    if (options.stored !== undefined) {
      options.stored.startTls();
      return course.secured();
    }
    await talk.flush();
    this.#checkInjection();
    await talk.startTls(options.tls, this.limit(step, "the TLS handshake", ""));
    course.secured();
  }

  /** Waits for the other end's close. */
  async hearClose(step: ConnectionStep): Promise<void> {
    await this.talk.flush();
    const said = await this.#talkOf(step.end).readClose(this.limit(step, "the close", ""));
    this.talk.close();
    if (said !== undefined) {
      throw new Stop({
        id: "not-closed",
        expected: "the end of the connection",
        actual: `"${said}"`,
      });
    }
  }

  /** What has arrived before this end speaks was said too early. */
  checkUnread(): void {
    const { talk, course } = this;
    if (talk.writing || talk.buffered === 0) return;
    if (!this.commands) {
      const verb = course.asked?.verb;
      if (verb === "STARTTLS" || verb === "STLS") this.#checkInjection();
      if (course.capabilities?.pipelining) return;
    }
    // Who does not wait for the challenge may have sent the password.
    const unread = !this.commands && course.answersLogin ? HIDDEN : talk.unread;
    const actual = `"${unread}"`;
    throw new Stop({ id: "unread-input", expected: "nothing more to read", actual, unread });
  }

  /** What came in the clear must never count inside TLS (CVE-2011-0411). */
  #checkInjection(): void {
    const { buffered, unread } = this.talk;
    if (buffered === 0) return;
    throw new Stop({
      id: "injection",
      expected: "nothing between the reply and TLS",
      actual: `"${unread}"`,
      unread,
    });
  }

  /** A secret goes out inside TLS alone, on loopback too, unless the caller says otherwise. */
  checkSecure(): void {
    if (this.options.cleartextAuth || this.talk.secure) return;
    throw new Stop({
      id: "cleartext-auth",
      expected: "TLS before a secret",
      actual: "a connection in the clear",
    });
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

/** Stops at a bad verdict. */
function demand(verdict: Verdict): void {
  if (verdict.kind === "good") return;
  const { kind: _, ...facts } = verdict;
  throw new Stop(facts);
}
