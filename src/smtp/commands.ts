/**
 * Commands as values: every verb has a function that checks its arguments and gives a
 * {@linkcode Command}. Only these reach the wire.
 *
 * @module
 */

import { type Address, addressLiteral } from "../message/mod.ts";
import { escapeControls, WireLine } from "../wire/mod.ts";
import {
  type MailParameters,
  mailWords,
  type RcptParameters,
  rcptWords,
  refused,
} from "./parameters.ts";
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

/** The longest command line, in octets with CRLF (RFC 5321 section 4.5.3.1.4). */
const MAX_LINE = 512;
const UTF8_WORD = " SMTPUTF8";
const NON_ASCII = /[^\0-\x7f]/;

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
  const { words, allowance } = mailWords(parameters);
  return command("MAIL", [path, ...words].join(" "), "mail", { allowance });
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
  const { words, allowance } = rcptWords(parameters);
  return command("RCPT", [path, ...words].join(" "), "rcpt", { allowance });
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
 * @param utf8 Adds the SMTPUTF8 parameter (RFC 6531 section 3.7.4.2), which VRFY and EXPN have.
 * @returns The command.
 * @throws {SyntaxError} If the argument is missing, holds a control character, or is not ASCII without
 *   the parameter.
 */
export function ask(
  verb: "VRFY" | "EXPN" | "HELP" | "NOOP",
  argument: string = "",
  utf8: boolean = false,
): Command {
  if (argument === "" && (verb === "VRFY" || verb === "EXPN")) {
    throw new SyntaxError(`Cannot ask ${verb} "": expected an address or a name`);
  }
  if (!utf8) {
    if (NON_ASCII.test(argument)) throw refused(`argument of ${verb}`, argument, "ASCII");
    return command(verb, argument, "command");
  }
  return command(verb, `${argument}${UTF8_WORD}`, "command", { allowance: UTF8_WORD.length });
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
  // It may be longer than other lines (RFC 4954 section 4); the exchange knows how much.
  return command("AUTH", text, "command", {
    allowance: Infinity,
    shown: shown === undefined ? undefined : `AUTH ${mechanism} ${shown}`,
  });
}

/**
 * Any other command, in the user's own words.
 *
 * @param text The line without CRLF.
 * @param shown How a transcript shows a line that holds a secret.
 * @returns The command.
 * @throws {SyntaxError} If it does not begin with a verb, is too long or holds a control character.
 */
export function rawCommand(text: string, shown?: string): Command {
  const verb = /^[A-Za-z][A-Za-z0-9-]{0,19}(?= |$)/.exec(text)?.[0].toUpperCase();
  if (verb === undefined) {
    throw new SyntaxError("Cannot use the command: expected a line that begins with a verb");
  }
  return commandLine(verb, text, "command", { shown });
}

const DOMAIN =
  /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/**
 * The name with which we introduce ourselves.
 *
 * @param name A domain, or an IP address with or without brackets. An underscore, which host names may
 *   not have, becomes a hyphen.
 * @returns The name to say.
 * @throws {SyntaxError} If it is neither.
 *
 * @example Usage
 * ```ts
 * import { checkHelloName } from "@mailwright/mailwright";
 * import { equal, throws } from "node:assert/strict";
 *
 * equal(checkHelloName("my_host.example"), "my-host.example");
 * equal(checkHelloName("2001:db8::1"), "[IPv6:2001:db8::1]");
 * throws(() => checkHelloName("two words"), SyntaxError);
 * ```
 */
export function checkHelloName(name: string): string {
  const address = /^\[(?:IPv6:)?([^[\]]*)\]$/i.exec(name)?.[1] ?? name;
  if (address !== name || /^(?:[\d.]+|[\dA-Fa-f.]*:[\dA-Fa-f.:]*)$/.test(name)) {
    return addressLiteral(address);
  }
  const domain = name.replaceAll("_", "-");
  if (name.length > 255 || !DOMAIN.test(domain)) {
    throw refused("EHLO name", name, "a domain such as client.example or an IP address");
  }
  return domain;
}

/** What a line may be besides ordinary. */
interface LineOptions {
  /** By how many octets it may be longer. */
  readonly allowance?: number;
  /** How a transcript shows it. */
  readonly shown?: string | undefined;
}

function command(
  verb: string,
  argument: string,
  timer: keyof Timers,
  options: LineOptions = {},
): Command {
  return commandLine(verb, argument === "" ? verb : `${verb} ${argument}`, timer, options);
}

function commandLine(
  verb: string,
  text: string,
  timer: keyof Timers,
  { allowance = 0, shown }: LineOptions,
): Command {
  const most = MAX_LINE + allowance;
  // Octets are at most three per UTF-16 unit: only a line that may be too long is measured.
  if (text.length * 3 + 2 > most) {
    const octets = new TextEncoder().encode(text).length + 2;
    if (octets > most) {
      const seen = shown ?? `${escapeControls(text.slice(0, 40))}…`;
      throw new SyntaxError(
        `Cannot send "${seen}": the line has ${octets} octets, more than ${most}`,
      );
    }
  }
  return { verb, line: new WireLine(text, shown === undefined ? {} : { shown }), timer };
}
