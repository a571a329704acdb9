/**
 * What the platform says about a failed handshake, in plain words.
 *
 * @module
 */

import { TlsError, type TlsFailure } from "./errors.ts";
import { escapeControls } from "./escape.ts";

/** Signs in the text of the platform's error. It has no codes, and the words vary with its version. */
const KNOWN: readonly (readonly [sign: RegExp, failure: TlsFailure, words: string])[] = [
  [
    /CaUsedAsEndEntity/,
    "bad-certificate",
    "the server presents a CA certificate as its own, which it must not; it needs a leaf certificate",
  ],
  [
    /UnknownIssuer/,
    "unknown-issuer",
    "nobody we trust has signed its certificate (self-signed, private CA or an incomplete chain); " +
    "trust its CA explicitly if it is yours",
  ],
  [/not valid for name|NotValidForName/, "wrong-name", "its certificate is for another name"],
  [/not valid yet|NotValidYet/, "not-yet-valid", "its certificate is not valid yet"],
  [/certificate expired|Expired/, "expired", "its certificate has expired"],
  [
    /BadEncoding/,
    "bad-certificate",
    "a certificate cannot be read: the server's, or one of those to trust",
  ],
  [/Revoked/, "bad-certificate", "its certificate has been revoked"],
  [/invalid peer certificate/, "bad-certificate", "its certificate is not acceptable"],
  [
    /InvalidContentType/,
    "not-tls",
    "the server is not speaking TLS here (implicit TLS is usual on 465, STARTTLS on 25 and 587)",
  ],
  [/ProtocolVersion/, "no-common-version", "server offers only TLS <=1.1"],
  [/HandshakeFailure/, "no-common-version", "no common TLS version or cipher"],
  [/CertificateRequired/, "handshake", "the server demands a client certificate"],
];

/**
 * Makes a {@linkcode TlsError} of whatever a handshake threw.
 *
 * @param error What was thrown.
 * @param hostname The name the certificate was checked against.
 * @returns The error to throw.
 */
export function explainTls(error: unknown, hostname: string): TlsError {
  const text = error instanceof Error ? error.message : String(error);
  const fail = (failure: TlsFailure, words: string): TlsError =>
    new TlsError(`Cannot start TLS with "${hostname}": ${words}`, { failure, cause: error });
  for (const [sign, failure, words] of KNOWN) {
    if (sign.test(text)) {
      return fail(failure, failure === "wrong-name" ? `${words}${certificateNames(text)}` : words);
    }
  }
  const gone = error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected;
  return gone
    ? fail("closed", "the server closed the connection during the handshake")
    : fail("handshake", text);
}

/** The names of the certificate, where the platform gives them; a common name counts for nothing. */
function certificateNames(text: string): string {
  if (text.includes("not valid for any names")) return ": it has no subjectAltName";
  const names = [...text.matchAll(/DnsName\("([^"]*)"\)|IpAddress\(([^()]*)\)/g)]
    .map(([, name, address]) => name ?? address ?? "");
  return names.length === 0 ? "" : `: ${escapeControls(names.join(", ")).slice(0, 200)}`;
}
