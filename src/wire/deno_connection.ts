/**
 * A socket of Deno behind the interface of a connection.
 *
 * @module
 */

import type { Connection, Endpoint, Security, StartTlsOptions } from "./connection.ts";
import { TlsError } from "./errors.ts";
import { certificateName } from "./host.ts";
import { explainTls } from "./tls_failure.ts";

type Socket = Deno.TcpConn | Deno.UnixConn | Deno.TlsConn;

/**
 * A TCP or Unix socket, or TLS over TCP.
 *
 * Closing ends every wait at once. But a socket that is closed within a handshake stays with the
 * platform until the peer ends it too (Deno 2.9.6 finishes a handshake before it says farewell).
 */
export class DenoConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly security: Security;
  readonly #socket: Socket;
  #upgraded: Deno.TlsConn | undefined;
  #closed = false;

  /**
   * Takes a socket over.
   *
   * @param socket An open socket; with TLS, the handshake may still be ahead.
   * @param security What protects its bytes.
   * @param ends Where it leads: an upgraded socket no longer says over what it runs.
   */
  constructor(
    socket: Socket,
    security: Security,
    ends: { readonly local: Endpoint; readonly remote: Endpoint } = {
      local: endpoint(socket.localAddr),
      remote: endpoint(socket.remoteAddr),
    },
  ) {
    this.#socket = socket;
    this.security = security;
    this.local = ends.local;
    this.remote = ends.remote;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#socket.read(buffer);
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = await this.#socket.write(bytes);
    while (written < bytes.length) written += await this.#socket.write(bytes.subarray(written));
  }

  async startTls(options: StartTlsOptions): Promise<Connection> {
    const { hostname, caCerts } = checkTls(options);
    if (this.security !== "clear" || this.remote.transport !== "tcp") {
      const what = this.security === "clear" ? this.remote.transport : "TLS";
      throw new TlsError(`Cannot start TLS on a ${what} connection`, { failure: "unsupported" });
    }
    try {
      // A TCP socket: checked above.
      this.#upgraded = await Deno.startTls(this.#socket as Deno.TcpConn, { hostname, caCerts });
      if (this.#closed) throw new Deno.errors.Interrupted("operation canceled");
      // startTls resolves before the certificate is checked (denoland/deno#11759).
      await this.#upgraded.handshake();
      return new DenoConnection(this.#upgraded, "verified", this);
    } catch (error) {
      this.close();
      throw explainTls(error, hostname);
    }
  }

  close(): void {
    this.#closed = true;
    for (const socket of [this.#upgraded, this.#socket]) {
      try {
        socket?.close();
      } catch {
        // Closed already, or taken over by TLS: both are BadResource.
      }
    }
  }
}

/**
 * Brings the options of TLS to the form the platform takes: it would check another name where none
 * is given (`127.0.0.1`), and ignore a root that is no PEM.
 *
 * @param options What the client must know.
 * @returns The same for the platform.
 * @throws {TypeError} If the name is no host, or a root is no certificate in PEM.
 */
export function checkTls({ hostname, caCerts = [] }: StartTlsOptions): Required<
  { hostname: string; caCerts: string[] }
> {
  for (const pem of caCerts) {
    if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
      throw new TypeError("Cannot trust a root: expected a certificate in PEM");
    }
  }
  return { hostname: certificateName(hostname), caCerts: [...caCerts] };
}

function endpoint(address: Deno.Addr): Endpoint {
  switch (address.transport) {
    case "tcp":
    case "udp":
      return { transport: "tcp", hostname: address.hostname, port: address.port };
    case "unix":
    case "unixpacket":
      return { transport: "unix", path: address.path };
    default:
      throw new TypeError(`Cannot use a ${address.transport} address`);
  }
}
