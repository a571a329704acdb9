/**
 * Pages that show a session with telnet, with or without a `>` at each line, with comments behind
 * hyphens, and with prose between.
 *
 * @module
 */

import type { SourceLine } from "../text/parse_source.ts";
import type { Position } from "../step.ts";
import { Scribe } from "./scribe.ts";
import { type FoundSession, plainBlanks } from "./session.ts";

/** What telnet itself says. */
const TELNET = /^(?:telnet +\S|Trying |Connected to |Escape character )/i;
const CLOSED = /^Connection closed/i;
const REPLY = /^(?:\d{3}(?:[ -]|$)|(?:\+OK|-ERR)(?: |$)|\+ )/;
const GREETING = /^(?:220[ -]|\+OK(?: |$))/;
/** The forms of commands: without marks, only what looks like one is one. */
const COMMAND = new RegExp(
  "^(?:(?:HELO|EHLO|LHLO) +\\S+|(?:MAIL|SEND|SOML|SAML) +FROM: ?\\S.*|RCPT +TO: ?\\S.*|" +
    "DATA|RSET|QUIT|NOOP|STARTTLS|HELP|(?:VRFY|EXPN|ETRN) +\\S+|TURN|ATRN(?: +\\S+)?|" +
    "BDAT +\\d+(?: +LAST)?|AUTH +\\S+(?: +\\S+)?|(?:USER|PASS) +\\S+|APOP +\\S+ +[0-9a-f]{32}|" +
    "STAT|CAPA|STLS|UTF8|LANG(?: +\\S+)?|(?:LIST|UIDL)(?: +\\d+)?|(?:RETR|DELE) +\\d+|" +
    "TOP +\\d+(?: +\\d+)?)$",
  "i",
);
const NON_ASCII = /[^\x20-\x7e]/;

/** Reads a page with telnet. */
export function importTelnet(lines: readonly SourceLine[]): readonly FoundSession[] {
  return new TelnetReader(lines.some(({ text }) => isMarked(text))).read(lines);
}

/** Whether a line shows that `>` marks both sides of the page. */
function isMarked(text: string): boolean {
  return /^\s*> ?(?:telnet +\S|\d{3}[ -]|\+OK\b)/i.test(plainBlanks(text));
}

class TelnetReader {
  readonly #marked: boolean;
  readonly #sessions: FoundSession[] = [];
  #scribe = new Scribe();
  /** Whether the page shows that a session goes on. */
  #inside = false;

  /** @param marked Whether `>` marks what was said. */
  constructor(marked: boolean) {
    this.#marked = marked;
  }

  read(lines: readonly SourceLine[]): readonly FoundSession[] {
    for (const { text, at } of lines) {
      const said = this.#marked ? /^\s*>(.*)$/s.exec(text)?.[1] : text;
      if (said !== undefined) this.#line(said, at);
      else if (this.#inside && text.trim() !== "") this.#scribe.note(at, "prose was left away");
    }
    this.#end();
    return this.#sessions;
  }

  #end(): void {
    const session = this.#scribe.finish();
    if (session !== undefined) this.#sessions.push(session);
    this.#scribe = new Scribe();
    this.#inside = false;
  }

  #line(raw: string, at: Position): void {
    const scribe = this.#scribe;
    // What `mail -v` shows: commands have a mark, replies none.
    const shown = this.#marked ? undefined : /^>>> (.*)$/s.exec(raw)?.[1];
    if (shown !== undefined) scribe.command(shown, at);
    else if (scribe.inContent) scribe.command(raw, at);
    else if (scribe.inListing) scribe.reply(this.#clean(raw, at), at);
    else if (scribe.inBody) scribe.reply(raw, at);
    else this.#cleaned(this.#clean(raw, at), at);
  }

  /** A line without a comment at its end and debris at its begin. */
  #clean(raw: string, at: Position): string {
    const plain = plainBlanks(raw).trim();
    const inner = /^\(([^()]*)\)?$/.exec(plain)?.[1];
    const text = inner ?? plain;
    const [said = ""] = text.replace(/^[-=]{3,} *(?=[^ ])/, "").split("----", 1);
    const bare = said.trim();
    if (bare !== text && this.#inside) this.#scribe.note(at, "a comment or debris was left away");
    return inner === undefined ? bare : `(${bare})`;
  }

  #cleaned(text: string, at: Position): void {
    if (text === "") return;
    if (TELNET.test(text)) {
      if (/^telnet/i.test(text)) {
        this.#end();
        this.#inside = true;
      }
      this.#scribe.note(at, "what telnet says was left away");
    } else if (CLOSED.test(text)) {
      this.#end();
    } else if (text.startsWith("(")) {
      this.#scribe.alternative(text.slice(1, -1), at);
    } else if (!this.#marked && NON_ASCII.test(text)) {
      this.#prose(at);
    } else if (REPLY.test(text)) {
      this.#reply(text, at);
    } else {
      this.#command(text, at);
    }
  }

  #reply(text: string, at: Position): void {
    const scribe = this.#scribe;
    if (!this.#inside && !GREETING.test(text)) return;
    // A list of codes is no session: what nobody asked for ends one.
    if (!scribe.waiting && !scribe.inReply && !this.#marked) {
      this.#end();
      if (!GREETING.test(text)) return;
    }
    this.#inside = true;
    this.#scribe.reply(text, at);
    if (this.#scribe.over && !this.#scribe.inReply) this.#end();
  }

  #command(text: string, at: Position): void {
    const scribe = this.#scribe;
    const answer = scribe.asked && /^\S+$/.test(text);
    if (!this.#inside || (!this.#marked && !answer && !COMMAND.test(text))) {
      this.#prose(at);
      return;
    }
    scribe.command(text, at);
  }

  #prose(at: Position): void {
    if (this.#inside) this.#scribe.note(at, "prose was left away");
  }
}
