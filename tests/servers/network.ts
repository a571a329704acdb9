/**
 * Addresses on this machine: free ports for a server, waiting until it listens, a Unix socket.
 *
 * @module
 */
import { poll } from "./poll.ts";

/** The only address that any server here uses. */
export const HOST = "127.0.0.1";

/**
 * The one Unix socket that a test may connect to itself: Deno grants such a path by its full name
 * only, so the task `test:servers` names it.
 */
export const LMTP_SOCKET: string = new URL("../.tmp/servers/lmtp.sock", import.meta.url).pathname;

/** The bytes that the path of a Unix socket may have. */
export const LONGEST_SOCKET = 107;

/**
 * Free ports are looked for below those that the system gives to outgoing connections: none of these
 * can take one before its server does.
 */
const LOWEST = 10_000;
const HIGHEST = 32_767;

/** Gives a free port for each name, all distinct: each is held until the last is found. */
export function freePorts<Name extends string>(
  ...names: readonly Name[]
): Readonly<Record<Name, number>> {
  const held = names.map((name) => ({ name, listener: listenAnywhere() }));
  for (const { listener } of held) listener.close();
  const ports = held.map(({ name, listener }) => [name, listener.addr.port]);
  // fromEntries() forgets the names.
  return Object.fromEntries(ports) as Record<Name, number>;
}

function listenAnywhere(): Deno.TcpListener {
  while (true) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    try {
      return Deno.listen({ hostname: HOST, port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Waits until every port accepts connections; `alive` may throw to end the wait. */
export async function listening(
  ports: readonly number[],
  alive: () => void | Promise<void> = () => {},
): Promise<void> {
  for (const port of ports) {
    await poll(`port ${port}`, async () => {
      await alive();
      try {
        (await Deno.connect({ hostname: HOST, port })).close();
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.ConnectionRefused) return undefined;
        throw error;
      }
    });
  }
}
