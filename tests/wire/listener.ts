/**
 * Listeners on loopback that do what a test says.
 *
 * @module
 */

const CERTIFICATES = "tests/fixtures/certificates";

/** Reads a certificate of the fixtures. */
export function certificate(name: string): string {
  return Deno.readTextFileSync(`${CERTIFICATES}/${name}.pem`);
}

/** A listener that is open until it is disposed of. */
export interface Listener extends AsyncDisposable {
  /** The port, on 127.0.0.1. */
  readonly port: number;
}

/** How a listener listens. */
export interface ListenOptions {
  /** The certificate of the fixtures to speak TLS with, from the first octet. */
  readonly tls?: string;
  /** A Unix socket, in place of a port. */
  readonly path?: string;
}

/**
 * Listens on a free port of 127.0.0.1.
 *
 * @param serve Serves one connection, which is closed afterwards. What it throws, unless it is the
 * peer's way to end, fails the test.
 * @param options TLS, or a Unix socket.
 * @returns The listener.
 */
export function listen(
  serve: (socket: Deno.Conn) => Promise<void>,
  { tls, path }: ListenOptions = {},
): Listener {
  const listener = open(tls, path);
  const sockets = new Set<Deno.Conn>();
  const services: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const socket of listener) {
      sockets.add(socket);
      services.push(serve(socket).catch(ignorePeer).finally(() => close(socket)));
    }
  })();
  const stop = async (): Promise<void> => {
    listener.close();
    await accepting;
    for (const socket of sockets) close(socket);
    await Promise.all(services);
  };
  let stopped: Promise<void> | undefined;
  return {
    port: listener.addr.transport === "tcp" ? listener.addr.port : 0,
    [Symbol.asyncDispose]: () => stopped ??= stop(),
  };
}

function open(
  tls: string | undefined,
  path: string | undefined,
): Deno.Listener<Deno.Conn, Deno.Addr> {
  if (path !== undefined) return Deno.listen({ transport: "unix", path });
  const address = { hostname: "127.0.0.1", port: 0 };
  if (tls === undefined) return Deno.listen(address);
  return Deno.listenTls({ ...address, cert: certificate(tls), key: certificate(`${tls}.key`) });
}

function close(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch {
    // Closed by the service.
  }
}

function ignorePeer(error: unknown): void {
  const ends = [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.Interrupted,
    Deno.errors.InvalidData,
    Deno.errors.UnexpectedEof,
  ];
  if (!ends.some((end) => error instanceof end)) throw error;
}

/** Reads until so many octets are there, or the end. */
export async function readOctets(socket: Deno.Conn, count: number): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(1);
  while (text.length < count && await socket.read(buffer) !== null) {
    text += String.fromCharCode(...buffer);
  }
  return text;
}

/** Reads to the end. */
export function readAll(socket: Deno.Conn): Promise<string> {
  return readOctets(socket, Infinity);
}

/** Writes all of a text, one octet per character. */
export async function say(socket: Deno.Conn, text: string): Promise<void> {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (let written = 0; written < bytes.length;) {
    written += await socket.write(bytes.subarray(written));
  }
}
