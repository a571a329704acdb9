/**
 * Which permissions a probe needs, as flags of Deno.
 *
 * @module
 */

import { formatEndpoint } from "../../wire/mod.ts";
import type { ProbeTarget } from "./target.ts";

/** What beside the target a connection needs. */
export interface GrantOptions {
  /** The URL of a proxy: then it is the only one we connect to. */
  readonly proxy?: string | undefined;
  /** Our own address, which the platform wants granted as well. */
  readonly localAddress?: string | undefined;
}

/**
 * Lists what the connection to a target needs.
 *
 * @param target The server, its name as the user typed it.
 * @param options A proxy, our own address.
 * @returns The flags.
 */
export function grantsFor(target: ProbeTarget, options: GrantOptions = {}): string[] {
  const { address } = target;
  if ("path" in address) {
    const { path } = address;
    return [`--allow-read=${path}`, `--allow-write=${path}`, `--allow-net=unix:${path}`];
  }
  const { proxy, localAddress } = options;
  const hosts = [
    proxy?.replace(/^[a-z0-9]+:\/\//i, "").replace(/\/$/, "") ??
      formatEndpoint({ transport: "tcp", ...address }),
  ];
  if (localAddress !== undefined) {
    hosts.push(localAddress.includes(":") ? `[${localAddress}]` : localAddress);
  }
  return [`--allow-net=${hosts.join(",")}`];
}
