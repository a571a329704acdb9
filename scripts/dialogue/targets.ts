/**
 * Where dialogues are run: never named in a file, always typed.
 *
 * @module
 */

import type { Dialogue, DialogueProtocol } from "../../src/dialogue/mod.ts";
import { parsePop3Url } from "../../src/pop3/mod.ts";
import { parseHostPort, parseSmtpUrl } from "../../src/smtp/mod.ts";
import { checked } from "../shared/login.ts";
import { fail } from "./failure.ts";

/** A server that was typed. */
export interface NamedTarget {
  /** What was typed. */
  readonly to: string;
  /** What is spoken there; nothing if it was not said. */
  readonly protocols: readonly DialogueProtocol[];
  /** What must be granted to reach it; nothing for a Unix socket. */
  readonly host?: string;
  /** The path of a Unix socket. */
  readonly path?: string;
}

const USUAL_PORTS: Readonly<Record<DialogueProtocol, number | undefined>> = {
  smtp: 25,
  lmtp: undefined,
  pop3: 110,
};

/**
 * Reads what was typed.
 *
 * @param to A URL, `host[:port]` or `unix:PATH`.
 * @returns The server.
 */
export function namedTarget(to: string): NamedTarget {
  const [, scheme] = /^([A-Za-z][\w+.-]*):/.exec(to) ?? [];
  if (scheme?.toLowerCase() === "pipe") {
    fail(`Cannot connect to "${to}": a command as a server is not known here`);
  }
  if (to.startsWith("unix:")) {
    checked(() => parseSmtpUrl(to));
    return { to, protocols: [], path: to.slice("unix:".length) };
  }
  if (!to.includes("://")) {
    const { hostname, port } = checked(() => parseHostPort(to));
    return { to, protocols: [], host: port === undefined ? hostname : hostOf({ hostname, port }) };
  }
  if (/^pop3s?$/i.test(scheme ?? "")) {
    const { target } = checked(() => parsePop3Url(to));
    return { to, protocols: ["pop3"], host: hostOf(target) };
  }
  if (!/^(?:smtps?|submission|lmtp)$/i.test(scheme ?? "")) {
    fail(
      `Cannot connect to "${
        to.replace(/\/\/.*/s, "//…")
      }": expected smtp://, submission://, smtps://, ` +
        "lmtp://, pop3://, pop3s://, host[:port] or unix:PATH",
    );
  }
  const { protocol, target } = checked(() => parseSmtpUrl(to));
  return "path" in target
    ? { to, protocols: [], path: target.path }
    : { to, protocols: [protocol], host: hostOf(target) };
}

function hostOf({ hostname, port }: { readonly hostname: string; readonly port: number }): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/**
 * Finds the server of a dialogue.
 *
 * @param dialogue The dialogue.
 * @param targets The servers.
 * @returns The first one where its protocol is spoken.
 */
export function targetOf(
  { protocol }: Dialogue,
  targets: readonly NamedTarget[],
): NamedTarget | undefined {
  return targets.find(({ protocols }) => protocols.length === 0 || protocols.includes(protocol));
}

/**
 * Makes sure of the grant for a server, before anything is played.
 *
 * @param target The server.
 * @param protocol What is spoken there.
 * @throws {Deno.errors.NotCapable} If it is not granted, in the words of the platform.
 */
export async function demandNet(
  { host }: NamedTarget,
  protocol: DialogueProtocol,
): Promise<void> {
  if (host === undefined) return;
  const port = USUAL_PORTS[protocol];
  const whole = /:\d+$/.test(host) || port === undefined ? host : `${host}:${port}`;
  const { state } = await Deno.permissions.request({ name: "net", host: whole });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires net access to "${whole}", run again with the --allow-net flag`,
  );
}
