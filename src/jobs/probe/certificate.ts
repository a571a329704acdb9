/**
 * A certificate as data (RFC 5280), read from its octets: names that could deceive a parser of printed
 * text do not deceive this one.
 *
 * @module
 */

import { DER, type DerItem, readInside, readItems, readOid } from "./der.ts";
import type { CertificateFacts } from "./result.ts";

/** All that is read from a certificate. */
export interface Certificate extends CertificateFacts {
  /** The names that it is for, as they stand in it. */
  readonly dnsNames: readonly string[];
  /** The addresses that it is for. */
  readonly ipAddresses: readonly string[];
  /** Whether it names itself as its issuer. */
  readonly selfIssued: boolean;
  /** Whether it says where its issuer's certificate can be had, as those of public authorities do. */
  readonly namesIssuer: boolean;
  /** Whether its key is too weak. */
  readonly weakKey: boolean;
}

const SUBJECT_ALT_NAME = "2.5.29.17";
const AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
const CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
const EXTENSIONS = 0xa3;
const RSA = "1.2.840.113549.1.1.1";
const EC = "1.2.840.10045.2.1";

const ATTRIBUTES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
};

/** Curves and other keys of a fixed size, and whether they are too weak. */
const KEYS: Readonly<Record<string, readonly [name: string, weak: boolean]>> = {
  "1.2.840.10045.3.1.1": ["EC P-192", true],
  "1.3.132.0.33": ["EC P-224", true],
  "1.2.840.10045.3.1.7": ["EC P-256", false],
  "1.3.132.0.34": ["EC P-384", false],
  "1.3.132.0.35": ["EC P-521", false],
  "1.3.101.112": ["Ed25519", false],
  "1.3.101.113": ["Ed448", false],
  "1.2.840.10040.4.1": ["DSA", true],
};

const SIGNATURES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "RSA with MD5",
  "1.2.840.113549.1.1.5": "RSA with SHA-1",
  "1.2.840.113549.1.1.10": "RSA-PSS",
  "1.2.840.113549.1.1.11": "RSA with SHA-256",
  "1.2.840.113549.1.1.12": "RSA with SHA-384",
  "1.2.840.113549.1.1.13": "RSA with SHA-512",
  "1.2.840.10045.4.1": "ECDSA with SHA-1",
  "1.2.840.10045.4.3.2": "ECDSA with SHA-256",
  "1.2.840.10045.4.3.3": "ECDSA with SHA-384",
  "1.2.840.10045.4.3.4": "ECDSA with SHA-512",
  "1.3.101.112": "Ed25519",
};

/** The least size of an RSA key (RFC 9325 section 4.5). */
const RSA_BITS = 2048;

/**
 * Reads a certificate.
 *
 * @param der Its octets.
 * @returns What it says.
 * @throws {SyntaxError} If it is none.
 */
export async function readCertificate(der: Uint8Array): Promise<Certificate> {
  const [tbs, algorithm] = readInside(readItems(der)[0]);
  const fields = readInside(tbs);
  // An explicit version stands first, except in certificates of version 1.
  if (fields[0]?.tag === 0xa0) fields.shift();
  const [, , issuer, validity, subject, key, ...rest] = fields;
  const [from, until] = readInside(validity);
  const signature = SIGNATURES[readOid(readInside(algorithm)[0])];
  const digest = await crypto.subtle.digest("SHA-256", der.slice());
  return {
    subject: nameText(subject),
    issuer: nameText(issuer),
    notBefore: timeText(from),
    notAfter: timeText(until),
    ...keyFacts(key),
    ...(signature === undefined ? {} : { signature }),
    sha256: new Uint8Array(digest).toHex(),
    selfIssued: sameOctets(issuer, subject),
    ...extensionFacts(rest.find(({ tag }) => tag === EXTENSIONS)),
  };
}

/**
 * Writes a certificate as PEM.
 *
 * @param der Its octets.
 * @returns The text, which ends in a line feed.
 */
export function toPem(der: Uint8Array): string {
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** `CN=localhost, O=Example`: the most telling part first. */
function nameText(name: DerItem | undefined): string {
  const parts = readInside(name).flatMap((set) => readItems(set.content)).map((attribute) => {
    const [type, value] = readInside(attribute);
    const oid = readOid(type);
    return `${ATTRIBUTES[oid] ?? oid}=${value === undefined ? "" : stringText(value)}`;
  });
  const common = parts.findIndex((part) => part.startsWith("CN="));
  if (common > 0) parts.unshift(...parts.splice(common, 1));
  return parts.join(", ");
}

function stringText({ tag, content }: DerItem): string {
  return new TextDecoder(tag === DER.BMP_STRING ? "utf-16be" : "utf-8").decode(content);
}

/** UTCTime has two digits for the year: 50 to 99 are of the last century (RFC 5280 4.1.2.5.1). */
function timeText(item: DerItem | undefined): string {
  const text = item === undefined ? "" : stringText(item);
  const short = item?.tag === DER.UTC_TIME;
  const digits = short ? `${text < "50" ? "20" : "19"}${text}` : text;
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  if (Number.isNaN(Date.parse(iso))) {
    throw new SyntaxError("Cannot read the certificate: a date is malformed");
  }
  return iso;
}

function keyFacts(item: DerItem | undefined): { readonly key: string; readonly weakKey: boolean } {
  const [algorithm, bits] = readInside(item);
  const [type, parameter] = readInside(algorithm);
  const oid = readOid(type);
  if (oid === RSA) {
    // The first octet of a bit string counts unused bits.
    const [modulus] = readInside(readItems(bits?.content.subarray(1) ?? new Uint8Array())[0]);
    const octets = modulus?.content ?? new Uint8Array();
    const first = octets.findIndex((octet) => octet !== 0);
    const size = first < 0 ? 0 : (octets.length - first) * 8 - Math.clz32(octets[first] ?? 0) + 24;
    return { key: `RSA ${size}`, weakKey: size < RSA_BITS };
  }
  const named = oid === EC ? readOid(parameter) : oid;
  const [key, weakKey] = KEYS[named] ?? [named, false];
  return { key, weakKey };
}

function extensionFacts(
  item: DerItem | undefined,
): Pick<Certificate, "dnsNames" | "ipAddresses" | "namesIssuer"> {
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  let namesIssuer = false;
  const extensions = item === undefined ? [] : readInside(readItems(item.content)[0]);
  for (const extension of extensions) {
    const parts = readInside(extension);
    const value = parts.find(({ tag }) => tag === DER.OCTET_STRING)?.content ?? new Uint8Array();
    const oid = readOid(parts[0]);
    if (oid === SUBJECT_ALT_NAME) {
      for (const { tag, content } of readInside(readItems(value)[0])) {
        if (tag === 0x82) dnsNames.push(String.fromCharCode(...content));
        if (tag === 0x87) ipAddresses.push(ipText(content));
      }
    }
    if (oid === AUTHORITY_INFO_ACCESS) {
      namesIssuer ||= readInside(readItems(value)[0]).some((access) =>
        readOid(readInside(access)[0]) === CA_ISSUERS
      );
    }
  }
  return { dnsNames, ipAddresses, namesIssuer };
}

function ipText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const groups: string[] = [];
  for (let i = 0; i < octets.length; i += 2) {
    groups.push((((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0)).toString(16));
  }
  const url = URL.parse(`http://[${groups.join(":")}]`);
  return url === null ? octets.toHex() : url.hostname.slice(1, -1);
}

function sameOctets(a: DerItem | undefined, b: DerItem | undefined): boolean {
  return a !== undefined && b !== undefined && a.content.length === b.content.length &&
    a.content.every((octet, index) => octet === b.content[index]);
}
