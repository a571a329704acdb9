/**
 * Commands as values: every verb has a function that checks its arguments and gives a
 * {@linkcode Pop3Command}. Only these reach the wire.
 *
 * @module
 */

import { apopDigest, type Secret } from "../sasl/mod.ts";
import { escapeControls, WireLine } from "../wire/mod.ts";
import type { Pop3Timers } from "./timers.ts";

/** One command, ready to be written. */
export interface Pop3Command {
  /** The verb, upper case. */
  readonly verb: string;
  /** The line to write. */
  readonly line: WireLine;
  /** Which limit its reply has. */
  readonly timer: keyof Pop3Timers;
}

/** The longest command line, in octets with CRLF (RFC 2449 section 4). */
const MAX_LINE = 255;

/** CAPA (RFC 2449). */
export const CAPA: Pop3Command = command("CAPA");
/** STLS (RFC 2595). */
export const STLS: Pop3Command = command("STLS");
/** UTF8 (RFC 6856). */
export const UTF8: Pop3Command = command("UTF8");
/** STAT. */
export const STAT: Pop3Command = command("STAT");
/** RSET. */
export const RSET: Pop3Command = command("RSET");
/** NOOP. */
export const NOOP: Pop3Command = command("NOOP");
/** QUIT. */
export const QUIT: Pop3Command = command("QUIT", "QUIT", { timer: "quit" });

/**
 * Names the user.
 *
 * @param name The name: all behind USER is taken as one.
 * @returns The command; it shows itself as `USER ${user}`.
 * @throws {SyntaxError} If it is empty, too long or holds a control character.
 */
export function user(name: string): Pop3Command {
  if (name === "") throw refused("user", name, "a name");
  return command("USER", `USER ${name}`, { timer: "login", shown: "USER ${user}" });
}

/**
 * Gives the password. It is not looked at: blanks in it and at its ends are part of it.
 *
 * @param password The password.
 * @returns The command; it shows itself as `PASS ${pass}`.
 * @throws {SyntaxError} If it holds a control character.
 */
export function pass(password: Secret): Pop3Command {
  const line = new WireLine(`PASS ${password.expose()}`, { shown: "PASS ${pass}" });
  return { verb: "PASS", line, timer: "login" };
}

/**
 * Proves the password by a digest of the greeting's stamp.
 *
 * @param name The user.
 * @param stamp The stamp, with its angle brackets.
 * @param password The password.
 * @returns The command; it shows itself as `APOP ${user} ${apop stamp pass}`.
 * @throws {SyntaxError} If the name holds a blank, is too long or holds a control character.
 */
export async function apop(name: string, stamp: string, password: Secret): Promise<Pop3Command> {
  if (!/^[^ ]+$/.test(name)) throw refused("user", name, "a name without blanks");
  const digest = await apopDigest(stamp, password);
  return command("APOP", `APOP ${name} ${digest}`, {
    timer: "login",
    shown: "APOP ${user} ${apop stamp pass}",
  });
}

/**
 * AUTH, with the initial response if there is one and it fits (RFC 5034 section 4).
 *
 * @param mechanism The mechanism.
 * @param response The initial response in base64, `=` for an empty one, and how it may be shown.
 * @returns The command, or `undefined` if it would be too long: the response then answers the first
 *   challenge.
 * @throws {SyntaxError} If the mechanism is no name of one.
 */
export function auth(
  mechanism: string,
  response?: { readonly text: string; readonly shown: string },
): Pop3Command | undefined {
  if (!/^[A-Z0-9_-]{1,20}$/.test(mechanism)) {
    throw refused("mechanism", mechanism, "a SASL mechanism name");
  }
  if (response === undefined) return command("AUTH", `AUTH ${mechanism}`, { timer: "login" });
  if (`AUTH ${mechanism} ${response.text}`.length + 2 > MAX_LINE) return undefined;
  return command("AUTH", `AUTH ${mechanism} ${response.text}`, {
    timer: "login",
    shown: `AUTH ${mechanism} ${response.shown}`,
  });
}

/**
 * One line inside an AUTH exchange. It may be longer than a command (RFC 5034 section 4).
 *
 * @param text The response in base64, or `*` to give up.
 * @param shown How it may be shown.
 * @returns The line as a command.
 */
export function authResponse(text: string, shown: string): Pop3Command {
  return { verb: "AUTH", line: new WireLine(text, { shown }), timer: "login" };
}

/**
 * LANG (RFC 6856 section 3).
 *
 * @param tag A language tag, or `*` for the server's default; without, the languages are listed.
 * @returns The command.
 * @throws {SyntaxError} If it is no language tag.
 */
export function lang(tag?: string): Pop3Command {
  if (tag === undefined) return command("LANG");
  if (!/^(?:\*|[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*)$/.test(tag)) {
    throw refused("language", tag, "a language tag or *");
  }
  return command("LANG", `LANG ${tag}`);
}

/**
 * LIST, UIDL, RETR or DELE.
 *
 * @param verb The verb.
 * @param number The message; LIST and UIDL without one ask for all.
 * @returns The command.
 */
export function about(verb: "LIST" | "UIDL" | "RETR" | "DELE", number?: number): Pop3Command {
  return command(verb, number === undefined ? verb : `${verb} ${number}`);
}

/**
 * TOP. The number of lines always goes with it: without, servers refuse it (Q7).
 *
 * @param number The message.
 * @param lines How many lines of the body.
 * @returns The command.
 * @throws {RangeError} If the number of lines is none.
 */
export function top(number: number, lines: number): Pop3Command {
  if (!Number.isSafeInteger(lines) || lines < 0) {
    throw new RangeError(`Cannot ask for "${lines}" lines: expected a whole number from 0 on`);
  }
  return command("TOP", `TOP ${number} ${lines}`);
}

/**
 * Any other command, in the user's own words.
 *
 * @param text The line without CRLF.
 * @returns The command.
 * @throws {SyntaxError} If it does not begin with a verb, is too long or holds a control character.
 */
export function rawPop3Command(text: string): Pop3Command {
  const verb = /^[A-Za-z][A-Za-z0-9-]{0,19}(?= |$)/.exec(text)?.[0];
  if (verb === undefined) {
    throw new SyntaxError("Cannot use the command: expected a line that begins with a verb");
  }
  return command(verb.toUpperCase(), text);
}

interface CommandOptions {
  readonly timer?: keyof Pop3Timers;
  /** How a transcript shows the line. */
  readonly shown?: string;
}

function command(
  verb: string,
  text: string = verb,
  { timer = "reply", shown }: CommandOptions = {},
): Pop3Command {
  // Octets are at most three per UTF-16 unit: only a line that may be too long is measured.
  if (text.length * 3 + 2 > MAX_LINE) {
    const octets = new TextEncoder().encode(text).length + 2;
    if (octets > MAX_LINE) {
      throw new SyntaxError(
        `Cannot send ${verb}: the line has ${octets} octets, more than ${MAX_LINE}`,
      );
    }
  }
  return { verb, line: new WireLine(text, shown === undefined ? {} : { shown }), timer };
}

function refused(what: string, value: string, expected: string): SyntaxError {
  const seen = escapeControls(value.slice(0, 80));
  return new SyntaxError(`Cannot use the ${what} "${seen}": expected ${expected}`);
}
