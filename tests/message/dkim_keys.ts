/**
 * Key pairs for tests, made anew.
 *
 * @module
 */

import type { DkimAlgorithm } from "@mailwright/mailwright/message";

/** A key pair: the private half as a file holds it. */
export interface KeyPair {
  readonly pem: string;
  readonly publicKey: CryptoKey;
  /** The public half as the name service holds it. */
  readonly record: string;
}

const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
} as const;

/** Makes a key pair. */
export async function keyPair(algorithm: DkimAlgorithm, bits: number = 1024): Promise<KeyPair> {
  const rsa = algorithm === "rsa-sha256";
  const pair =
    await (rsa
      ? crypto.subtle.generateKey({ ...RSA, modulusLength: bits }, true, ["sign", "verify"])
      : crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair; // no secret key
  const { privateKey, publicKey } = pair;
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", privateKey);
  const shown = await crypto.subtle.exportKey(rsa ? "spki" : "raw", publicKey);
  return {
    pem: pemOf("PRIVATE KEY", new Uint8Array(pkcs8)),
    publicKey,
    record: `v=DKIM1; k=${rsa ? "rsa" : "ed25519"}; p=${new Uint8Array(shown).toBase64()}`,
  };
}

/** Writes octets as a file does. */
export function pemOf(label: string, der: Uint8Array): string {
  const lines = der.toBase64().replace(/.{64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
