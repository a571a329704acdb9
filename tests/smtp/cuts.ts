/**
 * A connection whose incoming octets are cut as a test wants them.
 *
 * @module
 */

import type { Connection } from "../../src/wire/mod.ts";

/**
 * Cuts what is read at offsets of the incoming stream: no read goes across one.
 *
 * @param connection The connection.
 * @param next The next cut behind an offset.
 */
export function cut(connection: Connection, next: (offset: number) => number): Connection {
  let offset = 0;
  return {
    local: connection.local,
    remote: connection.remote,
    security: connection.security,
    read: async (buffer) => {
      const count = await connection.read(buffer.subarray(0, next(offset) - offset));
      offset += count ?? 0;
      return count;
    },
    write: (bytes) => connection.write(bytes),
    startTls: async (options) => cut(await connection.startTls(options), next),
    close: () => connection.close(),
  };
}

/** One cut, at an offset. */
export function at(position: number): (offset: number) => number {
  return (offset) => offset < position ? position : Infinity;
}

/** A cut after every so many octets. */
export function every(octets: number): (offset: number) => number {
  return (offset) => (Math.floor(offset / octets) + 1) * octets;
}
