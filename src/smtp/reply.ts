/**
 * Lines to replies (RFC 5321 section 4.2).
 *
 * @module
 */

import { escapeControls, LineTooLongError, ProtocolError, type ReceivedLine } from "../wire/mod.ts";
import { type EnhancedStatus, parseEnhancedStatus } from "./enhanced_status.ts";

/** What the first digit of a reply code says. */
export type ReplyClass = "ok" | "continue" | "transient" | "permanent";

const NONE: readonly string[] = Object.freeze([]);
/** The limits of one reply: more than any real server says. */
const MAX_LINES = 128;
const MAX_OCTETS = 32 * 1024;

/**
 * One complete reply of a server: a value, whatever its code.
 *
 * @example Usage
 * ```ts
 * import { parseReply } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const reply = parseReply("550 5.1.1 No such user here");
 * equal(reply.code, 550);
 * equal(reply.class, "permanent");
 * equal(`${reply.enhanced}`, "5.1.1");
 * equal(reply.text, "No such user here");
 * ```
 */
export class SmtpReply {
  /** The code of all its lines. */
  readonly code: number;
  /** What stands behind the code, line by line, as received. */
  readonly lines: readonly string[];
  /** What is odd about it: a lone LF as line end, a blank line before it, a status that contradicts. */
  readonly notes: readonly string[];
  /** The octets behind the codes, only where they are no valid UTF-8. */
  readonly raw: readonly (Uint8Array | undefined)[] | undefined;

  /**
   * Makes a reply of its parts; {@linkcode parseReply} reads one from text.
   *
   * @param code The code.
   * @param lines What stands behind the code, line by line.
   * @param notes What is odd about it.
   * @param raw The octets of lines that are no valid UTF-8.
   */
  constructor(
    code: number,
    lines: readonly string[],
    notes: readonly string[] = NONE,
    raw: readonly (Uint8Array | undefined)[] | undefined = undefined,
  ) {
    this.code = code;
    this.lines = lines;
    this.notes = notes;
    this.raw = raw;
  }

  /** What the first digit says; it alone decides what to do (RFC 5321 section 4.2.1). */
  get class(): ReplyClass {
    switch (Math.trunc(this.code / 100)) {
      case 2:
        return "ok";
      case 3:
        return "continue";
      case 4:
        return "transient";
      default:
        return "permanent";
    }
  }

  /** Whether the code is 2xx. */
  get ok(): boolean {
    return this.code >= 200 && this.code < 300;
  }

  /** The enhanced status code (RFC 3463), if its class is that of the code. */
  get enhanced(): EnhancedStatus | undefined {
    return parseEnhancedStatus(this.lines[0] ?? "", Math.trunc(this.code / 100))?.status;
  }

  /** What is meant for people: the lines without enhanced status codes, joined by line feeds. */
  get text(): string {
    const digit = Math.trunc(this.code / 100);
    return this.lines.map((line) => parseEnhancedStatus(line, digit)?.rest ?? line).join("\n");
  }

  /** Code and text in one line, control characters escaped. */
  toString(): string {
    return escapeControls(`${this.code} ${this.lines.join(" / ")}`.trimEnd());
  }

  /** Plain data: code, enhanced status and text. */
  toJSON(): { code: number; enhanced?: string; text: string } {
    const { code, enhanced, text } = this;
    return { code, ...(enhanced === undefined ? {} : { enhanced: `${enhanced}` }), text };
  }
}

/**
 * Puts lines together to replies.
 *
 * What is no reply is a {@linkcode ProtocolError}: whoever guesses here may take a refusal for a
 * success.
 */
export class ReplyParser {
  #code = 0;
  #lines: string[] | undefined;
  #raw: (Uint8Array | undefined)[] | undefined;
  #notes: string[] | undefined;
  #octets = 0;
  #blank = false;

  /** Whether a reply has begun and not ended. */
  get begun(): boolean {
    return this.#lines !== undefined;
  }

  /** What has come of an unfinished reply, in one line. */
  get partial(): string {
    return this.#lines?.map((line) => `${this.#code}-${line}`).join(" / ") ?? "";
  }

  /**
   * Takes the next line.
   *
   * @param line A received line.
   * @returns The reply that it completes, or `undefined`.
   * @throws {ProtocolError} If the line does not belong into a reply.
   */
  add(line: ReceivedLine): SmtpReply | undefined {
    const { text } = line;
    if (text === "" && !this.begun) {
      // Some servers put one before their greeting (T-R06).
      if (this.#blank) throw new ProtocolError("Cannot read a reply: two blank lines before it");
      this.#blank = true;
      this.#note("blank line before the reply");
      return undefined;
    }
    const code = replyCode(text);
    const separator = text.charCodeAt(3); // NaN behind a bare code
    if (code === undefined || (text.length > 3 && separator !== SPACE && separator !== HYPHEN)) {
      throw unreadable(text, "it does not begin with a reply code");
    }
    if (text.includes("\0")) throw unreadable(text, "it holds a NUL");
    if (this.begun && code !== this.#code) {
      throw unreadable(text, `its code is not ${this.#code} as in the line before`);
    }
    this.#octets += text.length + 2;
    const lines = this.#add(text.slice(4));
    if (lines.length > MAX_LINES || this.#octets > MAX_OCTETS) {
      throw new ProtocolError(
        `Cannot read a reply: it is longer than ${MAX_LINES} lines or ${MAX_OCTETS} octets`,
      );
    }
    this.#code = code;
    if (line.raw !== undefined) {
      this.#raw ??= [];
      this.#raw[lines.length - 1] = line.raw.subarray(4);
    }
    if (line.bareLf && !this.#notes?.includes("bare LF")) this.#note("bare LF");
    if (separator === HYPHEN) return undefined;
    if (contradicts(code, lines[0])) this.#note("enhanced status of another class");
    const reply = new SmtpReply(code, lines, this.#notes, this.#raw);
    this.#lines = this.#notes = this.#raw = undefined;
    this.#octets = 0;
    this.#blank = false;
    return reply;
  }

  /** An array that is made around its first line holds no room for more: few replies have any. */
  #add(line: string): readonly string[] {
    if (this.#lines === undefined) this.#lines = [line];
    else this.#lines.push(line);
    return this.#lines;
  }

  #note(note: string): void {
    (this.#notes ??= []).push(note);
  }
}

const SPACE = 32;
const HYPHEN = 45;
const DOT = 46;

/** `[2-5][0-9][0-9]`; the second digit may be beyond the grammar, as some servers do (b.3). */
function replyCode(text: string): number | undefined {
  const first = text.charCodeAt(0) - 48;
  const second = text.charCodeAt(1) - 48;
  const third = text.charCodeAt(2) - 48;
  return first >= 2 && first <= 5 && second >= 0 && second <= 9 && third >= 0 && third <= 9
    ? first * 100 + second * 10 + third
    : undefined;
}

/** Whether a reply says two things; the code counts (RFC 3463 section 2, T-R21). */
function contradicts(code: number, text: string = ""): boolean {
  const first = text.charCodeAt(0) - 48;
  if (text.charCodeAt(1) !== DOT || first === Math.trunc(code / 100)) return false;
  return parseEnhancedStatus(text, first) !== undefined;
}

function unreadable(text: string, why: string): ProtocolError {
  return new ProtocolError(
    `Cannot read the line "${escapeControls(text.slice(0, 80))}" as part of a reply: ${why}`,
  );
}

/**
 * Reads one complete reply from text.
 *
 * @param text The lines of the reply, separated by CRLF or LF.
 * @returns The reply.
 * @throws {ProtocolError} If it is not exactly one complete reply.
 *
 * @example Usage
 * ```ts
 * import { parseReply } from "@mailwright/mailwright";
 * import { deepEqual, throws } from "node:assert/strict";
 *
 * deepEqual(parseReply("250-mx.example\r\n250 HELP\r\n").lines, ["mx.example", "HELP"]);
 * throws(() => parseReply("250-mx.example\r\n550 HELP"), { name: "ProtocolError" });
 * ```
 */
export function parseReply(text: string): SmtpReply {
  const lines = text.replace(/\r?\n$/, "").split("\n");
  const parser = new ReplyParser();
  let reply: SmtpReply | undefined;
  for (const line of lines) {
    if (reply !== undefined) throw unreadable(line, "the reply is complete");
    const crlf = line.endsWith("\r");
    if (line.length > 8192) throw new LineTooLongError(8192);
    reply = parser.add({ text: crlf ? line.slice(0, -1) : line, bareLf: false });
  }
  if (reply === undefined) throw new ProtocolError("Cannot read a reply: its last line is missing");
  return reply;
}
