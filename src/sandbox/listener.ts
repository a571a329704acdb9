/**
 * Sockets that listen, on loopback only: Node's behind wire's interfaces.
 *
 * @module
 */

import {
  type Acceptor,
  type Connection,
  type Endpoint,
  type Security,
  type StartTlsOptions,
  TlsError,
} from "../wire/mod.ts";
import { SANDBOX_CERTIFICATE, SANDBOX_KEY } from "./localhost_pem.ts";
import {
  createNodeServer,
  type NodeServer,
  type NodeSocket,
  secureNodeSocket,
} from "./node_sockets.ts";

/** A certificate with its chain, and its key, PEM. */
export interface ServerIdentity {
  /** The certificate. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** How to listen. */
export interface ListenOptions {
  /** An address of this machine itself. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** The port; 0 takes a free one. @default {0} */
  readonly port?: number;
  /** Who the server is inside TLS. By default the certificate for localhost. */
  readonly identity?: ServerIdentity;
}

/** Gives the connections that come to one port. Closing it leaves them open. */
export interface Listener extends Acceptor, AsyncDisposable {
  /** Where it listens. */
  readonly endpoint: Extract<Endpoint, { transport: "tcp" }>;
  /** Gives the connections as they come. */
  [Symbol.asyncIterator](): AsyncIterator<SocketConnection>;
}

/**
 * Listens on loopback.
 *
 * @param options Address, port and certificate.
 * @returns The listener, listening.
 * @throws {TypeError} If the address is another than one of loopback.
 * @throws {NotCapable} If the permission is missing.
 * @throws {Error} If the port cannot be had; the cause says why.
 *
 * @example Usage
 * ```ts
 * import { listen } from "@mailwright/mailwright/sandbox";
 * import { rejects } from "node:assert/strict";
 *
 * await rejects(listen({ hostname: "0.0.0.0" }), { name: "TypeError" });
 * ```
 */
export async function listen(options: ListenOptions = {}): Promise<Listener> {
  const { hostname = "127.0.0.1", port = 0 } = options;
  const identity = options.identity ?? { cert: SANDBOX_CERTIFICATE, key: SANDBOX_KEY };
  if (!/^(127(\.\d{1,3}){3}|::1)$/.test(hostname)) {
    throw new TypeError(`Cannot listen on "${hostname}": the sandbox stays on loopback`);
  }
  await demandPermission(port === 0 ? hostname : `${hostname}:${port}`);
  const server = await createNodeServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, hostname, resolve);
  try {
    await promise;
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot listen on "${hostname}:${port}": ${seen}`, { cause });
  }
  server.off("error", reject);
  return new SocketListener(server, hostname, identity);
}

/** node:net throws a missing permission where nobody can catch it. */
async function demandPermission(host: string): Promise<void> {
  const { state } = await Deno.permissions.request({ name: "net", host });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires net access to "${host}", run again with the --allow-net flag`,
  );
}

class SocketListener implements Listener {
  readonly endpoint: Listener["endpoint"];
  readonly #server: NodeServer;
  readonly #waiting: SocketConnection[] = [];
  readonly #open = new Set<SocketConnection>();
  readonly #closed: Promise<void>;
  #wake: () => void = () => {};
  #over = false;

  constructor(server: NodeServer, hostname: string, identity: ServerIdentity) {
    this.#server = server;
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    this.endpoint = { transport: "tcp", hostname, port };
    this.#closed = new Promise((resolve) => server.once("close", resolve));
    server.on("connection", (socket) => {
      const connection = new SocketConnection(socket, identity);
      this.#open.add(connection);
      connection.closed.then(() => this.#open.delete(connection));
      this.#waiting.push(connection);
      this.#wake();
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SocketConnection, void> {
    while (!this.#over) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#server.close();
    for (const connection of this.#waiting.splice(0)) connection.close();
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    for (const connection of this.#open) connection.close();
    await this.#closed;
  }
}

/** An accepted socket. Reads are pulled, writes end when the system has taken the octets. */
export class SocketConnection implements Connection {
  /** Our end. */
  readonly local: Endpoint;
  /** The client's end. */
  readonly remote: Endpoint;
  /** What protects the octets. */
  readonly security: Security;
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
  readonly #socket: NodeSocket;
  readonly #base: NodeSocket;
  readonly #identity: ServerIdentity;
  readonly #waiting = new Set<() => void>();
  #rest: Uint8Array = new Uint8Array();
  #failure: Error | undefined;
  #ended = false;
  #closing = false;

  /**
   * Wraps a socket.
   *
   * @param socket The socket, paused.
   * @param identity Who we are inside TLS.
   * @param base The socket below TLS.
   */
  constructor(socket: NodeSocket, identity: ServerIdentity, base: NodeSocket = socket) {
    this.#socket = socket;
    this.#base = base;
    this.#identity = identity;
    this.security = socket === base ? "clear" : "verified";
    this.local = endpoint(base.localAddress, base.localPort);
    this.remote = endpoint(base.remoteAddress, base.remotePort);
    const changed = (): void => {
      for (const wake of this.#waiting) wake();
    };
    socket.on("readable", changed);
    socket.on("end", () => {
      this.#ended = true;
      changed();
    });
    socket.on("error", (error) => {
      this.#failure ??= error;
      changed();
    });
    this.closed = new Promise((resolve) => {
      base.once("close", () => {
        this.#ended = true;
        changed();
        resolve();
      });
    });
  }

  /** Reads at least one octet; `null` at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#closing) throw new Deno.errors.Interrupted("operation canceled");
    while (this.#rest.length === 0) {
      const chunk = this.#socket.read();
      if (chunk !== null) this.#rest = chunk;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#ended) return null;
      else await this.#change();
      if (this.#closing) throw new Deno.errors.Interrupted("operation canceled");
    }
    const part = this.#rest.subarray(0, buffer.length);
    buffer.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  /** Writes all octets. */
  async write(bytes: Uint8Array): Promise<void> {
    let done = false;
    this.#socket.write(bytes, (error) => {
      done = true;
      if (error) this.#failure ??= error;
      for (const wake of this.#waiting) wake();
    });
    while (!done) {
      if (this.#closing) throw new Deno.errors.Interrupted("operation canceled");
      if (this.#failure !== undefined) throw this.#failure;
      await this.#change();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Upgrades to TLS as its server. */
  async startTls(_options: StartTlsOptions): Promise<Connection> {
    this.#socket.removeAllListeners("readable");
    const tls = await secureNodeSocket(this.#socket, this.#identity);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    tls.once("secure", resolve);
    tls.on("error", reject);
    this.closed.then(() => reject(new Error("the client closed")));
    try {
      await promise;
    } catch (error) {
      this.close();
      const seen = error instanceof Error ? error.message : String(error);
      throw new TlsError(`Cannot start TLS with the client: ${seen}`, {
        failure: "handshake",
        cause: error,
      });
    }
    return new SocketConnection(tls, this.#identity, this.#base);
  }

  /** Closes in good order, after what is already written. */
  close(): void {
    this.#end(() => this.#socket.destroySoon());
  }

  /** Breaks the connection: the client sees a reset. */
  reset(): void {
    this.#end(() => this.#base.resetAndDestroy());
  }

  #end(how: () => void): void {
    if (this.#closing) return;
    this.#closing = true;
    how();
    for (const wake of this.#waiting) wake();
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    await promise;
    this.#waiting.delete(resolve);
  }
}

function endpoint(hostname = "", port = 0): Endpoint {
  return { transport: "tcp", hostname, port };
}
