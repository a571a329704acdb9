/**
 * Where a server is, as text, to what dials it.
 *
 * @module
 */

import { parsePop3Url } from "../../pop3/mod.ts";
import { parseHostPort, parseSmtpUrl } from "../../smtp/mod.ts";
import type { DialOptions, Target } from "../../wire/mod.ts";
import type { RunDialogueOptions } from "../options.ts";
import type { DialogueProtocol } from "../step.ts";

/** How a server is reached. */
export interface Route {
  /** The name that its certificate must be for, unless the caller says another. */
  readonly hostname: string;
  /** Where it listens. */
  readonly target: Target;
  /** Proxy, and TLS from the first octet. */
  readonly dial: DialOptions;
}

const USUAL_PORTS: Readonly<Record<DialogueProtocol, number | undefined>> = {
  smtp: 25,
  lmtp: undefined,
  pop3: 110,
};

/**
 * Finds the way to a server.
 *
 * @param to The server.
 * @param protocol What is spoken.
 * @param tls Trusted roots, the name in the certificate, a proxy.
 * @throws {SyntaxError} If it is no server of that protocol.
 */
export function routeTo(
  to: string | Target,
  protocol: DialogueProtocol,
  tls: RunDialogueOptions["tls"] = {},
): Route {
  const { target, implicit } = typeof to === "string"
    ? readTarget(to, protocol)
    : { target: to, implicit: false };
  const hostname = "hostname" in target ? target.hostname : "localhost";
  const { proxy, ...starting } = tls;
  return {
    hostname,
    target,
    dial: { proxy, tls: implicit ? { hostname, ...starting } : undefined },
  };
}

function readTarget(
  to: string,
  protocol: DialogueProtocol,
): { readonly target: Target; readonly implicit: boolean } {
  if (to.startsWith("unix:")) return { target: parseSmtpUrl(to).target, implicit: false };
  if (to.includes("://")) {
    const read = protocol === "pop3" ? parsePop3Url(to) : parseSmtpUrl(to);
    return { target: read.target, implicit: read.tls === "implicit" };
  }
  const { hostname, port = USUAL_PORTS[protocol] } = parseHostPort(to);
  if (port === undefined) {
    throw new SyntaxError(`Cannot connect to "${to}": ${protocol} needs a port`);
  }
  return { target: { hostname, port }, implicit: false };
}
