/**
 * Address literals: an IP address in the place of a domain (RFC 5321 section 4.1.3).
 *
 * @module
 */

import { AddressError } from "./errors.ts";

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * Writes an IP address as an address literal.
 *
 * @param ip An IPv4 or IPv6 address, without a zone.
 * @returns `[192.0.2.1]` or `[IPv6:2001:db8::1]`; an IPv4 address mapped into IPv6 is written as IPv4.
 * @throws {AddressError} If it is no IP address.
 *
 * @example Usage
 * ```ts
 * import { addressLiteral } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(addressLiteral("2001:DB8:0:0::1"), "[IPv6:2001:db8::1]");
 * ```
 */
export function addressLiteral(ip: string): string {
  if (IPV4.test(ip)) return `[${ip}]`;
  const v6 = ipv6(ip);
  if (v6 === undefined) {
    throw new AddressError(ip, "it is neither IPv4 nor IPv6", { what: "IP address" });
  }
  const mapped = MAPPED.exec(v6);
  if (mapped === null) return `[IPv6:${v6}]`;
  const octets = mapped.slice(1).flatMap((group) => {
    const bits = parseInt(group, 16);
    return [bits >> 8, bits & 0xff];
  });
  return `[${octets.join(".")}]`;
}

/** The one spelling of a literal, brackets included; `undefined` if it is none. */
export function normalizeLiteral(literal: string): string | undefined {
  if (!literal.startsWith("[") || !literal.endsWith("]")) return undefined;
  const inner = literal.slice(1, -1);
  if (IPV4.test(inner)) return literal;
  const v6 = /^ipv6:/i.test(inner) ? ipv6(inner.slice(5)) : undefined;
  return v6 === undefined ? undefined : `[IPv6:${v6}]`;
}

/** The shortest spelling of an IPv6 address (RFC 5952). */
function ipv6(text: string): string | undefined {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text)) return undefined;
  try {
    return new URL(`http://[${text}]`).hostname.slice(1, -1);
  } catch {
    return undefined; // The only thing the parser throws for.
  }
}
