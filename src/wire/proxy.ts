/**
 * SOCKS5 (RFC 1928) and HTTP CONNECT (RFC 9110 section 9.3.6), both without a login.
 *
 * Nothing is read beyond the proxy's own words: the target's greeting may come in the same segment,
 * and TLS must find it in the socket. So the connection is itself again when the proxy is done.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { formatEndpoint } from "./connection.ts";
import { DialError } from "./errors.ts";
import { escapeControls } from "./escape.ts";
import { addressOctets, hostName } from "./host.ts";

/** A proxy, as its URL says. */
export interface Proxy {
  /** What it speaks. */
  readonly scheme: "socks5" | "http";
  /** Where it is. */
  readonly hostname: string;
  /** Its port. */
  readonly port: number;
}

/** A host that a proxy shall connect to. */
interface Host {
  readonly hostname: string;
  readonly port: number;
}

/** The most octets of an answer to CONNECT. */
const HEADER_LIMIT = 8192;

/**
 * Reads the URL of a proxy.
 *
 * @param url `socks5://host:port` or `http://host:port`.
 * @returns Its parts.
 * @throws {TypeError} If it is anything else. A login is refused, and not repeated in the message.
 */
export function parseProxy(url: string): Proxy {
  if (url.includes("@")) {
    throw new TypeError("Cannot use a proxy with a login: leave user and password out of its URL");
  }
  const [, scheme = "", host = "", port = ""] =
    /^([a-z0-9+.-]+):\/\/([^/?#:[\]]+|\[[^\]]*\]):([0-9]{1,5})\/?$/i.exec(url) ?? [];
  const known = scheme.toLowerCase();
  if (known !== "socks5" && known !== "http" || Number(port) < 1 || Number(port) > 65535) {
    throw new TypeError(
      `Cannot use the proxy "${escapeControls(url)}": ` +
        "expected socks5://host:port or http://host:port",
    );
  }
  return { scheme: known, hostname: hostName(host), port: Number(port) };
}

/**
 * Writes a proxy as its URL.
 *
 * @param proxy The proxy.
 * @returns Its URL.
 */
export function formatProxy({ scheme, ...host }: Proxy): string {
  return `${scheme}://${authority(host)}`;
}

/**
 * Asks a proxy to connect to a host. When it has, the connection leads to that host.
 *
 * @param connection An open connection to the proxy.
 * @param proxy What it is.
 * @param target Where it shall connect to. Names are resolved by the proxy.
 * @throws {DialError} If the proxy refuses, goes away or does not speak its protocol.
 */
export async function askProxy(connection: Connection, proxy: Proxy, target: Host): Promise<void> {
  const fail = (seen: string, options: ErrorOptions & { temporary?: boolean } = {}): DialError =>
    new DialError(
      `Cannot connect to "${authority(target)}" through the proxy "${formatProxy(proxy)}": ${seen}`,
      options,
    );
  const read = async (count: number): Promise<Uint8Array> => {
    const octets = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      const more = await connection.read(octets.subarray(filled));
      if (more === null) throw fail("it closed the connection");
      filled += more;
    }
    return octets;
  };
  const talk: Talk = { read, write: (octets) => connection.write(octets), fail };
  try {
    await (proxy.scheme === "socks5" ? socks5(talk, target) : httpConnect(talk, target));
  } catch (error) {
    if (error instanceof DialError) throw error;
    throw fail(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The failure is one that time does not mend. */
const never = { temporary: false };

/** What both protocols need. */
interface Talk {
  /** Reads exactly so many octets. */
  read(count: number): Promise<Uint8Array>;
  write(octets: Uint8Array): Promise<void>;
  fail(seen: string, options?: { temporary?: boolean }): DialError;
}

/** What a SOCKS5 proxy says when it does not connect (RFC 1928 section 6), and whether it may later. */
const REFUSALS: readonly (readonly [words: string, temporary: boolean])[] = [
  ["general failure", true],
  ["its rules do not allow the connection", false],
  ["it cannot reach the network", true],
  ["it cannot reach the host", true],
  ["the host refuses the connection", true],
  ["the way to the host is too long (TTL expired)", true],
  ["it does not know the command to connect", false],
  ["it does not know this kind of address", false],
];

async function socks5({ read, write, fail }: Talk, target: Host): Promise<void> {
  const address = socksAddress(target.hostname);
  const expectVersion = (version: number | undefined): void => {
    if (version !== 5) throw fail(`it is no SOCKS5 proxy, it begins with octet ${version}`, never);
  };

  await write(Uint8Array.of(5, 1, 0)); // one method: no login
  const [version, method] = await read(2);
  expectVersion(version);
  if (method !== 0) throw fail("it demands a login", never);

  await write(Uint8Array.of(5, 1, 0, ...address, target.port >> 8, target.port & 0xff));
  const [again, answer = 0] = await read(2);
  expectVersion(again);
  if (answer !== 0) {
    const [words, temporary] = REFUSALS[answer - 1] ?? ["unknown reason", true];
    throw fail(`${words} (SOCKS reply ${answer})`, { temporary });
  }
  // The rest of the reply is where the proxy connected from: of no use, but of a length to know.
  const [reserved, type = 0] = await read(2);
  const length = type === 3 ? (await read(1))[0] : ({ 1: 4, 4: 16 } as const)[type];
  if (reserved !== 0 || length === undefined) throw fail("its reply is malformed", never);
  await read(length + 2);
}

/** The kind of address, its length where it may vary, and the address (RFC 1928 section 5). */
function socksAddress(hostname: string): Uint8Array {
  const octets = addressOctets(hostname);
  if (octets !== undefined) return Uint8Array.of(octets.length === 4 ? 1 : 4, ...octets);
  return Uint8Array.of(3, hostname.length, ...new TextEncoder().encode(hostname));
}

async function httpConnect({ read, write, fail }: Talk, target: Host): Promise<void> {
  const host = authority(target);
  await write(new TextEncoder().encode(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  let left = HEADER_LIMIT;
  const line = async (): Promise<string> => {
    let text = "";
    while (!text.endsWith("\n")) {
      if (left-- === 0) throw fail(`its answer is longer than ${HEADER_LIMIT} octets`);
      text += String.fromCharCode(...await read(1)); // octet by octet: the next may be the target's
    }
    // Where a lone LF counted, the end of the answer would be a matter of opinion.
    if (!text.endsWith("\r\n")) throw fail("a line of its answer ends in a lone LF", never);
    return text.slice(0, -2);
  };

  const status = await line();
  const code = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: |$)/.exec(status)?.[1];
  const shown = `"${escapeControls(status).slice(0, 80)}"`;
  if (code === undefined) throw fail(`it is no HTTP proxy, it says ${shown}`, never);
  if (!code.startsWith("2")) throw fail(`it answers ${shown}`, { temporary: code >= "500" });
  while (await line() !== "");
}

function authority(host: Host): string {
  return formatEndpoint({ transport: "tcp", ...host });
}
