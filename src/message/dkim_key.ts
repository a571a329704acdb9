/**
 * Private keys that sign mail (RFC 6376 section 3.3, RFC 8463).
 *
 * @module
 */

import { Sha256 } from "./sha256.ts";

/** How a signature is made, as the tag `a=` says it. */
export type DkimAlgorithm = "rsa-sha256" | "ed25519-sha256";

/** RFC 8301 section 3.2: verifiers do not take less. */
const MIN_RSA_BITS = 1024;
const BLOCK = /^\s*-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----\s*$/;
// Version 0 or 1 and the algorithm, as DER: RSA (1.2.840.113549.1.1.1), Ed25519 (1.3.101.112).
const RSA = /^30(?:82....|81..|..)020100300d06092a864886f70d010101/;
const ED25519 = /^30..02010[01]300506032b6570/;
const RSA_HEAD = "020100300d06092a864886f70d0101010500";

const RSA_PARAMETERS = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const ED25519_PARAMETERS = { name: "Ed25519" } as const;

/** A private key. It shows itself as `***` everywhere, and nobody gets it out again. */
export class DkimKey {
  /** How it signs. */
  readonly algorithm: DkimAlgorithm;
  readonly #key: CryptoKey;

  private constructor(algorithm: DkimAlgorithm, key: CryptoKey) {
    this.algorithm = algorithm;
    this.#key = key;
  }

  /**
   * Reads a key.
   *
   * @param pem A private key in PEM without a password: PKCS#8, of RSA or Ed25519, or PKCS#1.
   * @returns The key.
   * @throws {SyntaxError | RangeError} If it is anything else, or an RSA key of less than 1,024 bits.
   *
   * @example Usage
   * ```ts
   * import { DkimKey } from "@mailwright/mailwright/message";
   * import { equal } from "node:assert/strict";
   *
   * const key = await DkimKey.fromPem(
   *   "-----BEGIN PRIVATE KEY-----\n" +
   *     "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" +
   *     "-----END PRIVATE KEY-----\n",
   * );
   * equal(key.algorithm, "ed25519-sha256");
   * equal(`${key}`, "***");
   * ```
   */
  static async fromPem(pem: string): Promise<DkimKey> {
    const der = pkcs8Of(pem);
    const hex = der.subarray(0, 40).toHex();
    const algorithm = RSA.test(hex)
      ? "rsa-sha256"
      : ED25519.test(hex)
      ? "ed25519-sha256"
      : undefined;
    if (algorithm === undefined) throw unfit("it is neither an RSA nor an Ed25519 key");
    const parameters = algorithm === "rsa-sha256" ? RSA_PARAMETERS : ED25519_PARAMETERS;
    let key: CryptoKey;
    try {
      key = await crypto.subtle.importKey("pkcs8", der, parameters, false, ["sign"]);
    } catch {
      // Without its cause: nothing of the key is to be seen anywhere.
      throw unfit("its octets are no private key");
    }
    const { modulusLength } = key.algorithm as Partial<RsaHashedKeyAlgorithm>; // of RSA alone
    if (modulusLength !== undefined && modulusLength < MIN_RSA_BITS) {
      throw new RangeError(
        `Cannot use a DKIM key of ${modulusLength} bits: ${MIN_RSA_BITS} are the least`,
      );
    }
    return new DkimKey(algorithm, key);
  }

  /**
   * Signs octets as the algorithm asks for it.
   *
   * @param bytes The octets.
   * @returns The signature.
   */
  async sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const { name } = this.#key.algorithm;
    // RFC 8463 section 3: Ed25519 signs the hash, RSA hashes itself.
    const signed = this.algorithm === "rsa-sha256" ? bytes : new Sha256().update(bytes).digest();
    return new Uint8Array(await crypto.subtle.sign(name, this.#key, signed));
  }

  /** Three asterisks. */
  toString(): string {
    return "***";
  }

  /** Three asterisks. */
  toJSON(): string {
    return "***";
  }

  static {
    const hook = { value: (): string => "***" };
    Object.defineProperty(this.prototype, Symbol.for("Deno.customInspect"), hook);
    Object.defineProperty(this.prototype, Symbol.for("nodejs.util.inspect.custom"), hook);
  }
}

/** The octets of a key in the form that Web Crypto takes. */
function pkcs8Of(pem: string): Uint8Array<ArrayBuffer> {
  if (pem.includes("ENCRYPTED")) {
    throw unfit("it has a password; `openssl pkey -in KEY -out PLAIN` takes it off");
  }
  const [, label = "", base64 = ""] = BLOCK.exec(pem) ?? [];
  if (label === "") throw unfit("it is not one block of PEM");
  if (label !== "PRIVATE KEY" && label !== "RSA PRIVATE KEY") {
    throw unfit(`"${label}" is not PKCS#8; \`openssl pkey -in KEY\` makes it so`);
  }
  let der: Uint8Array<ArrayBuffer>;
  try {
    der = Uint8Array.fromBase64(base64);
  } catch {
    throw unfit("it is not base64"); // without its cause, as above
  }
  return label === "PRIVATE KEY" ? der : wrapped(der);
}

/** PKCS#1 in PKCS#8 (RFC 5208 section 5): version, algorithm, the key as an octet string. */
function wrapped(pkcs1: Uint8Array): Uint8Array<ArrayBuffer> {
  const inner = RSA_HEAD + derOf("04", pkcs1.toHex());
  return Uint8Array.fromHex(derOf("30", inner));
}

/** A tag, a length and a value, in hexadecimal digits. */
function derOf(tag: string, value: string): string {
  const octets = value.length / 2;
  const length = octets.toString(16);
  const even = length.length % 2 === 0 ? length : `0${length}`;
  const prefix = octets < 0x80 ? "" : (0x80 + even.length / 2).toString(16);
  return tag + prefix + even + value;
}

function unfit(reason: string): SyntaxError {
  return new SyntaxError(`Cannot read a DKIM key: ${reason}`);
}
