/**
 * What both ends know of a session from what is said in it: which command a reply answers, what is
 * offered, where a message is, and whom it reached.
 *
 * @module
 */

import type { Capabilities } from "../../smtp/mod.ts";
import { capabilitiesOf } from "./expect_capabilities.ts";
import { offers } from "./expect.ts";
import type { HeardReply } from "./heard_reply.ts";
import { hasPop3Body } from "../pop3_body.ts";
import type { DialogueRecipient, DialogueReply, DialogueResult } from "../result.ts";
import type { DialogueProtocol } from "../step.ts";

/** A command without its reply. */
export interface Asked {
  /** Its verb in upper case; `.` for the end of content. */
  readonly verb: string;
  /** As it may be shown. */
  readonly shown: string;
  /** What stands behind the verb. */
  readonly rest: string;
  /** Whether a reply to it came before: LMTP has one for each recipient. */
  readonly again?: true;
}

interface Tried {
  readonly address: string;
  reply: DialogueReply;
  reached: boolean;
}

/** The verbs that are followed by a secret. */
const LOGINS: ReadonlySet<string> = new Set(["AUTH", "PASS", "APOP"]);

/** One session. */
export class Course {
  readonly #protocol: DialogueProtocol;
  readonly #asked: Asked[] = [];
  readonly #tried: Tried[] = [];
  /** Those of the transaction whom the server took. */
  #open: Tried[] = [];
  #chunk = 0;
  /** What the last EHLO, LHLO or CAPA offered. */
  capabilities: Capabilities | undefined;
  /** Whether the client's lines are those of a message. */
  inContent = false;
  /** Whether the client's next line is an answer within a login. */
  inLogin = false;
  /** Whether QUIT was said. */
  quit = false;
  /** Whether the server has said anything. */
  greeted = false;

  /**
   * A session at its beginning.
   *
   * @param protocol What is spoken.
   */
  constructor(protocol: DialogueProtocol) {
    this.#protocol = protocol;
  }

  /** The command that the next reply answers; nothing for a greeting. */
  get asked(): Asked | undefined {
    return this.#asked[0];
  }

  /** The last command, as it may be shown. */
  last: string | undefined;

  /** Whether the next reply ends a login, or goes on with one: a server may quote the password. */
  get answersLogin(): boolean {
    return LOGINS.has(this.asked?.verb ?? "");
  }

  /** Whether the next reply has a body if it is positive. */
  get multiline(): boolean {
    const { verb = "", rest = "" } = this.asked ?? {};
    return this.#protocol === "pop3" && hasPop3Body(`${verb} ${rest}`);
  }

  /** How many octets of a chunk are still to come (RFC 3030). */
  get chunk(): number {
    return this.#chunk;
  }

  /** Whether mail reached all recipients, some, none, or whether none was tried. */
  get delivery(): DialogueResult["delivery"] {
    if (this.#tried.length === 0) return "untried";
    const reached = this.#tried.filter((one) => one.reached).length;
    return reached === this.#tried.length ? "all" : reached === 0 ? "none" : "partial";
  }

  /** The recipients in order, each with the reply that decided. */
  get recipients(): readonly DialogueRecipient[] {
    return this.#tried.map(({ address, reply }) => ({ address, reply }));
  }

  /**
   * The client says a line that is none of a message.
   *
   * @param line The line.
   * @param shown The line, as it may be shown.
   */
  command(line: string, shown: string): void {
    const [, verb = "", rest = ""] = /^\s*(\S*)\s*(.*)$/s.exec(line) ?? [];
    this.last = shown;
    if (this.inLogin) {
      this.inLogin = false;
      this.#asked.push({ verb: "AUTH", shown, rest: "" });
      return;
    }
    const asked = { verb: verb.toUpperCase(), shown, rest: rest.trimEnd() };
    this.#asked.push(asked);
    if (asked.verb === "QUIT") this.quit = true;
    if (asked.verb === "BDAT") this.#chunk = Number(/^\d{1,15}/.exec(rest)?.[0] ?? 0);
  }

  /** The client ends a message with the lone dot. */
  endContent(): void {
    this.inContent = false;
    this.last = ".";
    this.#asked.push({ verb: ".", shown: ".", rest: "" });
  }

  /**
   * The client says octets as they are: of a message, of a chunk, or lines of their own.
   *
   * @param bytes The octets.
   */
  octets(bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes);
    if (this.inContent) {
      if (text === ".\r\n" || text.endsWith("\r\n.\r\n")) this.endContent();
    } else if (this.#chunk > 0) {
      this.#chunk = Math.max(0, this.#chunk - bytes.length);
    } else {
      for (const line of text.split("\r\n").slice(0, -1)) this.command(line, line);
    }
  }

  /**
   * The server says a reply.
   *
   * @param heard The reply.
   * @param reply The reply, as it is reported.
   */
  answer(heard: HeardReply, reply: DialogueReply): void {
    this.greeted = true;
    const asked = this.#asked.shift();
    const { verb = "", rest = "" } = asked ?? {};
    const ends = verb === "." || (verb === "BDAT" && /\bLAST$/i.test(rest));
    const each = ends && this.#protocol === "lmtp";
    if (each && asked !== undefined && !asked.again) this.#askForEach(asked);
    const ok = heard.code === "+OK" || isPositive(heard.code);
    if (offers(heard, verb)) this.capabilities = capabilitiesOf(heard);
    if (heard.code === 334 || heard.code === "+") this.inLogin = verb === "AUTH";
    switch (verb) {
      case "MAIL":
      case "RSET":
        if (ok) this.#open = [];
        break;
      case "RCPT": {
        const [, address = rest] = /^TO:\s*<([^>]*)>/i.exec(rest) ?? [];
        const tried: Tried = { address, reply, reached: false };
        this.#tried.push(tried);
        if (ok) this.#open.push(tried);
        break;
      }
      case "DATA":
        if (heard.code === 354) this.inContent = true;
        break;
    }
    if (!ends) return;
    for (const one of this.#open.splice(0, each ? 1 : Infinity)) {
      one.reached = ok;
      if (each) one.reply = reply;
    }
  }

  /** RFC 2033 section 4.2: the end of a message has one reply for each recipient that was taken. */
  #askForEach(asked: Asked): void {
    const others = this.#open.slice(1).map((): Asked => ({ ...asked, again: true }));
    this.#asked.unshift(...others);
  }

  /**
   * The server says octets as they are: the replies in them answer commands.
   *
   * @param bytes The octets.
   */
  answerOctets(bytes: Uint8Array): void {
    for (const line of new TextDecoder().decode(bytes).split("\n")) {
      if (/^(?:\d{3}(?: |\r?$)|\+OK|-ERR)/.test(line)) this.#asked.shift();
    }
  }

  /** TLS has begun: nothing of before counts (RFC 3207 section 4.2). */
  secured(): void {
    this.capabilities = undefined;
    this.#asked.length = 0;
  }

  /** The roles are exchanged. */
  turned(): void {
    this.secured();
    this.quit = false;
    this.greeted = false;
  }
}

function isPositive(code: HeardReply["code"]): boolean {
  return typeof code === "number" && code >= 200 && code < 300;
}
