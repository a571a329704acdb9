/**
 * Status lines to replies (RFC 1939 section 3, RFC 2449 section 8).
 *
 * @module
 */

import { escapeControls, ProtocolError, type ReceivedLine } from "../wire/mod.ts";

/** Response codes behind which the same thing may work later (RFC 2449 section 8.1, RFC 3206). */
const TEMPORARY: readonly string[] = ["IN-USE", "LOGIN-DELAY", "SYS/TEMP"];

/**
 * One status line of a server: a value, positive or not.
 *
 * @example Usage
 * ```ts
 * import { parsePop3Reply } from "@mailwright/mailwright/pop3";
 * import { equal } from "node:assert/strict";
 *
 * const reply = parsePop3Reply("-ERR [sys/temp/disk] Try later");
 * equal(reply.ok, false);
 * equal(reply.code, "SYS/TEMP/DISK");
 * equal(reply.is("SYS/TEMP"), true);
 * equal(reply.temporary, true);
 * equal(reply.text, "Try later");
 * ```
 */
export class Pop3Reply {
  /** Whether it is `+OK`. */
  readonly ok: boolean;
  /** What stands behind the status, as received. */
  readonly rest: string;
  /** What is odd about it: a lone LF as line end, `+ERR` for `-ERR`. */
  readonly notes: readonly string[];

  /**
   * Makes a reply of its parts; {@linkcode parsePop3Reply} reads one from text.
   *
   * @param ok Whether it is `+OK`.
   * @param rest What stands behind the status.
   * @param notes What is odd about it.
   */
  constructor(ok: boolean, rest: string, notes: readonly string[] = []) {
    this.ok = ok;
    this.rest = rest;
    this.notes = notes;
  }

  /** The response code in upper case, its levels separated by slashes, if there is one. */
  get code(): string | undefined {
    return responseCode(this.rest)?.toUpperCase();
  }

  /**
   * Whether it has a response code or one below it: `SYS` covers `SYS/TEMP`.
   *
   * @param code The response code, in any case.
   * @returns Whether it does.
   */
  is(code: string): boolean {
    const own = this.code;
    const wanted = code.toUpperCase();
    return own === wanted || (own?.startsWith(`${wanted}/`) ?? false);
  }

  /** Whether it is a refusal that its response code calls temporary. */
  get temporary(): boolean {
    return !this.ok && TEMPORARY.some((code) => this.is(code));
  }

  /** What is meant for people: all behind status and response code. */
  get text(): string {
    const code = responseCode(this.rest);
    return code === undefined ? this.rest : this.rest.slice(code.length + 2).trimStart();
  }

  /** The line, control characters escaped. */
  toString(): string {
    return escapeControls(`${this.ok ? "+OK" : "-ERR"} ${this.rest}`.trimEnd());
  }

  /** Plain data: status, response code and text. */
  toJSON(): { ok: boolean; code?: string; text: string } {
    const { ok, code, text } = this;
    return { ok, ...(code === undefined ? {} : { code }), text };
  }
}

/** The note of a status line that a lone LF ends. */
export const BARE_LF = "bare LF";

const OK = new Pop3Reply(true, "");

/**
 * Reads a status line.
 *
 * The status is exact: whoever takes `+OKAY` for a success takes anything for one (T-P01).
 *
 * @param line The line, as text without its end or as a channel gives it.
 * @returns The reply.
 * @throws {ProtocolError} If it is no status line.
 *
 * @example Usage
 * ```ts
 * import { parsePop3Reply } from "@mailwright/mailwright/pop3";
 * import { equal, throws } from "node:assert/strict";
 *
 * equal(parsePop3Reply("+OK 2 320").rest, "2 320");
 * throws(() => parsePop3Reply("+OKAY"), { name: "ProtocolError" });
 * ```
 */
export function parsePop3Reply(line: string | ReceivedLine): Pop3Reply {
  const { text, bareLf } = typeof line === "string" ? { text: line, bareLf: false } : line;
  if (text === "+OK" && !bareLf) return OK;
  const status = STATUSES.find((word) =>
    text.startsWith(word) && (text.length === word.length || text[word.length] === " ")
  );
  if (status === undefined) throw unreadable(text, "it does not begin with +OK or -ERR");
  if (text.includes("\0")) throw unreadable(text, "it holds a NUL");
  const notes: string[] = [];
  if (bareLf) notes.push(BARE_LF);
  // At least one server says so when it fails (Q15).
  if (status === "+ERR") notes.push("+ERR for -ERR");
  return new Pop3Reply(status === "+OK", text.slice(status.length + 1), notes);
}

const STATUSES: readonly string[] = ["+OK", "-ERR", "+ERR"];

/** `[CODE]` or `[LEVEL/LEVEL]` at the start of the text, without the brackets. */
function responseCode(rest: string): string | undefined {
  return /^\[([^\s[\]/]+(?:\/[^\s[\]/]+)*)\]/.exec(rest)?.[1];
}

function unreadable(text: string, why: string): ProtocolError {
  return new ProtocolError(
    `Cannot read the line "${escapeControls(text.slice(0, 80))}" as a reply: ${why}`,
  );
}
