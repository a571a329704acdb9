/**
 * Where a mail server is, as text: `smtp://`, `submission://`, `smtps://`, `lmtp://` and `unix:PATH`.
 *
 * A password never stands in a URL, for URLs stand in process lists, logs and histories. So an error
 * shows of the text only what cannot be one.
 *
 * @module
 */

import { AddressError, addressLiteral, toAscii } from "../message/mod.ts";
import { escapeControls, type Target } from "../wire/mod.ts";

/**
 * How much TLS a session insists on (RFC 8314).
 *
 * - `none`: no TLS, even if it is offered.
 * - `opportunistic`: STARTTLS if it is offered, else in the clear, without credentials.
 * - `required`: STARTTLS, or no session.
 * - `implicit`: TLS from the first octet.
 */
export type TlsLevel = "none" | "opportunistic" | "required" | "implicit";

/** A server, and how to speak to it. */
export interface SmtpTarget {
  /** The protocol; `unix:` is LMTP. */
  readonly protocol: "smtp" | "lmtp";
  /** Where it listens; a name is in ASCII and lower case, without a dot at its end. */
  readonly target: Target;
  /** What holds unless the caller says otherwise. */
  readonly tls: TlsLevel;
}

/** A host and perhaps a port. */
export interface HostPort {
  /** A name in ASCII and lower case without a dot at its end, or an IP address without brackets. */
  readonly hostname: string;
  /** The port, if one was given. */
  readonly port: number | undefined;
}

const SCHEMES: ReadonlyMap<string, { protocol: "smtp" | "lmtp"; port?: number }> = new Map([
  ["smtp", { protocol: "smtp", port: 25 }],
  ["submission", { protocol: "smtp", port: 587 }],
  ["smtps", { protocol: "smtp", port: 465 }],
  ["lmtp", { protocol: "lmtp" }],
]);

const EXPECTED = "expected smtp://, submission://, smtps://, lmtp:// or unix:PATH";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["mailto", "that is an address, not a server"],
  ["pop3", "mail is not sent to POP3 servers"],
  ["pop3s", "mail is not sent to POP3 servers"],
  ["ssmtp", "write smtps://"],
  ["submissions", "write smtps://"],
  ["unix", "write the path right behind unix:"],
]);

/**
 * Reads the URL of a server.
 *
 * Without a port, `smtp://` means 25, `submission://` 587 and `smtps://` 465; `lmtp://` needs one.
 * TLS is `implicit` for `smtps://` and for port 465, `none` for `unix:`, else `required`.
 *
 * @param text The URL.
 * @returns The server, and how to speak to it.
 * @throws {SyntaxError} If it is no such URL, or holds more than a host and a port.
 *
 * @example Usage
 * ```ts
 * import { parseSmtpUrl } from "@mailwright/mailwright/smtp";
 * import { deepEqual, throws } from "node:assert/strict";
 *
 * deepEqual(parseSmtpUrl("submission://Mail.Example"), {
 *   protocol: "smtp",
 *   target: { hostname: "mail.example", port: 587 },
 *   tls: "required",
 * });
 * deepEqual(parseSmtpUrl("unix:/run/dovecot/lmtp"), {
 *   protocol: "lmtp",
 *   target: { path: "/run/dovecot/lmtp" },
 *   tls: "none",
 * });
 * throws(() => parseSmtpUrl("smtp://user:secret@mail.example"), {
 *   message: 'Cannot parse SMTP URL "smtp://***": user and password are passed as auth, not here',
 * });
 * ```
 */
export function parseSmtpUrl(text: string): SmtpTarget {
  const fail: Fail = (reason, options) =>
    new SyntaxError(`Cannot parse SMTP URL "${shown(text)}": ${reason}`, options);
  const name = text.slice(0, Math.max(0, text.indexOf(":"))).toLowerCase();
  const rest = text.slice(name.length + 1);
  if (name === "unix" && !rest.startsWith("//")) {
    return { protocol: "lmtp", target: { path: checkPath(rest, fail) }, tls: "none" };
  }
  const scheme = SCHEMES.get(name);
  if (scheme === undefined || !rest.startsWith("//")) {
    const hint = HINTS.get(name);
    throw fail(hint === undefined ? EXPECTED : `${EXPECTED}; ${hint}`);
  }
  const { protocol } = scheme;
  const { hostname, port = scheme.port } = readHostPort(rest.slice(2), fail);
  if (port === undefined) throw fail("lmtp:// needs a port");
  if (protocol === "lmtp" && port === 25) throw fail("LMTP must not use port 25 (RFC 2033)");
  const tls = name === "smtps" || port === 465 ? "implicit" : "required";
  return { protocol, target: { hostname, port }, tls };
}

/**
 * Reads `host` or `host:port`, as it stands behind the scheme of a URL.
 *
 * @param text A name, an IPv4 address or an IPv6 address in brackets; and perhaps a port.
 * @returns Host and port.
 * @throws {SyntaxError} If it is anything else.
 *
 * @example Usage
 * ```ts
 * import { parseHostPort } from "@mailwright/mailwright/smtp";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(parseHostPort("[::1]:2525"), { hostname: "::1", port: 2525 });
 * ```
 */
export function parseHostPort(text: string): HostPort {
  return readHostPort(
    text,
    (reason, options) =>
      new SyntaxError(`Cannot parse host and port "${shown(text)}": ${reason}`, options),
  );
}

type Fail = (reason: string, options?: ErrorOptions) => SyntaxError;

/** What ends a host in a URL, is an escape there, or turns into a dot by IDNA (I50, F18). */
const MISPLACED = /[\p{Cc}\s\\%/?#\u3002\uff0e\uff61]/u;
/** What other programs take for an IPv4 address: `127.1`, `0x7f.1`. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/i;

function readHostPort(text: string, fail: Fail): HostPort {
  if (text.includes("@")) throw fail("user and password are passed as auth, not here");
  const misplaced = MISPLACED.exec(text)?.[0];
  if (misplaced !== undefined) {
    throw fail(
      `"${escapeControls(misplaced)}" has no place here, expected a host and perhaps a port`,
    );
  }
  const [, host, port] = /^(\[[^[\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(text) ?? [];
  if (host === undefined) throw fail("expected a host and perhaps a port");
  if (port?.includes(":")) throw fail("an IPv6 address stands in brackets");
  if (port !== undefined && !(/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535)) {
    throw fail("the port must be a number from 1 to 65535");
  }
  return { hostname: readHost(host, fail), port: port === undefined ? port : Number(port) };
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

function checkPath(path: string, fail: Fail): string {
  if (!path.startsWith("/")) throw fail("expected an absolute path");
  if (/[\p{Cc}%\\]/u.test(path)) throw fail("the path holds a control character or an escape");
  return path;
}

/** The text without what may be a misplaced password: only a host and a port are sure to be none. */
function shown(text: string): string {
  const start = /^(?:unix:|[a-z][a-z0-9+.-]*:\/\/)/i.exec(text)?.[0] ?? "";
  const rest = text.slice(start.length);
  const harmless = start.toLowerCase() === "unix:"
    ? /^\/.*/s
    : /^(?:\[[0-9a-f:.]*\]|[^:/?#]*)(?::\d{1,5}$)?/i;
  const visible = rest.includes("@") ? "" : harmless.exec(rest)?.[0].slice(0, 80) ?? "";
  return escapeControls(start + visible) + (visible === rest ? "" : "***");
}
