/**
 * Host names and addresses in the one form that resolvers, proxies and certificates know.
 *
 * @module
 */

import { escapeControls } from "./escape.ts";

const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?$/;
// What may stand between the letters of a name; the URL parser would cut, decode or drop the rest.
const NOT_IN_A_NAME = /[^A-Za-z0-9._\-\u{80}-\u{10ffff}]/u;

/**
 * Brings a host to the form in which it is looked up: A-labels, addresses without brackets.
 *
 * @param host What the user configured.
 * @returns A name in ASCII, an IPv4 address or an IPv6 address.
 * @throws {TypeError} If it is no host.
 */
export function hostName(host: string): string {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (bare.includes(":") ? addressOctets(bare) !== undefined : bare === host) {
    const name = toAscii(bare);
    if (name !== undefined) return name;
  }
  throw new TypeError(
    `Cannot use "${escapeControls(host).slice(0, 80)}" as a host: it is no name and no address`,
  );
}

/**
 * Brings a host to the form in which certificates name it: as {@linkcode hostName}, without a final
 * dot (T-S16).
 *
 * @param host What the user configured.
 * @returns The name or address.
 * @throws {TypeError} If it is no host.
 */
export function certificateName(host: string): string {
  return hostName(host).replace(/\.$/, "");
}

/**
 * The octets of an address: four or sixteen.
 *
 * @param host A host, without brackets.
 * @returns The octets, or `undefined` for a name.
 */
export function addressOctets(host: string): Uint8Array | undefined {
  if (isIpv4(host)) return Uint8Array.from(host.split("."), Number);
  if (!/^[0-9A-Fa-f:.]+$/.test(host) || !host.includes(":")) return undefined;
  const url = URL.parse(`http://[${host}]`);
  if (url === null) return undefined;
  // The parser gives groups of hexadecimal digits, one run of zeros as "::".
  const [before = "", after] = url.hostname.slice(1, -1).split("::");
  const groups = (part: string): string[] => part === "" ? [] : part.split(":");
  const head = groups(before);
  const tail = after === undefined ? [] : groups(after);
  const all = [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail];
  return Uint8Array.from(all.flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  }));
}

function toAscii(name: string): string | undefined {
  if (name.includes(":")) return name;
  if (NOT_IN_A_NAME.test(name)) return undefined;
  // deno-lint-ignore no-control-regex -- telling ASCII from the rest is what it is for
  const ascii = /^[\x00-\x7f]*$/.test(name) ? name : URL.parse(`http://${name}`)?.hostname ?? "";
  // A name of other characters must not turn out to be an address: full-width digits would.
  if (ascii !== name && isIpv4(ascii)) return undefined;
  return NAME.test(ascii) && ascii.length <= 254 ? ascii : undefined;
}

function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 &&
    parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}
