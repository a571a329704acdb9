/**
 * A verifier of DKIM signatures for tests. It shares nothing with the signer: it works on the text of
 * the whole message with patterns, as RFC 6376 section 6 tells it, and hashes with Web Crypto.
 *
 * @module
 */

/** Public keys as Web Crypto gives them (`spki`), by "selector.domain". */
export type PublicKeys = ReadonlyMap<string, CryptoKey>;

/** What is said by a signature that holds. */
export interface Verified {
  readonly algorithm: string;
  readonly domain: string;
  readonly selector: string;
  /** Names of the fields that are signed. */
  readonly names: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
}

/** Every signature of a message, verified; throws at the first that does not hold. */
export async function verifyDkim(message: Uint8Array, keys: PublicKeys): Promise<Verified[]> {
  // One character for each octet.
  const text = Array.from(message, (octet) => String.fromCharCode(octet)).join("");
  const [, head = "", body = ""] = /^([^]*?\r\n)\r\n([^]*)$/.exec(text) ?? [];
  const fields = head.match(/[^\r\n][^]*?\r\n(?![ \t])/g) ?? [];
  const signatures = fields.filter((field) => /^dkim-signature:/i.test(field));
  return await Promise.all(signatures.map(async (signature) => {
    const tags = new Map(
      signature.slice(signature.indexOf(":") + 1).split(";").map((tag) => {
        const [name = "", ...value] = tag.split("=");
        return [name.trim(), value.join("=").replace(/\s+/g, "")];
      }),
    );
    const tag = (name: string): string => tags.get(name) ?? "";
    const [headerForm = "", bodyForm = ""] = tag("c").split("/");
    const hash = await crypto.subtle.digest("SHA-256", octets(canonicalBody(body, bodyForm)));
    if (new Uint8Array(hash).toBase64() !== tag("bh")) throw new Error("bh= does not hold");
    const left = [...fields];
    let covered = "";
    for (const name of tag("h").toLowerCase().split(":")) {
      const at = left.findLastIndex((field) => fieldName(field) === name);
      if (at >= 0) covered += canonicalHeader(left.splice(at, 1).join(""), headerForm);
    }
    const bare = signature.replace(/([;:]\s*b=)[^;]*$/, "$1");
    covered += canonicalHeader(bare, headerForm).replace(/\r\n$/, "");
    const key = keys.get(`${tag("s")}.${tag("d")}`);
    if (key === undefined) throw new Error("no key");
    const data = tag("a") === "rsa-sha256"
      ? octets(covered)
      : new Uint8Array(await crypto.subtle.digest("SHA-256", octets(covered)));
    const value = Uint8Array.fromBase64(tag("b"));
    if (!await crypto.subtle.verify(key.algorithm.name, key, value, data)) {
      throw new Error(`b= does not hold: ${JSON.stringify(covered)}`);
    }
    return {
      algorithm: tag("a"),
      domain: tag("d"),
      selector: tag("s"),
      names: tag("h").split(":"),
      tags,
    };
  }));
}

function fieldName(field: string): string {
  return field.split(":", 1).join("").trim().toLowerCase();
}

function canonicalHeader(field: string, form: string): string {
  if (form === "simple") return field;
  const value = field.slice(field.indexOf(":") + 1).replace(/\r\n(?=[ \t])/g, "")
    .replace(/[ \t]+/g, " ").replace(/ ?\r\n$/, "").replace(/^ /, "");
  return `${fieldName(field)}:${value}\r\n`;
}

/** The canonical form of a body, one character for each octet. */
export function canonicalBody(body: string, form: string): string {
  const lines = form === "simple"
    ? body
    : body.replace(/[ \t]+/g, " ").replace(/ (?=\r\n)/g, "").replace(/ $/, "");
  const kept = lines.replace(/(?:\r\n)+$/, "");
  return kept === "" && form === "relaxed" ? "" : `${kept}\r\n`;
}

function octets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
