/**
 * Commands as values: every verb has a function that checks its arguments and gives a
 * {@linkcode Command}. Only these reach the wire.
 *
 * @module
 */

import type { Address } from "../message/mod.ts";
import { escapeControls, WireLine } from "../wire/mod.ts";
import type { Timers } from "./timers.ts";

/** One command, ready to be written. */
export interface Command {
  /** The verb, upper case. */
  readonly verb: string;
  /** The line to write. */
  readonly line: WireLine;
  /** Which limit its reply has. */
  readonly timer: keyof Timers;
}

/** An extension's parameter that has no type of its own. */
export interface OtherParameter {
  /** The keyword. */
  readonly keyword: string;
  /** Its value, if it has one. */
  readonly value?: string;
}

/** The parameters of MAIL, each from its extension. Absent ones are not sent. */
export interface MailParameters {
  /** The size of the message, in octets (SIZE, RFC 1870). */
  readonly size?: number;
  /** What the content is made of (8BITMIME, BINARYMIME). */
  readonly body?: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** Addresses or headers need UTF-8 (SMTPUTF8, RFC 6531). */
  readonly smtpUtf8?: boolean;
  /** Who submitted it; `null` says that nobody vouches (AUTH, RFC 4954 section 5). */
  readonly auth?: string | null;
  /** How much a failure notice returns (DSN, RFC 3461). */
  readonly ret?: "FULL" | "HDRS";
  /** Names the envelope in notices (DSN). */
  readonly envid?: string;
  /** Every hop must use TLS (REQUIRETLS, RFC 8689). */
  readonly requireTls?: boolean;
  /** Hold the message for so many seconds (FUTURERELEASE, RFC 4865). */
  readonly holdFor?: number;
  /** Hold the message until then (FUTURERELEASE). */
  readonly holdUntil?: Date;
  /** Deliver within so many seconds, or return it (`R`) or notify (`N`) (DELIVERBY, RFC 2852). */
  readonly by?: { readonly seconds: number; readonly mode: "R" | "N"; readonly trace?: boolean };
  /** The priority, -9 to 9 (MT-PRIORITY, RFC 6710). */
  readonly mtPriority?: number;
  /** Parameters of other extensions. */
  readonly other?: readonly OtherParameter[];
}

/** The parameters of RCPT (DSN, RFC 3461). Absent ones are not sent. */
export interface RcptParameters {
  /** When to notify the sender. */
  readonly notify?: "NEVER" | readonly ("SUCCESS" | "FAILURE" | "DELAY")[];
  /** The address the sender first wrote, with its type (`rfc822`, `utf-8`). */
  readonly orcpt?: { readonly type?: string; readonly address: string };
  /** Parameters of other extensions. */
  readonly other?: readonly OtherParameter[];
}

/** The longest command line, in octets with CRLF (RFC 5321 section 4.5.3.1.4). */
const MAX_LINE = 512;

/**
 * Greets the server.
 *
 * @param verb EHLO, HELO, or LHLO in LMTP.
 * @param name Our name: a domain or an address literal.
 * @returns The command.
 * @throws {SyntaxError} If the name is neither.
 */
export function hello(verb: "EHLO" | "HELO" | "LHLO", name: string): Command {
  return command(verb, checkHelloName(name), "command");
}

/**
 * Begins a transaction.
 *
 * @param from The reverse-path; `null` is `<>`.
 * @param parameters Parameters of extensions.
 * @returns The command.
 * @throws {SyntaxError | RangeError} If a parameter is malformed.
 */
export function mail(from: Address | null, parameters?: MailParameters): Command {
  const path = `FROM:<${from ?? ""}>`;
  if (parameters === undefined) return command("MAIL", path, "mail");
  const words = mailParameters(parameters);
  // Each extension widens the line by its own words (RFC 5321 section 4.5.3.1.4).
  return command("MAIL", [path, ...words].join(" "), "mail", words.join(" ").length + 1);
}

/**
 * Names a recipient.
 *
 * @param to The forward-path.
 * @param parameters Parameters of extensions.
 * @returns The command.
 * @throws {SyntaxError} If a parameter is malformed.
 */
export function rcpt(to: Address | "Postmaster", parameters?: RcptParameters): Command {
  const path = `TO:<${to}>`;
  if (parameters === undefined) return command("RCPT", path, "rcpt");
  const words = rcptParameters(parameters);
  return command("RCPT", [path, ...words].join(" "), "rcpt", words.join(" ").length + 1);
}

/** DATA. */
export const DATA: Command = command("DATA", "", "data");
/** RSET. */
export const RSET: Command = command("RSET", "", "command");
/** QUIT. */
export const QUIT: Command = command("QUIT", "", "quit");
/** STARTTLS. */
export const STARTTLS: Command = command("STARTTLS", "", "command");
/** TURN (RFC 821 section 3.8, obsolete). */
export const TURN: Command = command("TURN", "", "command");

/**
 * Announces a chunk of content (RFC 3030).
 *
 * @param octets Its size.
 * @param last Whether it is the last one.
 * @returns The command.
 */
export function bdat(octets: number, last: boolean): Command {
  if (!Number.isSafeInteger(octets) || octets < 0) {
    throw new RangeError(`Cannot announce a chunk of "${octets}" octets`);
  }
  return command("BDAT", last ? `${octets} LAST` : `${octets}`, last ? "final" : "chunk");
}

/**
 * VRFY, EXPN, HELP and NOOP: a verb with free text behind it.
 *
 * @param verb The verb.
 * @param argument Its argument.
 * @param utf8 Adds the SMTPUTF8 parameter (RFC 6531 section 3.7.4.2).
 * @returns The command.
 * @throws {SyntaxError} If the argument holds a control character.
 */
export function ask(
  verb: "VRFY" | "EXPN" | "HELP" | "NOOP",
  argument: string = "",
  utf8: boolean = false,
): Command {
  if (argument === "" && (verb === "VRFY" || verb === "EXPN")) {
    throw new SyntaxError(`Cannot ask ${verb} "": expected an address or a name`);
  }
  return command(verb, utf8 ? `${argument} SMTPUTF8` : argument, "command");
}

/**
 * Asks a server to start sending what it holds for a node (RFC 1985).
 *
 * @param node A domain, `@domain` with its subdomains, or `#queue`.
 * @returns The command.
 * @throws {SyntaxError} If it is none of them.
 */
export function etrn(node: string): Command {
  if (!/^(?:[#@]?[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|\[[0-9A-Za-z.:]+\])$/.test(node)) {
    throw refused("node", node, `a domain, "@domain" or "#queue"`);
  }
  return command("ETRN", node, "command");
}

/**
 * Asks a server to reverse the connection and send what it holds for us (RFC 2645).
 *
 * @param domains The domains; none asks for all that belong to the user.
 * @returns The command.
 * @throws {SyntaxError} If one is no domain.
 */
export function atrn(domains: readonly string[] = []): Command {
  for (const domain of domains) {
    if (!DOMAIN.test(domain)) throw refused("domain", domain, "a domain");
  }
  return command("ATRN", domains.join(","), "command");
}

/**
 * AUTH, with the initial response if there is one.
 *
 * @param mechanism The mechanism.
 * @param response The initial response in base64, `=` for an empty one.
 * @param shown How a transcript shows the response.
 * @returns The command.
 */
export function auth(mechanism: string, response?: string, shown?: string): Command {
  if (!/^[A-Z0-9_-]{1,20}$/.test(mechanism)) {
    throw refused("mechanism", mechanism, "a SASL mechanism name");
  }
  const text = response === undefined ? mechanism : `${mechanism} ${response}`;
  // 12288 is what RFC 4954 section 4 allows for the exchange; the session splits earlier.
  return {
    verb: "AUTH",
    line: new WireLine(
      `AUTH ${text}`,
      shown === undefined ? {} : { shown: `AUTH ${mechanism} ${shown}` },
    ),
    timer: "command",
  };
}

/**
 * Any other command, in the user's own words.
 *
 * @param text The line without CRLF.
 * @returns The command.
 * @throws {SyntaxError} If it does not begin with a verb, is too long or holds a control character.
 */
export function rawCommand(text: string): Command {
  const verb = /^[A-Za-z][A-Za-z0-9]{0,19}(?= |$)/.exec(text)?.[0];
  if (verb === undefined) throw refused("command", text, "a line that begins with a verb");
  return command(verb.toUpperCase(), text.slice(verb.length + 1), "command", 0, verb);
}

/**
 * Writes text as xtext (RFC 3461 section 4): `+`, `=` and whatever is not printable become `+HH`.
 *
 * @param text Any text.
 * @returns Its xtext, made of the UTF-8 octets.
 *
 * @example Usage
 * ```ts
 * import { xtext } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(xtext("a+b=c"), "a+2Bb+3Dc");
 * ```
 */
export function xtext(text: string): string {
  if (/^[!-*,-<>-~]*$/.test(text)) return text;
  let out = "";
  for (const octet of new TextEncoder().encode(text)) {
    out += octet >= 33 && octet <= 126 && octet !== PLUS && octet !== EQUALS
      ? String.fromCharCode(octet)
      : `+${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

const PLUS = 43;
const EQUALS = 61;
const DOMAIN =
  /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/**
 * The name with which we introduce ourselves.
 *
 * @param name A domain or an address literal. An underscore, which host names may not have, becomes
 *   a hyphen.
 * @returns The name to say.
 * @throws {SyntaxError} If it is neither.
 */
export function checkHelloName(name: string): string {
  const domain = name.replaceAll("_", "-");
  const literal = /^\[(?:IPv6:[0-9A-Fa-f:.]{2,45}|\d{1,3}(?:\.\d{1,3}){3})\]$/.test(name);
  if (literal) return name;
  if (name.length > 255 || !DOMAIN.test(domain)) {
    throw refused(
      "EHLO name",
      name,
      `a domain such as client.example or an address such as [192.0.2.1]`,
    );
  }
  return domain;
}

function command(
  verb: string,
  argument: string,
  timer: keyof Timers,
  allowance: number = 0,
  written: string = verb,
): Command {
  const text = argument === "" ? written : `${written} ${argument}`;
  // Octets are at most three per UTF-16 unit: only a line that may be too long is measured.
  if (text.length * 3 + 2 > MAX_LINE) {
    const octets = new TextEncoder().encode(text).length + 2;
    if (octets > MAX_LINE + allowance) {
      throw new SyntaxError(
        `Cannot send ${verb} "${escapeControls(argument.slice(0, 40))}…": the line has ${octets} ` +
          `octets, more than ${MAX_LINE + allowance}`,
      );
    }
  }
  return { verb, line: new WireLine(text), timer };
}

function mailParameters(parameters: MailParameters): string[] {
  const words: string[] = [];
  const { size, body, smtpUtf8, ret, envid, requireTls, by, mtPriority } = parameters;
  if (size !== undefined) {
    words.push(`SIZE=${wholeNumber("SIZE", size, 0, Number.MAX_SAFE_INTEGER)}`);
  }
  if (body !== undefined) words.push(`BODY=${body}`);
  if (smtpUtf8) words.push("SMTPUTF8");
  if (parameters.auth !== undefined) {
    words.push(`AUTH=${parameters.auth === null ? "<>" : xtext(parameters.auth)}`);
  }
  if (ret !== undefined) words.push(`RET=${ret}`);
  if (envid !== undefined) {
    if (envid.length === 0 || xtext(envid).length > 100) {
      throw refused("ENVID", envid, "1 to 100 characters");
    }
    words.push(`ENVID=${xtext(envid)}`);
  }
  if (requireTls) words.push("REQUIRETLS");
  if (parameters.holdFor !== undefined && parameters.holdUntil !== undefined) {
    throw new SyntaxError("Cannot hold a message both for a time and until a date");
  }
  if (parameters.holdFor !== undefined) {
    words.push(`HOLDFOR=${wholeNumber("HOLDFOR", parameters.holdFor, 1, 999_999_999)}`);
  }
  if (parameters.holdUntil !== undefined) {
    words.push(`HOLDUNTIL=${parameters.holdUntil.toISOString().replace(/\.\d+Z$/, "Z")}`);
  }
  if (by !== undefined) {
    const least = by.mode === "R" ? 1 : -999_999_999; // R needs a positive time (RFC 2852)
    const seconds = wholeNumber("BY", by.seconds, least, 999_999_999);
    words.push(`BY=${seconds};${by.mode}${by.trace ? "T" : ""}`);
  }
  if (mtPriority !== undefined) {
    words.push(`MT-PRIORITY=${wholeNumber("MT-PRIORITY", mtPriority, -9, 9)}`);
  }
  words.push(...otherParameters(parameters.other));
  return words;
}

function rcptParameters({ notify, orcpt, other }: RcptParameters): string[] {
  const words: string[] = [];
  if (notify !== undefined) {
    const list = notify === "NEVER" ? [notify] : [...new Set(notify)];
    if (list.length === 0) throw refused("NOTIFY", "", "NEVER, or SUCCESS, FAILURE and DELAY");
    words.push(`NOTIFY=${list.join(",")}`);
  }
  if (orcpt !== undefined) {
    const { type = "rfc822", address } = orcpt;
    if (!/^[A-Za-z0-9-]+$/.test(type)) throw refused("ORCPT type", type, "a word such as rfc822");
    words.push(`ORCPT=${type};${xtext(address)}`);
  }
  words.push(...otherParameters(other));
  return words;
}

/** `esmtp-param` of RFC 5321 section 4.1.2. */
function otherParameters(other: readonly OtherParameter[] = []): string[] {
  return other.map(({ keyword, value }) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(keyword)) {
      throw refused("parameter", keyword, "letters, digits and hyphens");
    }
    if (value === undefined) return keyword;
    if (!/^[!-<>-~]+$/.test(value)) {
      throw refused(`value of ${keyword}`, value, `printable ASCII without blanks and "="`);
    }
    return `${keyword}=${value}`;
  });
}

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot send ${name} "${value}": expected a whole number from ${least} to ${most}`,
    );
  }
  return value;
}

function refused(what: string, value: string, expected: string): SyntaxError {
  return new SyntaxError(
    `Cannot use the ${what} "${escapeControls(value.slice(0, 80))}": expected ${expected}`,
  );
}
