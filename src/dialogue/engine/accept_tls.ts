/**
 * TLS from the first octet, for the end that accepts connections.
 *
 * @module
 */

import { Channel, type Clock, type Connection } from "../../wire/mod.ts";
import { REPLY_MS } from "../limits.ts";

/** How TLS is awaited. */
export interface AcceptTlsOptions {
  /** How long the client may take, in milliseconds. @default {30_000} */
  readonly timeout?: number;
  /** What times go by. @default {systemClock} */
  readonly clock?: Clock;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Begins TLS with a client that speaks nothing else, before either end says a word: `smtps`, `pop3s`.
 *
 * @param connection A connection that a client has opened; its listener brings the certificate.
 * @param options The limit, the signal.
 * @returns The connection inside TLS.
 * @throws {TlsError} If there is no handshake: the client does not trust the certificate, perhaps.
 * @throws {TimeoutError} If the client takes too long.
 *
 * @example Usage
 * ```ts
 * import { acceptTls } from "@mailwright/mailwright/dialogue";
 * import { memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const [client, accepted] = memoryPair();
 * const [, server] = await Promise.all([
 *   client.startTls({ hostname: "localhost" }),
 *   acceptTls(accepted),
 * ]);
 * equal(server.security, "verified");
 * ```
 */
export async function acceptTls(
  connection: Connection,
  { timeout = REPLY_MS, clock, signal }: AcceptTlsOptions = {},
): Promise<Connection> {
  const channel = new Channel(connection, {
    end: "S",
    signal,
    ...(clock === undefined ? {} : { clock }),
  });
  channel.deadline.arm("TLS handshake", timeout);
  await channel.startTls({ hostname: "localhost" });
  return channel.release();
}
