/**
 * What to probe: a URL, or a host whose port says what is spoken there.
 *
 * @module
 */

import { parseHostPort, parseSmtpUrl } from "../../smtp/mod.ts";
import type { Target } from "../../wire/mod.ts";

/** What a server is there for: mail of other servers, of users, or into mailboxes. */
export type Role = "relay" | "submission" | "lmtp";

/** A server to probe. */
export interface ProbeTarget {
  /** What is spoken. */
  readonly protocol: "smtp" | "lmtp";
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

/**
 * Reads a target.
 *
 * Without a scheme the port decides: 587 is submission, 465 submission within TLS, everything else
 * (25 if there is none) takes mail of other servers.
 *
 * @param text `smtp://`, `submission://`, `smtps://`, `lmtp://`, `unix:PATH`, or `host[:port]`.
 * @returns The target.
 * @throws {SyntaxError} If it is none of them.
 */
export function parseTarget(text: string): ProbeTarget {
  const scheme = /^([a-z][a-z0-9+.-]*):(?:\/\/|(?=\/))/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const { hostname, port = 25 } = parseHostPort(text);
    return tcp(hostname, port, "smtp", port === 587 || port === 465, port === 465);
  }
  const { protocol, target, tls } = parseSmtpUrl(text);
  if ("path" in target) {
    const { path } = target;
    return { protocol, address: target, host: path, port: null, role: "lmtp", implicitTls: false };
  }
  const { hostname, port } = target;
  const submission = scheme !== "smtp" || port === 587 || port === 465;
  return tcp(hostname, port, protocol, submission, tls === "implicit");
}

function tcp(
  hostname: string,
  port: number,
  protocol: "smtp" | "lmtp",
  submission: boolean,
  implicitTls: boolean,
): ProbeTarget {
  const role = protocol === "lmtp" ? "lmtp" : submission ? "submission" : "relay";
  return { protocol, address: { hostname, port }, host: hostname, port, role, implicitTls };
}
