/**
 * MD5, the one door to it: Web Crypto has none. CRAM-MD5 (RFC 2195) and APOP (RFC 1939) need it; for
 * everything else it is broken.
 *
 * @module
 */

// Not a plain specifier: `deno check` of a project with a package.json would ask for Node's types.
const NODE_CRYPTO = "node:crypto";

interface Digester {
  update(bytes: Uint8Array): Digester;
  digest(): Uint8Array;
}

interface NodeCrypto {
  createHash(algorithm: "md5"): Digester;
  createHmac(algorithm: "md5", key: Uint8Array): Digester;
}

/**
 * The MD5 digest of octets.
 *
 * @param bytes What to digest.
 * @returns 16 octets.
 *
 * @example Usage
 * ```ts
 * import { md5 } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const digest = await md5(new TextEncoder().encode("abc"));
 * equal(digest.toHex(), "900150983cd24fb0d6963f7d28e17f72");
 * ```
 */
export async function md5(bytes: Uint8Array): Promise<Uint8Array> {
  // On first use: a static import of node:crypto doubles the time an empty script takes to start.
  const { createHash }: NodeCrypto = await import(NODE_CRYPTO);
  return new Uint8Array(createHash("md5").update(bytes).digest());
}

/**
 * The keyed MD5 digest of octets (RFC 2104).
 *
 * @param key The shared secret.
 * @param bytes What to digest.
 * @returns 16 octets.
 *
 * @example Usage
 * ```ts
 * import { hmacMd5 } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const text = (value: string) => new TextEncoder().encode(value);
 * const digest = await hmacMd5(text("Jefe"), text("what do ya want for nothing?"));
 * equal(digest.toHex(), "750c783e6ab0b503eaa86e310a5db738");
 * ```
 */
export async function hmacMd5(key: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const { createHmac }: NodeCrypto = await import(NODE_CRYPTO);
  return new Uint8Array(createHmac("md5", key).update(bytes).digest());
}
