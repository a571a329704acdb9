/**
 * Sockets of the platform as raw clients of the sandbox: nothing of the product is in between.
 *
 * @module
 */

import { equal } from "node:assert/strict";
import { RawClient } from "../server/raw_client.ts";

/** Where and how to connect. */
export interface PlainOptions {
  /** Roots to trust; with them TLS comes first. */
  readonly caCerts?: readonly string[];
}

/** Connects to a port of loopback. */
export async function connect(port: number, { caCerts }: PlainOptions = {}): Promise<RawClient> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  return caCerts === undefined
    ? new RawClient(socket)
    : await upgrade(new RawClient(socket), caCerts);
}

/** Puts TLS over the socket of a client; the old client is over. */
export async function upgrade(
  client: RawClient,
  caCerts: readonly string[],
  hostname = "localhost",
): Promise<RawClient> {
  const socket = client.octets as Deno.TcpConn; // connect() made it
  const tls = await Deno.startTls(socket, { hostname, caCerts: [...caCerts] });
  try {
    await tls.handshake();
  } catch (error) {
    tls.close();
    throw error;
  }
  return new RawClient(tls);
}

/** What is left of the stream, and how it ended. */
export async function ending(client: RawClient): Promise<[rest: string, end: "closed" | "reset"]> {
  let rest = "";
  try {
    for (let line = await client.line(); line !== null; line = await client.line()) rest += line;
    return [rest + await client.rest(), "closed"];
  } catch (error) {
    equal(error instanceof Deno.errors.ConnectionReset, true);
    return [rest, "reset"];
  }
}
