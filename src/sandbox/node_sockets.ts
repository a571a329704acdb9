/**
 * What the listener uses of `node:net` and `node:tls`, the one door to them: the platform has no TLS
 * that begins on an open connection from the server's side.
 *
 * @module
 */

// Not plain specifiers: `deno check` of a project with a package.json would ask for Node's types.
const NODE_NET = "node:net";
const NODE_TLS = "node:tls";

/** A socket, plain or inside TLS. */
export interface NodeSocket {
  /** Our address. */
  readonly localAddress?: string;
  /** Our port. */
  readonly localPort?: number;
  /** The client's address. */
  readonly remoteAddress?: string;
  /** The client's port. */
  readonly remotePort?: number;
  /** Hears what happens. */
  on(event: "readable" | "end", heard: () => void): unknown;
  /** Hears what goes wrong. */
  on(event: "error", heard: (error: Error) => void): unknown;
  /** Hears what happens, once. */
  once(event: "close" | "secure", heard: () => void): unknown;
  /** Stops hearing. */
  removeAllListeners(event: "readable"): unknown;
  /** What has arrived. */
  read(): Uint8Array | null;
  /** Writes; what it gives does not matter here. */
  write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown;
  /** Closes after what is already written. */
  destroySoon(): void;
  /** Breaks the connection. */
  resetAndDestroy(): unknown;
}

/** A server of sockets. */
export interface NodeServer {
  on(event: "connection", heard: (socket: NodeSocket) => void): unknown;
  once(event: "error", heard: (error: Error) => void): unknown;
  once(event: "close", heard: () => void): unknown;
  off(event: "error", heard: (error: Error) => void): unknown;
  listen(port: number, hostname: string, done: () => void): unknown;
  address(): { readonly port: number } | string | null;
  close(): unknown;
}

interface NodeNet {
  createServer(options: { pauseOnConnect: boolean; noDelay: boolean }): NodeServer;
}

interface NodeTls {
  TLSSocket: new (
    socket: NodeSocket,
    options: { readonly isServer: true; readonly cert: string; readonly key: string },
  ) => NodeSocket;
}

/** Makes a server whose connections wait to be read, and whose writes leave at once. */
export async function createNodeServer(): Promise<NodeServer> {
  const { createServer }: NodeNet = await import(NODE_NET);
  return createServer({ pauseOnConnect: true, noDelay: true });
}

/**
 * Puts TLS over a socket, as its server.
 *
 * @param socket The socket.
 * @param identity Certificate and key, PEM.
 * @returns The socket inside TLS; `secure` tells that it is.
 */
export async function secureNodeSocket(
  socket: NodeSocket,
  { cert, key }: { readonly cert: string; readonly key: string },
): Promise<NodeSocket> {
  const { TLSSocket }: NodeTls = await import(NODE_TLS);
  return new TLSSocket(socket, { isServer: true, cert, key });
}
