/**
 * What to probe: a URL, or a host whose port says what is spoken there.
 *
 * @module
 */

import { parsePop3Url } from "../../pop3/mod.ts";
import { parseHostPort, parseSmtpUrl } from "../../smtp/mod.ts";
import type { Target } from "../../wire/mod.ts";
import type { ProbeProtocol } from "./result.ts";

/** What a server is there for: mail of other servers, of users, into mailboxes, or out of them. */
export type Role = "relay" | "submission" | "lmtp" | "maildrop";

/** A server to probe. */
export interface ProbeTarget {
  /** What is spoken. */
  readonly protocol: ProbeProtocol;
  /** Where it listens. */
  readonly address: Target;
  /** The host, or the path of a Unix socket. */
  readonly host: string;
  /** The port; `null` for a Unix socket. */
  readonly port: number | null;
  /** What it is there for; severities depend on it. */
  readonly role: Role;
  /** Whether it speaks TLS from the first octet. */
  readonly implicitTls: boolean;
}

const MAIL_SCHEMES: readonly string[] = ["smtp", "submission", "smtps", "lmtp", "unix"];

/**
 * Reads a target.
 *
 * Without a scheme the port decides: 587 is submission, 465 submission within TLS, 110 a maildrop, 995
 * one within TLS; everything else (25 if there is none) takes mail of other servers.
 *
 * @param text `smtp://`, `submission://`, `smtps://`, `lmtp://`, `unix:PATH`, `pop3://`, `pop3s://`, or
 *   `host[:port]`.
 * @returns The target.
 * @throws {SyntaxError} If it is none of them.
 */
export function parseTarget(text: string): ProbeTarget {
  const scheme = /^(unix|[a-z][a-z0-9+.-]*(?=:\/)):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const { hostname, port = 25 } = parseHostPort(text);
    if (port === 110 || port === 995) return maildrop(hostname, port, port === 995);
    return mail(hostname, port, "smtp", port === 587 || port === 465, port === 465);
  }
  if (scheme === "pop3" || scheme === "pop3s") {
    const { target: { hostname, port }, tls } = parsePop3Url(text);
    return maildrop(hostname, port, tls === "implicit");
  }
  if (!MAIL_SCHEMES.includes(scheme)) {
    // Only the scheme is shown: behind it there may be a password.
    throw new SyntaxError(
      `Cannot probe "${scheme.slice(0, 20)}:": expected ` +
        `${MAIL_SCHEMES.map((name) => `${name}:`).join(", ")}, pop3: or pop3s:`,
    );
  }
  const { protocol, target, tls } = parseSmtpUrl(text);
  if ("path" in target) {
    const { path } = target;
    return { protocol, address: target, host: path, port: null, role: "lmtp", implicitTls: false };
  }
  const { hostname, port } = target;
  const submission = scheme !== "smtp" || port === 587 || port === 465;
  return mail(hostname, port, protocol, submission, tls === "implicit");
}

function mail(
  hostname: string,
  port: number,
  protocol: "smtp" | "lmtp",
  submission: boolean,
  implicitTls: boolean,
): ProbeTarget {
  const role = protocol === "lmtp" ? "lmtp" : submission ? "submission" : "relay";
  return { protocol, address: { hostname, port }, host: hostname, port, role, implicitTls };
}

function maildrop(hostname: string, port: number, implicitTls: boolean): ProbeTarget {
  const address = { hostname, port };
  return { protocol: "pop3", address, host: hostname, port, role: "maildrop", implicitTls };
}
