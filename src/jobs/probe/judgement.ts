/**
 * What a certificate chain is worth to us: who signed it, for whom, until when.
 *
 * @module
 */

import { type Certificate, readCertificate } from "./certificate.ts";
import type { CertificateFacts, TlsFacts, TlsVersion } from "./result.ts";

/** What TLS itself says about the other end. */
export interface Peer {
  /** The version that both sides chose, as the platform names it. */
  readonly version: string;
  /** The cipher that both sides chose. */
  readonly cipher: string;
  /** The server's certificate and its issuers. */
  readonly chain: readonly Uint8Array[];
  /** Why the platform does not trust the chain; it does not look at the name. */
  readonly distrust?: string;
}

/** What a chain is judged by. */
export interface Standard {
  /** How TLS began. */
  readonly mode: TlsFacts["mode"];
  /** The name that the user configured. */
  readonly hostname: string;
  /** Whether the user trusts roots of his own: a public sender does not know them. */
  readonly ownRoots: boolean;
  /** The versions that we offered. */
  readonly offered: readonly TlsVersion[];
  /** The time, in milliseconds since 1970. */
  readonly now: number;
}

/** The facts for everybody, and what the checks need besides. */
export interface Judgement {
  /** What goes into the result. */
  readonly facts: TlsFacts;
  /** The certificates themselves. */
  readonly chain: readonly Certificate[];
}

const DAY_MS = 86_400_000;

/**
 * Judges the other end of a TLS connection.
 *
 * @param peer What TLS says.
 * @param standard What to expect.
 * @returns The facts, `authorized` among them.
 * @throws {SyntaxError} If a certificate cannot be read.
 */
export async function judgePeer(peer: Peer, standard: Standard): Promise<Judgement> {
  const chain = await Promise.all(peer.chain.map(readCertificate));
  const [leaf] = chain;
  if (leaf === undefined) throw new SyntaxError("Cannot read the certificate: there is none");
  const { hostname, now, mode } = standard;
  const early = chain.some(({ notBefore }) => Date.parse(notBefore) > now);
  const over = chain.some(({ notAfter }) => Date.parse(notAfter) < now);
  const trust = judgeTrust(peer.distrust, chain, early || over);
  const nameMatches = isNamed(leaf, hostname);
  const reason = trust === "untrusted" || trust === "incomplete"
    ? `nobody we trust has signed it: ${chain.at(-1)?.issuer}`
    : trust === "self-signed"
    ? "it is signed by nobody but itself"
    : early
    ? "it is not valid yet"
    : over
    ? "it has expired"
    : trust === "unknown"
    ? `the platform does not accept it: ${peer.distrust}`
    : nameMatches
    ? undefined
    : `it is not for ${hostname}`;
  const ends = Math.min(...chain.map(({ notAfter }) => Date.parse(notAfter)));
  const authorized = reason === undefined;
  const facts: TlsFacts = {
    mode,
    version: peer.version,
    cipher: peer.cipher,
    authorized,
    ...(authorized ? {} : { reason }),
    trust,
    expectedName: hostname,
    nameMatches,
    names: [...leaf.dnsNames, ...leaf.ipAddresses],
    chain: chain.map(publicFacts),
    daysLeft: Math.floor((ends - now) / DAY_MS),
    versions: seenVersions(peer.version, standard.offered),
    strictSender: {
      ...(authorized && standard.ownRoots ? {} : { webpki: authorized }),
      mtaSts: "unchecked",
      dane: "unchecked",
    },
  };
  return { facts, chain };
}

/**
 * Whether a certificate is for a host (RFC 9525): by its alternative names alone, never by its common
 * name; a `*` stands for one whole label, the first.
 *
 * @param certificate The certificate.
 * @param hostname A name in ASCII without a final dot, or an address.
 * @returns Whether it is.
 */
export function isNamed(
  { dnsNames, ipAddresses }: Pick<Certificate, "dnsNames" | "ipAddresses">,
  hostname: string,
): boolean {
  if (isAddress(hostname)) return ipAddresses.includes(normalAddress(hostname));
  const labels = hostname.toLowerCase().split(".");
  return dnsNames.some((name) => {
    const pattern = name.toLowerCase().split(".");
    return pattern.length === labels.length &&
      pattern.every((label, index) =>
        label === labels[index] || (label === "*" && index === 0 && pattern.length > 2)
      );
  });
}

function judgeTrust(
  distrust: string | undefined,
  chain: readonly Certificate[],
  outOfDate: boolean,
): TlsFacts["trust"] {
  switch (distrust) {
    case undefined:
      return "trusted";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return "self-signed";
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return "untrusted";
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      // The platform says the same where only the dates are wrong.
      if (outOfDate) return "unknown";
      // Certificates of public authorities say where their issuer's can be had: it was left out.
      return chain.at(-1)?.namesIssuer ? "incomplete" : "untrusted";
    default:
      return "unknown";
  }
}

/** If both versions were offered and the lower one was chosen, the server lacks the higher. */
function seenVersions(version: string, offered: readonly TlsVersion[]): TlsFacts["versions"] {
  const seen = version === "TLSv1.3" ? "1.3" : version === "TLSv1.2" ? "1.2" : undefined;
  if (seen === undefined) return {};
  if (seen === "1.2" && offered.includes("1.3")) return { "1.2": true, "1.3": false };
  return { [seen]: true };
}

function publicFacts(certificate: Certificate): CertificateFacts {
  const { subject, issuer, notBefore, notAfter, key, signature, sha256 } = certificate;
  return {
    subject,
    issuer,
    notBefore,
    notAfter,
    key,
    ...(signature === undefined ? {} : { signature }),
    sha256,
  };
}

/** Whether a host is an IP address. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

function normalAddress(address: string): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, "") ?? address;
}
