/**
 * The flags that a call needs (`--permissions`).
 *
 * @module
 */

import { type SecretSource, ValidationError } from "../../src/cli/mod.ts";
import { parseSmtpUrl } from "../../src/smtp/mod.ts";

/** What a call will use. */
export interface UsedBy {
  /** Hosts with their ports. */
  readonly net?: readonly (string | undefined)[];
  /** Files and folders that are read. */
  readonly read?: readonly (string | undefined)[];
  /** Files and folders that are read and written. */
  readonly write?: readonly (string | undefined)[];
  /** Environment variables. */
  readonly env?: readonly string[];
  /** Where secrets come from. */
  readonly secrets?: readonly (SecretSource | undefined)[];
}

/**
 * Lists the flags.
 *
 * @param used What is used.
 * @returns One flag of each kind.
 */
export function grantsOf(
  { net = [], read = [], write = [], env = [], secrets = [] }: UsedBy,
): string[] {
  const sources = secrets.filter((source) => source !== undefined);
  const values: Record<string, readonly (string | undefined)[]> = {
    net,
    read: [
      ...read,
      ...sources.map((each) => each.kind === "file" ? each.path : undefined),
      ...write,
    ],
    write,
    env: [...env, ...sources.map((each) => each.kind === "env" ? each.name : undefined)],
    run: sources.map((each) => each.kind === "command" ? each.path : undefined),
  };
  return Object.entries(values).flatMap(([kind, all]) => {
    const list = [...new Set(all.filter((each) => each !== undefined))];
    return list.length === 0 ? [] : [`--allow-${kind}=${list.join(",")}`];
  });
}

/**
 * What must be granted to reach a server.
 *
 * @param url The server.
 * @returns Host and port, or the path of a socket.
 */
export function smtpHost(url: string): string {
  const { target } = parseSmtpUrl(url);
  return "path" in target ? `unix:${target.path}` : `${target.hostname}:${target.port}`;
}

/**
 * What must be granted to reach a proxy.
 *
 * @param url The proxy.
 * @returns Host and port.
 * @throws {ValidationError} If it is none. A login in it is not repeated.
 */
export function proxyHost(url: string): string {
  const [, place] = /^(?:socks5|http):\/\/([^/?#@]+:\d{1,5})\/?$/i.exec(url) ?? [];
  if (place !== undefined) return place;
  const expected = "socks5://host:port or http://host:port, without a login";
  throw new ValidationError(`Cannot use --proxy: expected ${expected}`);
}
