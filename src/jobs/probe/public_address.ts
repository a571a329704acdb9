/**
 * Whether an address can be reached from everywhere.
 *
 * @module
 */

/** Private, shared, loopback and link-local ones (RFC 6890). */
const NOT_PUBLIC: readonly RegExp[] = [
  /^(?:0|10|127)\./,
  /^172\.(?:1[6-9]|2\d|3[01])\./,
  /^192\.168\./,
  /^169\.254\./,
  /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^::1?$/,
  /^f[cd][0-9a-f]{2}:/i,
  /^fe[89ab][0-9a-f]:/i,
];

/**
 * Says whether an address is one of the public network.
 *
 * @param address An IPv4 or IPv6 address.
 * @returns Whether it is.
 */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  return !NOT_PUBLIC.some((pattern) => pattern.test(plain));
}
