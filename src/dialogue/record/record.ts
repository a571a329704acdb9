/**
 * A session to a dialogue.
 *
 * @module
 */

import type { TranscriptEvent } from "../../wire/mod.ts";
import { makePortable } from "../dialects/portable.ts";
import { hasPop3Body } from "../pop3_body.ts";
import { RecordedLogin } from "./recorded_login.ts";
import { sayable } from "./sayable.ts";
import { joined } from "../octets.ts";
import type {
  Dialogue,
  DialogueProtocol,
  End,
  Position,
  ReplyLine,
  Step,
  StepBase,
} from "../step.ts";
import { literal } from "../template.ts";

/** How a transcript becomes a dialogue. */
export interface ToDialogueOptions {
  /** Its name. @default {"recorded"} */
  readonly name?: string;
  /** What was spoken. By default what the first reply and the verbs say. */
  readonly protocol?: DialogueProtocol;
  /** Whether the times are kept. @default {false} */
  readonly times?: boolean;
  /** Whether names, dates, Message-IDs and queue ids become holes. @default {true} */
  readonly portable?: boolean;
}

/**
 * Makes a dialogue of what was said. Transcripts hold no secrets: logins become holes, and the value of
 * `user` is a sample. A login whose lines are hidden becomes one step.
 *
 * @param transcript The events of one connection, of a session, a probe or a dialogue.
 * @param options Name, protocol, what is kept.
 * @returns The dialogue.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, printDialogue, selfPlay, toDialogue } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("@smtp\nS: 220 mx ESMTP\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n");
 * const { client } = await selfPlay(dialogue);
 * equal(
 *   printDialogue(toDialogue(client.transcript, { portable: false })),
 *   "@smtp\n@name recorded\nS: 220 mx ESMTP\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
 * );
 * ```
 */
export function toDialogue(
  transcript: readonly TranscriptEvent[],
  options: ToDialogueOptions = {},
): Dialogue {
  const protocol = options.protocol ?? protocolOf(transcript);
  const recorder = new DialogueRecorder(protocol, options.times ?? false);
  for (const event of transcript) recorder.hear(event);
  const { steps, login } = recorder.end();
  const dialogue: Dialogue = {
    schema: "mailwright-dialogue/1",
    protocol,
    name: options.name ?? "recorded",
    vars: login.vars,
    secrets: login.secrets,
    match: { server: "code", client: "args" },
    require: [],
    fragment: false,
    steps,
    on: [],
  };
  const whole = options.portable ?? true ? makePortable(dialogue) : dialogue;
  return { ...whole, steps: sayable(whole.steps) };
}

function protocolOf(transcript: readonly TranscriptEvent[]): DialogueProtocol {
  const lines = transcript.filter(({ kind }) => kind === "line");
  if (lines.some(({ end, text }) => end === "S" && /^(?:\+OK|-ERR)/.test(text))) return "pop3";
  return lines.some(({ text }) => /^LHLO\b/i.test(text)) ? "lmtp" : "smtp";
}

// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const CONTROL = /[\x00-\x1f\x7f]/;
const AT: Position = { file: "", line: 1, column: 1 };

class DialogueRecorder {
  readonly #protocol: DialogueProtocol;
  readonly #times: boolean;
  readonly #login: RecordedLogin;
  readonly #steps: Step[] = [];
  #commander: End = "C";
  /** The lines of a reply that has not ended. */
  #reply: string[] = [];
  #body = false;
  readonly #decoder = new TextDecoder();
  /** The beginning of a line of a message. */
  #unended = "";
  /** The commands that were not answered yet. */
  readonly #asked: string[] = [];
  #inContent = false;
  #content: Uint8Array[] = [];
  #last = 0;
  #after = 0;

  constructor(protocol: DialogueProtocol, times: boolean) {
    this.#protocol = protocol;
    this.#times = times;
    this.#login = new RecordedLogin(protocol, AT);
  }

  hear(event: TranscriptEvent): void {
    const { kind, end, text } = event;
    if (kind !== "content" && kind !== "note") this.#endContent();
    this.#after = Math.round(event.at - this.#last);
    switch (kind) {
      case "line":
        if (end === this.#commander) this.#command(text);
        else this.#answer(text);
        break;
      case "content":
        if (end === this.#commander && this.#inContent) this.#content.push(event.bytes ?? NOTHING);
        else if (this.#body) this.#message(event.bytes ?? NOTHING);
        else this.#add({ kind: "bytes", end, from: copy(event.bytes), stuffed: false, at: AT });
        break;
      case "tls":
        this.#add({ kind: "tls", at: AT });
        break;
      case "turn":
        this.#add({ kind: "turn", at: AT });
        this.#commander = this.#commander === "C" ? "S" : "C";
        break;
      case "open":
      case "close":
      case "note":
        return;
    }
    this.#last = event.at;
  }

  end(): { readonly steps: readonly Step[]; readonly login: RecordedLogin } {
    this.#endContent();
    return { steps: this.#login.joined(this.#steps), login: this.#login };
  }

  #add(step: Step): void {
    this.#steps.push(this.#timed(step));
  }

  #timed<T extends StepBase>(step: T): T {
    return this.#times && this.#steps.length > 0 ? { ...step, after: this.#after } : step;
  }

  #command(text: string): void {
    const template = this.#login.command(text);
    const end = this.#commander;
    this.#asked.push(text);
    const [part] = template;
    // No command may hold control characters: whoever sent them sent octets.
    if (template.length === 1 && part?.kind === "text" && CONTROL.test(part.text)) {
      const from = new TextEncoder().encode(`${part.text}\r\n`);
      return this.#add({ kind: "bytes", end, from, stuffed: false, at: AT });
    }
    this.#add({ kind: "line", end, template, content: false, at: AT });
  }

  #answer(text: string): void {
    if (this.#protocol === "pop3" && this.#reply.length === 0 && !/^(?:\+|-ERR)/.test(text)) {
      return this.#more(text);
    }
    this.#reply.push(text);
    const [first = ""] = this.#reply;
    if (this.#protocol !== "pop3") {
      if (/^\d{3}-/.test(text)) return;
    } else if (this.#reply.length === 1) {
      this.#body = text.startsWith("+OK") && hasPop3Body(this.#asked[0] ?? "");
      if (this.#body) return;
    } else if (text !== ".") return;
    const lines = this.#body ? this.#reply.slice(0, -1) : this.#reply;
    const greeting = this.#steps.length === 0;
    const asked = this.#asked.shift() ?? "";
    const end = this.#commander === "C" ? "S" : "C";
    this.#add({
      kind: "reply",
      end,
      lines: lines.map((line, index) => this.#line(line, { index, greeting })),
      forbid: [],
      at: AT,
    });
    this.#login.answered(first);
    this.#inContent = first.startsWith("354") && /^DATA$/i.test(asked.trim());
    this.#reply = [];
    this.#body = false;
  }

  /** A message that was taken as octets: lines of the body that is being read. */
  #message(bytes: Uint8Array): void {
    const text = this.#unended + this.#decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    this.#unended = lines.pop() ?? "";
    for (const line of lines) this.#answer(line.replace(/\r$/, ""));
  }

  /** A body that the command did not announce: `LANG`, `AUTH` alone. */
  #more(text: string): void {
    const last = this.#steps.at(-1);
    if (last?.kind !== "reply") return;
    const [first, ...body] = last.lines;
    if (first?.kind !== "line") return;
    if (text !== ".") body.push(this.#line(text, { index: 1, greeting: false }));
    this.#steps[this.#steps.length - 1] = { ...last, lines: [{ ...first, more: true }, ...body] };
  }

  #line(
    whole: string,
    { index, greeting }: { readonly index: number; readonly greeting: boolean },
  ): ReplyLine {
    const pop3 = this.#protocol === "pop3";
    const base = { kind: "line", at: AT, optional: false } as const;
    if (pop3 && index > 0) {
      const text = whole.startsWith(".") ? whole.slice(1) : whole;
      return { ...base, code: [], more: false, ...(text === "" ? {} : { text: literal(text) }) };
    }
    const [, code = whole, separator, text = ""] =
      (pop3 ? /^(\+OK|-ERR|\+)( |$)(.*)$/s : /^(\d{3})([ -]|$)(.*)$/s).exec(whole) ?? [];
    const more = pop3 ? this.#body : separator === "-";
    const template = this.#login.reply(text, greeting);
    return { ...base, code: [code], more, ...(template.length === 0 ? {} : { text: template }) };
  }

  /** What was written as a message: lines, where it is lines of text, else octets. */
  #endContent(): void {
    if (this.#content.length === 0) return;
    const bytes = joined(this.#content);
    this.#content = [];
    const end = this.#commander;
    const text = new TextDecoder().decode(bytes);
    const over = text === ".\r\n" || text.endsWith("\r\n.\r\n");
    const lines = textLines(bytes, text);
    for (const line of lines ?? []) {
      this.#add({ kind: "line", end, template: literal(line), content: true, at: AT });
    }
    if (lines === undefined) {
      const from = bytes.slice(0, over ? -3 : undefined);
      if (from.length > 0) this.#add({ kind: "bytes", end, from, stuffed: false, at: AT });
      if (over) this.#add({ kind: "line", end, template: literal("."), content: true, at: AT });
    }
    if (over) {
      this.#inContent = false;
      this.#asked.push(".");
    }
  }
}

/** The lines of a content that is nothing but lines; a lone dot only ends it. */
function textLines(bytes: Uint8Array, text: string): readonly string[] | undefined {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length !== bytes.length || encoded.some((octet, at) => octet !== bytes[at])) {
    return undefined;
  }
  if (!text.endsWith("\r\n")) return undefined;
  const lines = text.split("\r\n").slice(0, -1);
  // What the text form would take for another thing, or cannot hold.
  // deno-lint-ignore no-control-regex -- looking for control characters is what it is for
  const plain = lines.every((line) => !/[\x00-\x08\x0a-\x1f\x7f]|^<.*>$/.test(line));
  const dot = lines.indexOf(".");
  return plain && (dot < 0 || dot === lines.length - 1) ? lines : undefined;
}

const NOTHING = new Uint8Array();

function copy(bytes: Uint8Array = NOTHING): Uint8Array<ArrayBuffer> {
  return bytes.slice();
}
