/**
 * Where a maildrop is, as text: `pop3://` and `pop3s://`.
 *
 * A password never stands in a URL, for URLs stand in process lists, logs and histories. So an error
 * shows of the text only what cannot be one.
 *
 * @module
 */

import { AddressError, addressLiteral, toAscii } from "../message/mod.ts";
import { escapeControls } from "../wire/mod.ts";

/**
 * How much TLS a session insists on (RFC 8314).
 *
 * - `none`: no TLS, even if it is offered.
 * - `required`: STLS, or no session.
 * - `implicit`: TLS from the first octet.
 *
 * There is no opportunistic level: a maildrop is not opened without a login.
 */
export type Pop3TlsLevel = "none" | "required" | "implicit";

/** A server, and how to speak to it. */
export interface Pop3Target {
  /** Where it listens; a name is in ASCII and lower case, without a dot at its end. */
  readonly target: { readonly hostname: string; readonly port: number };
  /** What holds unless the caller says otherwise. */
  readonly tls: Pop3TlsLevel;
}

const PORTS: ReadonlyMap<string, number> = new Map([["pop3", 110], ["pop3s", 995]]);
const EXPECTED = "expected pop3:// or pop3s://";

/**
 * Reads the URL of a server.
 *
 * Without a port, `pop3://` means 110 and `pop3s://` 995. TLS is `implicit` for `pop3s://` and for
 * port 995, else `required`.
 *
 * @param text The URL.
 * @returns The server, and how to speak to it.
 * @throws {SyntaxError} If it is no such URL, or holds more than a host and a port.
 *
 * @example Usage
 * ```ts
 * import { parsePop3Url } from "@mailwright/mailwright/pop3";
 * import { deepEqual, throws } from "node:assert/strict";
 *
 * deepEqual(parsePop3Url("pop3s://Mail.Example"), {
 *   target: { hostname: "mail.example", port: 995 },
 *   tls: "implicit",
 * });
 * throws(() => parsePop3Url("pop3://user:secret@mail.example"), {
 *   message: 'Cannot parse POP3 URL "pop3://***": user and password are passed as auth, not here',
 * });
 * ```
 */
export function parsePop3Url(text: string): Pop3Target {
  const fail: Fail = (reason, options) =>
    new SyntaxError(`Cannot parse POP3 URL "${shown(text)}": ${reason}`, options);
  const scheme = /^([a-z0-9]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? "";
  const usual = PORTS.get(scheme);
  if (usual === undefined) throw fail(EXPECTED);
  const { hostname, port = usual } = readHostPort(text.slice(scheme.length + 3), fail);
  const implicit = scheme === "pop3s" || port === 995;
  return { target: { hostname, port }, tls: implicit ? "implicit" : "required" };
}

type Fail = (reason: string, options?: ErrorOptions) => SyntaxError;

/** What ends a host in a URL, is an escape there, or turns into a dot by IDNA (I50, F18). */
const MISPLACED = /[\p{Cc}\s\\%/?#\u3002\uff0e\uff61]/u;
/** What other programs take for an IPv4 address: `127.1`, `0x7f.1`. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/i;

function readHostPort(text: string, fail: Fail): { hostname: string; port: number | undefined } {
  if (text.includes("@")) throw fail("user and password are passed as auth, not here");
  const misplaced = MISPLACED.exec(text)?.[0];
  if (misplaced !== undefined) {
    throw fail(`"${escapeControls(misplaced)}" has no place here, expected a host and a port`);
  }
  const [, host, digits] = /^(\[[^[\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(text) ?? [];
  if (host === undefined || digits?.includes(":")) {
    throw fail("expected a host and perhaps a port; an IPv6 address stands in brackets");
  }
  if (digits !== undefined && !(/^[1-9][0-9]{0,4}$/.test(digits) && Number(digits) <= 65_535)) {
    throw fail("the port must be a number from 1 to 65535");
  }
  const port = digits === undefined ? undefined : Number(digits);
  return { hostname: readHost(host, fail), port };
}

function readHost(host: string, fail: Fail): string {
  const bracketed = host.startsWith("[");
  if (bracketed && !host.includes(":")) throw fail("brackets are for IPv6 addresses");
  try {
    if (bracketed) return readIp(host.slice(1, -1));
    // The dot says that the name is complete; certificates are without it.
    const name = host.endsWith(".") ? host.slice(0, -1) : host;
    return ENDS_IN_NUMBER.test(name) ? readIp(name) : toAscii(name);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw fail(`the host cannot be used: ${error.reason}`, { cause: error });
  }
}

/** The one spelling of an IP address. */
function readIp(text: string): string {
  return addressLiteral(text).replace(/^\[(?:IPv6:)?/, "").slice(0, -1);
}

/** The text without what may be a misplaced password: only a host and a port are sure to be none. */
function shown(text: string): string {
  const start = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  const rest = text.slice(start.length);
  const harmless = /^(?:\[[0-9a-f:.]*\]|[^:/?#]*)(?::\d{1,5}$)?/i;
  const visible = rest.includes("@") ? "" : harmless.exec(rest)?.[0].slice(0, 80) ?? "";
  return escapeControls(start + visible) + (visible === rest ? "" : "***");
}
