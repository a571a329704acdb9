/**
 * What the layers above need of a socket, and of something that accepts sockets.
 *
 * Real sockets, the sandbox's `node:tls` sockets and the in-memory pair all stand behind these
 * interfaces, so that a session never knows which one it talks through.
 *
 * @module
 */

/** Where one end of a connection is. */
export type Endpoint =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string }
  | { readonly transport: "memory" };

/**
 * How far a connection can be trusted with a secret.
 *
 * - `clear`: anybody on the way can read it.
 * - `unverified`: TLS, but nobody proved who is at the other end (only the probe makes these).
 * - `verified`: TLS, and the handshake with the certificate check is over.
 */
export type Security = "clear" | "unverified" | "verified";

/** What a client must know to upgrade to TLS. The accepting end has its own certificate and ignores it. */
export interface StartTlsOptions {
  /** The name the certificate must be valid for: always the name the user configured. */
  readonly hostname: string;
  /** Further trusted roots, PEM. They add to the built-in roots and do not replace them. */
  readonly caCerts?: readonly string[];
}

/**
 * A byte stream to one peer.
 *
 * Reads are pulled: nobody reads unless bytes are expected, so that an upgrade never meets a pending
 * read. Cancelling is done by {@linkcode Connection.close}: a waiting read or write then rejects.
 */
export interface Connection {
  /** Our end. */
  readonly local: Endpoint;
  /** The peer's end. */
  readonly remote: Endpoint;
  /** What protects the bytes. */
  readonly security: Security;
  /** Reads at least one byte into `buffer`; `null` at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Upgrades to TLS and finishes the handshake. This connection must not be used afterwards.
   *
   * The end that opened the connection is the TLS client.
   */
  startTls(options: StartTlsOptions): Promise<Connection>;
  /** Closes at once. Closing twice is harmless. */
  close(): void;
}

/** Something that hands out connections which others opened. */
export interface Acceptor extends AsyncIterable<Connection> {
  /** Where it listens. */
  readonly endpoint: Endpoint;
  /** Stops accepting; the iteration ends. */
  close(): void;
}

/**
 * Writes an endpoint as a person would: `127.0.0.1:25`, `[::1]:25`, `unix:/run/lmtp`, `memory`.
 *
 * @param endpoint The endpoint.
 * @returns Its text.
 *
 * @example Usage
 * ```ts
 * import { formatEndpoint } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * equal(formatEndpoint({ transport: "tcp", hostname: "::1", port: 25 }), "[::1]:25");
 * ```
 */
export function formatEndpoint(endpoint: Endpoint): string {
  switch (endpoint.transport) {
    case "tcp":
      return endpoint.hostname.includes(":")
        ? `[${endpoint.hostname}]:${endpoint.port}`
        : `${endpoint.hostname}:${endpoint.port}`;
    case "unix":
      return `unix:${endpoint.path}`;
    case "memory":
      return "memory";
  }
}
