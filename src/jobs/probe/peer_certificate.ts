/**
 * The probe's way to a server: connections whose TLS shows the other end's certificate, whatever it is
 * worth, and connections from a given address. Both need `node:`, so this file is loaded by `import()`.
 *
 * Deno's own TLS tells nothing about a certificate and refuses a bad one. Here the handshake always
 * goes through, and the judgement decides what the connection is: `verified`, or `unverified`, over
 * which neither credentials nor mail are sent.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import type { connect as Connect, DetailedPeerCertificate, TLSSocket } from "node:tls";
import {
  type ClientCertificate,
  type Clock,
  type Connection,
  DialError,
  type Endpoint,
  formatEndpoint,
  type Security,
  type StartTlsOptions,
  systemClock,
  TimeoutError,
  TlsError,
  type TlsFailure,
} from "../../wire/mod.ts";
import { isAddress, type Peer } from "./judgement.ts";
import type { TlsVersion } from "./result.ts";

/** How TLS is made, and who judges it. */
export interface LookOptions {
  /** The versions to offer. */
  readonly versions: readonly TlsVersion[];
  /** Shown if the server asks for one, after STARTTLS too. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Looks at the other end and says whether it is what it should be. */
  readonly judge: (peer: Peer, hostname: string) => Promise<boolean>;
}

/** From where to connect. */
export interface FromOptions {
  /** Which kind of address to use of a name. */
  readonly family?: 4 | 6 | undefined;
  /** Our own address. */
  readonly localAddress?: string | undefined;
  /** Our own port. */
  readonly localPort?: number | undefined;
  /** Ends the attempt. */
  readonly signal?: AbortSignal | undefined;
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** What the time limit goes by. @default {systemClock} */
  readonly clock?: Clock;
}

/**
 * Starts TLS on an open connection, which is used up, and lets the other end be judged. The new
 * connection is `verified` if the judgement says so, else `unverified`; a {@linkcode TlsError} is
 * thrown if there is no handshake.
 */
export type StartTlsLooking = (
  plain: Connection,
  options: StartTlsOptions,
  look: LookOptions,
) => Promise<Connection>;

/**
 * Loads TLS, and all that its first handshake would load, so that it does not count as the server's
 * time.
 *
 * @returns What starts TLS.
 */
export async function loadTls(): Promise<StartTlsLooking> {
  const [tls, stream] = await Promise.all([import("node:tls"), import("node:stream")]);
  await greetNobody(tls.connect, stream.Duplex);
  return (plain, options, look) =>
    startTls(tls.connect, toStream(stream.Duplex, plain), { plain, options, look });
}

/** A ClientHello that goes nowhere: the platform reads its roots for it, which takes its time. */
async function greetNobody(connect: typeof Connect, Stream: typeof Duplex): Promise<void> {
  const { promise: greeted, resolve } = Promise.withResolvers<void>();
  const nowhere = new Stream({ read() {}, write: () => resolve() });
  const socket = connect({ socket: nowhere, rejectUnauthorized: false });
  socket.on("error", () => resolve());
  await greeted;
  socket.destroy();
}

async function startTls(
  connect: typeof Connect,
  below: Duplex,
  { plain, options: { hostname, caCerts }, look }: {
    readonly plain: Connection;
    readonly options: StartTlsOptions;
    readonly look: LookOptions;
  },
): Promise<Connection> {
  const { cert, key } = look.clientCertificate ?? {};
  const socket = connect({
    socket: below,
    servername: isAddress(hostname) ? "" : hostname, // RFC 6066: no address in SNI
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined, // the judgement looks at the name, without common names
    minVersion: look.versions.includes("1.2") ? "TLSv1.2" : "TLSv1.3",
    maxVersion: look.versions.includes("1.3") ? "TLSv1.3" : "TLSv1.2",
    ...(caCerts === undefined || caCerts.length === 0 ? {} : { ca: [...caCerts] }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
  // It listens from the beginning: the server may end it while it is judged.
  const connection = new StreamConnection(socket, "unverified", plain);
  try {
    await established(socket, "secureConnect");
    if (await look.judge(peerOf(socket), hostname)) connection.security = "verified";
    return connection;
  } catch (error) {
    socket.destroy();
    plain.close();
    throw tlsError(error, hostname);
  }
}

/**
 * Connects from a given address, or to a given kind of address.
 *
 * @param target Where to.
 * @param options From where, and until when.
 * @returns The connection, in the clear.
 * @throws {DialError} If nothing answers.
 * @throws {TimeoutError} If it takes too long.
 */
export async function connectFrom(
  target: { readonly hostname: string; readonly port: number },
  options: FromOptions,
): Promise<Connection> {
  const { family, localAddress, localPort, signal, timeoutMs, clock = systemClock } = options;
  const name = formatEndpoint({ transport: "tcp", ...target });
  requireGrant(name);
  // What the platform throws here cannot be caught: it happens in a callback of its own.
  if (localAddress !== undefined) requireGrant(formatEndpoint(endpoint(localAddress, localPort)));
  signal?.throwIfAborted();
  const { connect } = await import("node:net");
  const socket = connect({
    host: target.hostname,
    port: target.port,
    noDelay: true,
    ...(family === undefined ? {} : { family }),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined ? {} : { localPort }),
  });
  const done = new AbortController();
  const timer = clock.sleep(timeoutMs, { signal: done.signal, background: true }).then(
    () => socket.destroy(new TimeoutError("connect", timeoutMs)),
    () => {}, // connected in time
  );
  const abort = (): void => void socket.destroy(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await established(socket, "connect");
    return new StreamConnection(socket, "clear", {
      local: endpoint(socket.localAddress, socket.localPort),
      remote: endpoint(socket.remoteAddress, socket.remotePort),
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof TimeoutError) throw error;
    const seen = error instanceof Error ? error.message : String(error);
    throw new DialError(`Cannot connect to "${name}": ${seen}`, { cause: error });
  } finally {
    signal?.removeEventListener("abort", abort);
    done.abort();
    await timer;
  }
}

/** A stream of `node:` behind the interface of a connection. */
class StreamConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  security: Security;
  readonly #stream: Duplex;
  #left: Uint8Array = new Uint8Array();
  #failure: unknown;
  #ended = false;
  #closed = false;
  #rouse = (): void => {};

  constructor(
    stream: Duplex,
    security: Security,
    ends: { readonly local: Endpoint; readonly remote: Endpoint },
  ) {
    this.local = ends.local;
    this.remote = ends.remote;
    this.security = security;
    this.#stream = stream;
    stream.on("readable", () => this.#rouse());
    stream.on("end", () => {
      this.#ended = true;
      this.#rouse();
    });
    stream.on("error", (error: unknown) => {
      this.#failure = error;
      this.#rouse();
    });
    stream.on("close", () => {
      this.#ended = true;
      this.#rouse();
    });
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (true) {
      if (this.#closed) throw new Deno.errors.Interrupted("operation canceled");
      if (this.#left.length === 0) this.#left = this.#stream.read() ?? this.#left;
      if (this.#left.length > 0) break;
      if (this.#failure !== undefined) throw readError(this.#failure, this.security);
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#rouse = resolve);
    }
    const part = this.#left.subarray(0, buffer.length);
    buffer.set(part);
    this.#left = this.#left.subarray(part.length);
    return part.length;
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(readError(this.#failure, this.security));
      this.#stream.write(bytes, (error) => error ? reject(error) : resolve());
    });
  }

  startTls(): Promise<Connection> {
    return Promise.reject(
      new TlsError("Cannot start TLS here: it is started by looking", { failure: "unsupported" }),
    );
  }

  close(): void {
    this.#closed = true;
    this.#stream.destroy();
    this.#rouse();
  }
}

/** A connection as a stream of `node:`, for TLS to run over. */
function toStream(Stream: typeof Duplex, connection: Connection): Duplex {
  const buffer = new Uint8Array(16 * 1024);
  return new Stream({
    read() {
      connection.read(buffer).then(
        (count) => this.push(count === null ? null : buffer.slice(0, count)),
        (error) => this.destroy(error),
      );
    },
    write(chunk: Uint8Array, _encoding, done) {
      connection.write(chunk).then(() => done(), done);
    },
    destroy(error, done) {
      connection.close();
      done(error);
    },
  });
}

/** Resolves at an event, rejects if the stream fails or closes before it. */
function established(stream: Duplex, event: "connect" | "secureConnect"): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The one for errors stays: an error without a listener would end the program.
  stream.on("error", reject).once("close", () => reject(new Deno.errors.ConnectionReset("closed")));
  stream.once(event, resolve);
  return promise;
}

function peerOf(socket: TLSSocket): Peer {
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // A root is its own issuer.
  while (certificate?.raw !== undefined && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push(new Uint8Array(certificate.raw));
    certificate = certificate.issuerCertificate;
  }
  return {
    version: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher().name,
    chain,
    // An Error by its type, the code alone in fact.
    ...(socket.authorized ? {} : { distrust: String(socket.authorizationError) }),
  };
}

/** The codes of OpenSSL, which the platform uses although it is another library. */
const FAILURES: readonly (readonly [sign: RegExp, failure: TlsFailure, words: string])[] = [
  [
    /WRONG_VERSION_NUMBER/,
    "not-tls",
    "the server is not speaking TLS here (implicit TLS is usual on 465 and 995, STARTTLS on 25 and " +
    "587, STLS on 110)",
  ],
  [
    /PROTOCOL_VERSION/,
    "no-common-version",
    "the server offers only TLS <=1.1, or not the version asked for",
  ],
  [/HANDSHAKE_FAILURE/, "no-common-version", "no common TLS version or cipher"],
  [/CERTIFICATE_REQUIRED/, "bad-certificate", "the server demands a client certificate"],
  [/^ECONNRESET$|^EPIPE$/, "closed", "the server closed the connection during the handshake"],
];

function tlsError(error: unknown, hostname: string): unknown {
  if (error instanceof TlsError) return error;
  const code = codeOf(error);
  const known = FAILURES.find(([sign]) => sign.test(code));
  const seen = error instanceof Error ? error.message : String(error);
  const [, failure, words] = known ??
    (error instanceof Deno.errors.ConnectionReset
      ? ["", "closed", "the server closed the connection during the handshake"] as const
      : ["", "handshake", seen] as const);
  return new TlsError(`Cannot start TLS with "${hostname}": ${words}`, { failure, cause: error });
}

/** TLS 1.3: a server that refuses our certificate says so after the handshake only. */
function readError(error: unknown, security: Security): unknown {
  return security !== "clear" && codeOf(error).includes("ALERT")
    ? tlsError(error, "the server")
    : error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The platform throws a missing grant where nobody can catch it. */
function requireGrant(host: string): void {
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  throw new DialError(`Cannot connect to "${host}": net access is not granted`, {
    cause: new Deno.errors.NotCapable(
      `Requires net access to "${host}", run again with the --allow-net flag`,
    ),
    temporary: false,
  });
}

function endpoint(hostname: string = "", port: number = 0): Endpoint {
  return { transport: "tcp", hostname, port };
}
