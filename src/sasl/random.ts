/**
 * What is used once.
 *
 * @module
 */

/** 18 random octets as 24 base64 digits: no comma for SCRAM, no blank or angle bracket for CRAM-MD5. */
export function randomNonce(): string {
  return crypto.getRandomValues(new Uint8Array(18)).toBase64();
}

/** 16 random octets. */
export function randomSalt(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(16));
}
