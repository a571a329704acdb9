/**
 * Connects: TCP, Unix sockets, TLS from the first octet; through a proxy if asked.
 *
 * There is one path for both kinds of TLS: connect, NoDelay, `startTls`, and the handshake awaited.
 * Only a client certificate takes `connectTls`, which alone can send one.
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";
import { type Connection, formatEndpoint, type StartTlsOptions } from "./connection.ts";
import { checkTls, DenoConnection } from "./deno_connection.ts";
import { DialError, TimeoutError, TlsError, WireError } from "./errors.ts";
import { certificateName, hostName } from "./host.ts";
import { askProxy, formatProxy, parseProxy, type Proxy } from "./proxy.ts";
import { explainTls } from "./tls_failure.ts";

/** Where to connect to. */
export type Target =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

type Host = Exclude<Target, { readonly path: string }>;

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
  /** `socks5://host:port` or `http://host:port`, without a login. The proxy looks names up. */
  readonly proxy?: string | undefined;
  /** Ends the attempt; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** For all of it: name look-up, connect, proxy and handshake, in milliseconds. @default {30_000} */
  readonly timeoutMs?: number;
  /** What the time limit goes by. @default {systemClock} */
  readonly clock?: Clock;
}

/**
 * Opens a connection.
 *
 * Through a proxy, the ends of the connection are those of the way to the proxy.
 *
 * @param target A host and port, or the path of a Unix socket.
 * @param options TLS, proxy, signal and time limit.
 * @returns The connection; with `tls`, the handshake is over and the certificate checked.
 * @throws {TypeError} If host, proxy or certificates cannot be what they should be.
 * @throws {RangeError} If the port is none.
 * @throws {DialError} If nothing answers.
 * @throws {TlsError} If TLS does not come about.
 * @throws {TimeoutError} If it takes too long.
 *
 * @example Usage
 * ```ts
 * import { dial } from "@mailwright/mailwright/wire";
 * import { rejects } from "node:assert/strict";
 *
 * // Nobody listens on port 1.
 * await rejects(dial({ hostname: "127.0.0.1", port: 1 }), { name: "DialError" });
 * ```
 */
export async function dial(target: Target, options: DialOptions = {}): Promise<Connection> {
  const { clock = systemClock, timeoutMs = 30_000, signal } = options;
  const route = planRoute(target, options);
  const context = { host: targetName(target), stage: "connect" };
  const connected = new AbortController();
  const late = new AbortController();
  const timer = clock.sleep(timeoutMs, { signal: connected.signal, background: true }).then(
    () => late.abort(new TimeoutError("connect", timeoutMs).at(context)),
    () => {}, // connected in time
  );
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    return await open(route, either);
  } catch (error) {
    if (either.aborted) throw either.reason;
    throw error instanceof WireError ? error.at(context) : error;
  } finally {
    connected.abort();
    await timer;
  }
}

/** The way to the target, checked before anything is sent. */
interface Route {
  readonly target: Target;
  readonly proxy: Proxy | undefined;
  readonly tls: DialOptions["tls"];
}

function planRoute(target: Target, { proxy, tls }: DialOptions): Route {
  if ("path" in target && proxy !== undefined) {
    throw new TypeError("Cannot reach a Unix socket through a proxy");
  }
  return {
    target: "path" in target ? target : checkHost(target),
    proxy: proxy === undefined ? undefined : parseProxy(proxy),
    tls: tls && { ...tls, ...checkTls(tls) },
  };
}

function checkHost({ hostname, port }: Host): Host {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new RangeError(`Cannot connect to port ${port}: expected 1 to 65535`);
  }
  return { hostname: hostName(hostname), port };
}

async function open({ target, proxy, tls }: Route, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted();
  if (tls?.clientCertificate !== undefined) {
    if (
      "path" in target || proxy !== undefined || tls.hostname !== certificateName(target.hostname)
    ) {
      throw new TlsError(
        "Cannot send a client certificate here: it needs a direct connection whose name is the host",
        { failure: "unsupported" },
      );
    }
    return await connectWithCertificate(target, tls, tls.clientCertificate, signal);
  }
  if ("path" in target) {
    const plain = await connectUnix(target);
    return await closing(plain, signal, () => upgrade(plain, tls));
  }
  const plain = await connectTcp(proxy ?? target, signal, proxy);
  return await closing(plain, signal, async () => {
    if (proxy !== undefined) await askProxy(plain, proxy, target);
    return await upgrade(plain, tls);
  });
}

async function upgrade(plain: Connection, tls: DialOptions["tls"]): Promise<Connection> {
  return tls === undefined ? plain : await plain.startTls(tls);
}

async function connectTcp(
  { hostname, port }: Host,
  signal: AbortSignal,
  proxy: Proxy | undefined,
): Promise<Connection> {
  try {
    const socket = await Deno.connect({ hostname, port, signal });
    // Two small writes per reply cost 44 ms with Nagle's algorithm and delayed acknowledgements.
    socket.setNoDelay(true);
    return new DenoConnection(socket, "clear");
  } catch (error) {
    const name = targetName({ hostname, port });
    throw dialError(proxy === undefined ? `"${name}"` : `the proxy "${formatProxy(proxy)}"`, error);
  }
}

async function connectUnix({ path }: { readonly path: string }): Promise<Connection> {
  try {
    return new DenoConnection(await Deno.connect({ transport: "unix", path }), "clear");
  } catch (error) {
    throw dialError(`"unix:${path}"`, error);
  }
}

async function connectWithCertificate(
  target: Host,
  { hostname, caCerts = [] }: StartTlsOptions,
  { cert, key }: ClientCertificate,
  signal: AbortSignal,
): Promise<Connection> {
  let socket: Deno.TlsConn;
  try {
    const connecting = Deno.connectTls({ ...target, cert, key, caCerts: [...caCerts] });
    socket = await orAbort(connecting, signal);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // Before the handshake the platform speaks of our own certificates.
    if (!(error instanceof Deno.errors.InvalidData) && !/KeyMismatch|BadEncoding/.test(text)) {
      throw dialError(`"${targetName(target)}"`, error);
    }
    throw new TlsError(`Cannot use the client certificate: ${text}`, {
      failure: "bad-certificate",
      cause: error,
    });
  }
  const connection = new DenoConnection(socket, "verified");
  return await closing(connection, signal, async () => {
    try {
      await socket.handshake();
      return connection;
    } catch (error) {
      throw explainTls(error, hostname);
    }
  });
}

/** Waits for a socket whose making takes no signal: one that comes too late is closed. */
async function orAbort(
  connecting: Promise<Deno.TlsConn>,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([connecting, aborted.promise]);
  } catch (error) {
    if (signal.aborted) connecting.then((socket) => socket.close(), () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
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
    const result = await work();
    signal.throwIfAborted();
    return result;
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function dialError(whom: string, error: unknown): DialError {
  const reason = error instanceof Error ? error.message : String(error);
  // A missing permission is not mended by trying later; a name that does not resolve may be (F9).
  const temporary = !(error instanceof Deno.errors.NotCapable) &&
    !(error instanceof Deno.errors.PermissionDenied);
  return new DialError(`Cannot connect to ${whom}: ${reason}`, { cause: error, temporary });
}

function targetName(target: Target): string {
  return formatEndpoint(
    "path" in target ? { transport: "unix", ...target } : { transport: "tcp", ...target },
  );
}
