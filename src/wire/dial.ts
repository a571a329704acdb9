/**
 * Connects: TCP, Unix sockets, TLS from the first octet; through a proxy if asked.
 *
 * There is one path for both kinds of TLS: connect, NoDelay, `startTls`, and the handshake awaited.
 * Only a client certificate takes `connectTls`, which alone can send one.
 *
 * @module
 */

import type { Connection, Endpoint, Security, StartTlsOptions } from "./connection.ts";
import { type Clock, systemClock } from "./clock.ts";
import { DialError, TimeoutError, TlsError, WireError } from "./errors.ts";
import { throughProxy } from "./proxy.ts";
import { explainTls } from "./tls_failure.ts";

/** Where to connect to. */
export type Target =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

/** A client certificate and its key, PEM. */
export interface ClientCertificate {
  /** The certificate, with its chain. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** How to connect. */
export interface DialOptions {
  /** TLS from the first octet; absent for a connection in the clear. */
  readonly tls?: (StartTlsOptions & { readonly clientCertificate?: ClientCertificate }) | undefined;
  /** `socks5://host:port` or `http://host:port`, without a login. */
  readonly proxy?: string | undefined;
  /** Ends the attempt; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** For all of it: name look-up, connect, proxy and handshake, in milliseconds. @default {30_000} */
  readonly timeoutMs?: number;
  /** @default {systemClock} */
  readonly clock?: Clock;
}

/**
 * Opens a connection.
 *
 * @param target A host and port, or the path of a Unix socket.
 * @param options TLS, proxy, signal and time limit.
 * @returns The connection; with `tls`, the handshake is over and the certificate checked.
 * @throws {DialError} If nothing answers.
 * @throws {TlsError} If TLS does not come about.
 * @throws {TimeoutError} If it takes too long.
 *
 * @example Usage
 * ```ts
 * import { dial } from "@mailwright/mailwright";
 * import { rejects } from "node:assert/strict";
 *
 * // Nobody listens on port 1.
 * await rejects(dial({ hostname: "127.0.0.1", port: 1 }), { name: "DialError" });
 * ```
 */
export async function dial(target: Target, options: DialOptions = {}): Promise<Connection> {
  const { clock = systemClock, timeoutMs = 30_000, signal } = options;
  const done = new AbortController();
  const over = new AbortController();
  const timer = clock.sleep(timeoutMs, { signal: done.signal, background: true }).then(
    () => over.abort(new TimeoutError("connect", timeoutMs)),
    () => {}, // connected in time
  );
  const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  try {
    return await open(target, options, either);
  } catch (error) {
    if (either.aborted) throw at(either.reason, target);
    throw at(error, target);
  } finally {
    done.abort();
    await timer;
  }
}

function at(error: unknown, target: Target): unknown {
  return error instanceof WireError
    ? error.at({ host: targetName(target), stage: "connect" })
    : error;
}

async function open(
  target: Target,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const { tls } = options;
  if (tls?.clientCertificate !== undefined) {
    return await connectWithCertificate(target, tls, tls.clientCertificate, options, signal);
  }
  const plain = await connectPlain(target, options, signal);
  if (tls === undefined) return plain;
  return await closing(plain, signal, () => plain.startTls(tls));
}

async function connectPlain(
  target: Target,
  { proxy }: DialOptions,
  signal: AbortSignal,
): Promise<Connection> {
  if (proxy !== undefined) {
    if ("path" in target) throw new TypeError("Cannot reach a Unix socket through a proxy");
    const { hostname, port } = new URL(proxy);
    const defaultPort = proxy.startsWith("socks5") ? 1080 : 8080;
    const through = await connectTcp(
      { hostname, port: port === "" ? defaultPort : Number(port) },
      signal,
    );
    return await closing(through, signal, () => throughProxy(through, proxy, target));
  }
  return "path" in target ? await connectUnix(target, signal) : await connectTcp(target, signal);
}

async function connectTcp(
  target: { readonly hostname: string; readonly port: number },
  signal: AbortSignal,
): Promise<Connection> {
  try {
    const socket = await Deno.connect({ ...target, signal });
    // Two small writes per reply cost 44 ms with Nagle's algorithm and delayed acknowledgements.
    socket.setNoDelay(true);
    return new DenoConnection(socket, "clear");
  } catch (error) {
    throw dialError(target, error, signal);
  }
}

async function connectUnix(
  target: { readonly path: string },
  signal: AbortSignal,
): Promise<Connection> {
  try {
    return new DenoConnection(
      await Deno.connect({ transport: "unix", path: target.path }),
      "clear",
    );
  } catch (error) {
    throw dialError(target, error, signal);
  }
}

async function connectWithCertificate(
  target: Target,
  tls: StartTlsOptions,
  { cert, key }: ClientCertificate,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Connection> {
  if ("path" in target || options.proxy !== undefined || tls.hostname !== target.hostname) {
    throw new TlsError(
      "Cannot send a client certificate here: it needs a direct connection whose name is the host",
      { failure: "unsupported" },
    );
  }
  const connecting = Deno.connectTls({
    ...target,
    cert,
    key,
    caCerts: [...(tls.caCerts ?? [])],
  });
  // connectTls takes no signal: what comes too late is closed.
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => {
      connecting.then((socket) => socket.close(), () => {});
      reject(signal.reason);
    }, { once: true });
  });
  try {
    const socket = await Promise.race([connecting, aborted]);
    const connection = new DenoConnection(socket, "verified");
    await closing(connection, signal, () => socket.handshake());
    return connection;
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) throw explainTls(error, tls.hostname);
    throw dialError(target, error, signal);
  }
}

/** Does something with a connection that is closed if the signal fires or the work fails. */
async function closing<T>(
  connection: Connection,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const close = (): void => connection.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function dialError(target: Target, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const reason = error instanceof Error ? error : new Error(String(error));
  const name = targetName(target);
  // A missing permission is not mended by trying later; a name that does not resolve may be (F9).
  const temporary = !(error instanceof Deno.errors.NotCapable) &&
    !(error instanceof Deno.errors.PermissionDenied);
  return new DialError(`Cannot connect to "${name}": ${reason.message}`, {
    cause: error,
    temporary,
  });
}

function targetName(target: Target): string {
  return "path" in target ? `unix:${target.path}` : `${target.hostname}:${target.port}`;
}

/** A socket of Deno. */
class DenoConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly security: Security;
  readonly #socket: Deno.TcpConn | Deno.UnixConn | Deno.TlsConn;
  #upgraded: Deno.TlsConn | undefined;
  #closed = false;

  constructor(socket: Deno.TcpConn | Deno.UnixConn | Deno.TlsConn, security: Security) {
    this.#socket = socket;
    this.security = security;
    this.local = endpoint(socket.localAddr);
    this.remote = endpoint(socket.remoteAddr);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#socket.read(buffer);
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = await this.#socket.write(bytes);
    while (written < bytes.length) written += await this.#socket.write(bytes.subarray(written));
  }

  async startTls({ hostname, caCerts = [] }: StartTlsOptions): Promise<Connection> {
    if (this.security !== "clear" || this.remote.transport !== "tcp") {
      throw new TlsError(`Cannot start TLS on a ${this.remote.transport} connection`, {
        failure: "unsupported",
      });
    }
    try {
      this.#upgraded = await Deno.startTls(this.#socket as Deno.TcpConn, { // a TCP socket: checked above
        hostname,
        caCerts: [...caCerts],
      });
      if (this.#closed) {
        this.#upgraded.close();
        throw new Deno.errors.Interrupted("operation canceled");
      }
      // startTls resolves before the certificate is checked (denoland/deno#11759).
      await this.#upgraded.handshake();
      return new DenoConnection(this.#upgraded, "verified");
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
