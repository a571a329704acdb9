/**
 * Who said what, to a dialogue: keeps the state of the protocol, so that content, bodies and logins
 * are known as such, whatever notation they came from.
 *
 * @module
 */

import { escapeControls } from "../../wire/mod.ts";
import { DialogueParser } from "../text/parse_dialogue.ts";
import { parseEvent } from "../text/parse_event.ts";
import { hasPop3Body } from "../pop3_body.ts";
import type { DialogueProtocol, End, Position } from "../step.ts";
import { literal, printTemplate } from "../template.ts";
import { Arms } from "./arms.ts";
import { Asked } from "./asked.ts";
import { Chunk } from "./chunk.ts";
import { LoginLines } from "./login_lines.ts";
import { Script } from "./script.ts";
import { type FoundSession, plainBlanks } from "./session.ts";

/** What the last reply was, for what comes behind it. */
interface LastReply {
  readonly from: number;
  readonly login: boolean;
}

// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Whether a line of one word is more likely an answer of AUTH than a command. */
function isBase64(text: string): boolean {
  // No verb has its letters so mixed as base64 has.
  const word = /^(?:[A-Z]+|[A-Z]?[a-z]+)$/.test(text);
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text) && !word;
}

/** Writes one session down. */
export class Scribe {
  readonly #script = new Script();
  readonly #logins = new LoginLines(this.#script);
  readonly #arms = new Arms();
  readonly #pending = new Asked();
  #protocol: DialogueProtocol | undefined;
  #commands = 0;
  #said = 0;
  #greeted = false;
  #content = false;
  /** The line of a reply that says that another one follows. */
  #open: number | undefined;
  #body = false;
  /** Whether a line of that body was shown. */
  #filled = false;
  #listing = false;
  #chunk: Chunk | undefined;
  #reply: LastReply | undefined;
  #tls = false;
  #over = false;

  /** Whether anything was said. */
  get begun(): boolean {
    return this.#commands + this.#said > 0;
  }

  /** Whether a message is being sent. */
  get inContent(): boolean {
    return this.#content;
  }

  /** Whether octets that were announced are being sent. */
  get inChunk(): boolean {
    return this.#chunk !== undefined;
  }

  /** Whether the body of a POP3 reply is being read. */
  get inBody(): boolean {
    return this.#body;
  }

  /** Whether that body has a row for each message. */
  get inListing(): boolean {
    return this.#body && this.#listing;
  }

  /** Whether a reply is not yet at its last line. */
  get inReply(): boolean {
    return this.#open !== undefined;
  }

  /** Whether the server waits for an answer of AUTH. */
  get asked(): boolean {
    return this.#logins.asked;
  }

  /** Whether a command waits for its reply. */
  get waiting(): boolean {
    return this.#pending.waiting || !this.#greeted;
  }

  /** Whether QUIT was answered. */
  get over(): boolean {
    return this.#over;
  }

  /** The end that replies. */
  get replies(): End {
    return this.#script.replies;
  }

  /** Whether STARTTLS was accepted and TLS did not begin yet. */
  get beforeTls(): boolean {
    return this.#tls;
  }

  /** Notes something. */
  note(at: Position, text: string): void {
    this.#script.note(at, text);
  }

  /** A line of one end, whatever it is. */
  said(end: End, text: string, at: Position): void {
    if (end === this.#script.replies) this.reply(text, at);
    else this.command(text, at);
  }

  // The commanding end

  /** A line of the end that commands. */
  command(raw: string, at: Position): void {
    this.#endReply(at);
    this.#reply = undefined;
    if (this.#content) {
      this.#contentLine(raw, at);
      return;
    }
    if (this.#chunk !== undefined) {
      this.#chunk.add(raw);
      if (this.#chunk.full) this.#endChunk();
      return;
    }
    const text = this.#clean(raw, at);
    if (text === "") {
      this.#script.note(at, "an empty line was left away");
      return;
    }
    this.#commands++;
    if (this.#logins.asked) {
      if (this.#logins.answer(text, at)) this.#pending.add("AUTH");
      return;
    }
    if (this.#logins.some && isBase64(text)) {
      this.#script.note(at, "what may be a credential was left away: nothing had asked for it");
      return;
    }
    this.#logins.end();
    const [verb = ""] = text.toUpperCase().split(" ", 1);
    if (/^BDAT .*LAST$/i.test(text)) this.#pending.addEnd(verb, this.#protocol === "lmtp");
    else this.#pending.add(text.toUpperCase());
    if (verb === "LHLO") this.#protocol = "lmtp";
    if (verb === "AUTH") this.#logins.begin(text, at);
    else this.#script.say("commands", this.#commandText(text), at);
    const size = verb === "BDAT" ? Number(/^BDAT +(\d+)/i.exec(text)?.[1] ?? 0) : 0;
    if (size > 0) this.#chunk = new Chunk(at, size);
  }

  /** Octets that were announced, and that the page describes only: the description stands for them. */
  someChunk(text: string, at: Position): void {
    this.#chunk?.add(text);
    this.#script.rewrite(
      this.#script.lines.length - 1,
      (announced) => announced.replace(/\d+/, "${len}"),
    );
    this.#endChunk({ whole: true });
    this.#script.note(at, "a description became the octets, and their number its length");
  }

  /** Any content, which the notation does not show. */
  anyContent(at: Position): void {
    if (!this.#content) return;
    this.#script.sign("commands", "*", at);
    this.#contentLine(".", at);
    this.#script.note(at, "the content is not shown: any content fits");
  }

  #commandText(text: string): string {
    const login = this.#protocol === "pop3" ? this.#logins.pop3Command(text) : undefined;
    // A page that became Markdown.
    const address = text.replace(/\[([^\s[\]]+)\]\(mailto:[^\s()]*\)/g, "<$1>");
    return login ?? printTemplate(literal(address));
  }

  #contentLine(raw: string, at: Position): void {
    this.#commands++;
    if (raw.trim() === ".") {
      this.#content = false;
      this.#pending.addEnd(".", this.#protocol === "lmtp");
      this.#script.say("commands", ".", at);
      return;
    }
    const text = printTemplate(literal(raw));
    if (parseEvent(raw) !== undefined || CONTROLS.test(raw)) {
      const octets = escapeControls(raw.replaceAll("\\", "\\\\"));
      this.#script.sign("commands", `|${octets}\\r\\n`, at);
    } else this.#script.say("commands", text, at);
  }

  #endChunk({ whole = false }: { readonly whole?: boolean } = {}): void {
    this.#chunk?.write(this.#script, { whole });
    this.#chunk = undefined;
  }

  // The end that replies

  /** A line of the end that replies. */
  reply(raw: string, at: Position): void {
    this.#endChunk();
    const text = this.#clean(raw, at);
    if (this.#protocol === undefined) {
      this.#protocol = /^(?:\+OK|-ERR)(?: |$)/.test(text) ? "pop3" : "smtp";
    }
    if (this.#protocol === "pop3") this.#pop3Reply(text, at);
    else this.#smtpReply(text, at);
  }

  /** Any further lines of a reply, which the page describes only. */
  rest(at: Position): void {
    if (!this.#body && this.#open === undefined) {
      this.#script.note(at, "a description was left away");
      return;
    }
    this.#filled = true;
    this.#script.sign("replies", "*", at);
    this.#script.note(at, "a description became any lines");
  }

  /** What the server might say instead of its last reply. */
  alternative(raw: string, at: Position): void {
    const text = this.#clean(raw, at);
    const reply = this.#reply;
    const smtp = /^\d{3}(?: |$)/.test(text);
    const fits = this.#protocol === "pop3" ? /^(?:-ERR|\+OK)/.test(text) : smtp && text.length > 3;
    if (reply === undefined || !fits || this.inReply || this.#body || this.#arms.full) {
      this.#script.note(at, "a parenthesis was left away");
      return;
    }
    this.#arms.open(this.#script, reply.from, text, at, reply.login);
    this.#reply = undefined;
    this.#script.note(at, "a parenthesis became the other arm of an @alt");
  }

  #smtpReply(text: string, at: Position): void {
    const [, code, separator, rest = ""] = /^(\d{3})(?:([- ])(.*))?$/.exec(text) ?? [];
    if (code === undefined) {
      this.#script.note(at, "a reply without code became one that succeeds");
      this.#smtpReply(`250 ${text}`, at);
      this.#script.rewrite(this.#script.lines.length - 1, (last) => last.replace("250", "2xx"));
      return;
    }
    this.#content = false;
    const from = this.#open === undefined ? this.#script.lines.length : this.#reply?.from;
    if (this.#logins.question(code, at)) return;
    this.#said++;
    const shown = this.#logins.replyText(code, rest);
    this.#script.say("replies", `${code}${separator ?? ""}${shown}`, at);
    this.#reply = {
      from: from ?? this.#script.lines.length - 1,
      login: this.#logins.goingOn,
    };
    if (separator === "-") this.#open = this.#script.lines.length - 1;
    else this.#answered(code);
  }

  #pop3Reply(text: string, at: Position): void {
    const indicated = /^(?:\+OK|-ERR|\+)(?: |$)/.test(text);
    // A body whose first line is a reply was left out by the page.
    if (this.#body && !this.#filled && indicated) this.#body = false;
    if (this.#body) {
      this.#filled = true;
      this.#said++;
      if (text === ".") {
        this.#body = false;
        this.#script.say("replies", ".", at);
      } else this.#script.say("replies", printTemplate(literal(text)), at);
      return;
    }
    const [, indicator, separator, rest = ""] = /^(\+OK|-ERR|\+)(?:( )(.*))?$/.exec(text) ?? [];
    if (indicator === undefined) {
      this.#script.note(at, "a line that is no reply was left away");
      return;
    }
    if (this.#logins.question(indicator, at)) return;
    this.#said++;
    if (!this.#greeted) this.#logins.greets();
    const from = this.#script.lines.length;
    const shown = this.#logins.replyText(indicator, rest);
    this.#script.say("replies", `${indicator}${separator ?? ""}${shown}`, at);
    const asked = this.#pending.first;
    const login = this.#logins.goingOn || /^(?:USER|PASS|APOP) /.test(asked);
    this.#reply = { from, login };
    this.#listing = /^(?:LIST|UIDL)$/.test(asked);
    this.#filled = false;
    this.#body = indicator === "+OK" && hasPop3Body(asked);
    this.#answered(indicator);
  }

  /** A reply is whole. */
  #answered(code: string): void {
    this.#open = undefined;
    const accepted = code.startsWith("2") || code === "+OK";
    const answers = this.#greeted || this.#commands > 0;
    const command = answers ? this.#pending.answer(accepted) : undefined;
    this.#greeted = true;
    this.#logins.answered(code);
    if (code === "354") this.#content = true;
    if (command === "QUIT") this.#over = true;
    if (accepted && /^(?:STARTTLS|STLS)$/.test(command ?? "")) this.#tls = true;
    if (accepted && /^(?:TURN|ATRN)(?: |$)/.test(command ?? "")) this.event("turn", this.#at());
  }

  /** A reply that did not end is taken as ended when the other end speaks. */
  #endReply(at: Position): void {
    const open = this.#open;
    if (open !== undefined) {
      const text = this.#script.rewrite(open, (line) => line.replace(/^(..) (\d{3})-/, "$1 $2 "));
      this.#script.note(
        this.#script.lines[open]?.at ?? at,
        "a reply that promises another line was taken as whole",
      );
      this.#answered(/\d{3}/.exec(text)?.[0] ?? "");
    }
    if (this.#body) {
      this.#body = false;
      this.#script.say("replies", ".", at);
      this.#script.note(at, "a body without its end was ended");
    }
  }

  // Events and the whole

  /** Something happens to the connection. */
  event(
    kind: "tls" | "turn" | "close" | "drop",
    at: Position,
    end: End = this.#script.replies,
  ): void {
    this.#endReply(at);
    this.#endChunk();
    if (kind === "tls" && this.#script.lines.at(-1)?.text === "C & S: <tls>") return;
    this.#tls = false;
    const text = kind === "tls" || kind === "turn" ? `C & S: <${kind}>` : `${end}: <${kind}>`;
    this.#script.lines.push({ text, at });
    this.#script.see(at);
    if (kind === "close" || kind === "drop") this.#over = true;
    if (kind !== "turn") return;
    this.#script.turn();
    this.#pending.forget();
    this.#greeted = false;
  }

  /** The session, if it is one: both ends must have spoken. */
  finish(): FoundSession | undefined {
    if (this.#commands === 0 || this.#said === 0) return undefined;
    const at = this.#at();
    this.#endReply(at);
    this.#endChunk();
    this.#arms.close(this.#script, at);
    const [first] = this.#script.lines;
    const start = first?.at ?? at;
    const fragment = /^(?:[CS][:*|<]|@auth)/.test(first?.text ?? "") &&
      !first?.text.startsWith("S:");
    const head = [
      `@${this.#protocol ?? "smtp"}`,
      ...this.#logins.declarations,
      ...(fragment ? ["@fragment"] : []),
    ];
    const lines = [...head.map((text) => ({ text, at: start })), ...this.#script.lines];
    return {
      dialogue: (name) => new DialogueParser({ name }).whole(lines),
      notes: this.#script.notes,
      range: this.#script.range,
    };
  }

  #at(): Position {
    return this.#script.lines.at(-1)?.at ?? { file: "", line: 1, column: 1 };
  }

  /** A command or a line of a reply: without outer blanks, control characters made visible. */
  #clean(raw: string, at: Position): string {
    const text = plainBlanks(raw).trim();
    if (!CONTROLS.test(text)) return text;
    this.#script.note(at, "control characters were made visible");
    return escapeControls(text);
  }
}
