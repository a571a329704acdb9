/**
 * The lines of logins in a session that is written down.
 *
 * @module
 */

import type { Position } from "../step.ts";
import { literal, printTemplate } from "../template.ts";
import { type Exchange, Logins } from "./login.ts";
import type { Script } from "./script.ts";

/** Writes logins into a script, each credential as a hole. */
export class LoginLines {
  readonly #script: Script;
  readonly #logins = new Logins();
  #exchange: Exchange | undefined;
  #asked = false;
  /** The line of the greeting, which APOP needs. */
  #greeting: number | undefined;

  /** @param script Where they are written. */
  constructor(script: Script) {
    this.#script = script;
  }

  /** Whether there was a login before. */
  get some(): boolean {
    return this.#logins.some;
  }

  /** Whether an AUTH is going on. */
  get goingOn(): boolean {
    return this.#exchange !== undefined;
  }

  /** Whether the server waits for an answer of AUTH. */
  get asked(): boolean {
    return this.#exchange !== undefined && this.#asked;
  }

  /** The directives that declare all names. */
  get declarations(): readonly string[] {
    return this.#logins.declarations();
  }

  /** The next line is the greeting. */
  greets(): void {
    this.#greeting = this.#script.lines.length;
  }

  /** A command begins: no AUTH goes on. */
  end(): void {
    this.#exchange = undefined;
  }

  /** AUTH. */
  begin(text: string, at: Position): void {
    const [verb = "", mechanism, initial] = text.split(/ +/);
    if (mechanism === undefined) {
      this.#script.say("commands", text, at);
      return;
    }
    if (!/^[A-Za-z0-9_-]{1,20}$/.test(mechanism)) {
      this.#script.say("commands", printTemplate(literal(`${verb} ${mechanism}`)), at);
      this.#script.note(at, "what stands behind an unknown mechanism was left away");
      return;
    }
    const [exchange, line] = this.#logins.begin(mechanism, initial);
    this.#exchange = exchange;
    if (exchange.whole) this.#script.write(line, at);
    else this.#script.say("commands", `${verb} ${line}`, at);
  }

  /** An answer of AUTH; tells whether it was written. */
  answer(text: string, at: Position): boolean {
    this.#asked = false;
    if (this.#exchange === undefined) return false;
    if (this.#exchange.whole) {
      this.#leaveAway("an answer of AUTH is part of @auth", at);
      return false;
    }
    this.#script.say("commands", this.#logins.answer(this.#exchange, text), at);
    this.#script.note(at, "a credential became a hole");
    return true;
  }

  /** A question of AUTH that is left away; tells whether it is one. */
  question(code: string, at: Position): boolean {
    if (!this.#exchange?.whole || !isQuestion(code)) return false;
    this.#asked = true;
    this.#leaveAway("a question of AUTH is part of @auth", at);
    return true;
  }

  /** The text of a reply. What CRAM-MD5 asks is answered by what it says. */
  replyText(code: string, text: string): string {
    const challenge = isQuestion(code) && this.#exchange?.mechanism === "CRAM-MD5" &&
      /^[A-Za-z0-9+/=]+$/.test(text);
    return challenge ? `\${b64 challenge=${text}}` : printTemplate(literal(text));
  }

  /** A reply is whole. */
  answered(code: string): void {
    this.#asked = this.#exchange !== undefined && isQuestion(code);
    if (!this.#asked) this.#exchange = undefined;
  }

  /** The line of USER, PASS or APOP. */
  pop3Command(text: string): string | undefined {
    const [verb = "", word] = text.split(/ +/);
    if (word === undefined) return undefined;
    const rest = text.slice(verb.length).trim();
    switch (verb.toUpperCase()) {
      case "USER":
        return `${verb} \${${this.#logins.user(rest)}}`;
      case "PASS":
        return `${verb} \${${this.#logins.password(rest)}}`;
      case "APOP": {
        const user = `\${${this.#logins.user(word)}}`;
        // Without a stamp nobody can tell what was digested.
        return this.#stamp()
          ? `${verb} ${user} \${apop stamp ${this.#logins.password(rest)}}`
          : `${verb} ${user} \${_=${"0".repeat(32)}}`;
      }
      default:
        return undefined;
    }
  }

  /** APOP needs what the greeting has between angle brackets. */
  #stamp(): boolean {
    if (this.#greeting === undefined) return false;
    const text = this.#script.rewrite(
      this.#greeting,
      (greeting) =>
        greeting.includes("${stamp=")
          ? greeting
          : greeting.replace(/<[^<>{}\s]+>/, (stamp) => `\${stamp=${stamp}}`),
    );
    return text.includes("${stamp=");
  }

  #leaveAway(why: string, at: Position): void {
    this.#script.note(at, why);
    this.#script.see(at);
  }
}

function isQuestion(code: string): boolean {
  return code === "334" || code === "+";
}
