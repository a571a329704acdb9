/**
 * The arithmetic of SCRAM (RFC 5802 section 3), through Web Crypto.
 *
 * @module
 */

import { utf8, xor } from "./octets.ts";

/** A hash function that SCRAM is registered with. */
export type ScramHash = "SHA-1" | "SHA-256" | "SHA-512";

const BITS: Readonly<Record<ScramHash, number>> = { "SHA-1": 160, "SHA-256": 256, "SHA-512": 512 };

/** SaltedPassword, as a key that cannot be read back. This is the work that iterations count. */
export async function saltedPassword(
  hash: ScramHash,
  password: string,
  salting: { readonly salt: Uint8Array<ArrayBuffer>; readonly iterations: number },
): Promise<CryptoKey> {
  const key = await crypto.subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveKey"]);
  const hmac = { name: "HMAC", hash, length: BITS[hash] };
  return await crypto.subtle.deriveKey({ name: "PBKDF2", hash, ...salting }, key, hmac, false, [
    "sign",
  ]);
}

/** ClientProof and ServerSignature: what each end shows the other. */
export interface ScramProofs {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** Both proofs over everything that was said. */
export async function scramProofs(
  hash: ScramHash,
  salted: CryptoKey,
  said: string,
): Promise<ScramProofs> {
  const keyed = async (key: Uint8Array<ArrayBuffer>, text: string) =>
    await hmac(
      await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]),
      text,
    );
  const clientKey = await hmac(salted, "Client Key");
  const storedKey = new Uint8Array(await crypto.subtle.digest(hash, clientKey));
  const serverKey = await hmac(salted, "Server Key");
  return {
    client: xor(clientKey, await keyed(storedKey, said)),
    server: await keyed(serverKey, said),
  };
}

async function hmac(key: CryptoKey, text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(text)));
}
