/**
 * What the platform says about a failed handshake, in plain words.
 *
 * @module
 */

import { ClosedError, TlsError, type TlsFailure } from "./errors.ts";

const KNOWN: readonly (readonly [sign: string, failure: TlsFailure, words: string])[] = [
  [
    "CaUsedAsEndEntity",
    "bad-certificate",
    "the server presents a CA certificate as its own, which it must not; it needs a leaf certificate",
  ],
  [
    "UnknownIssuer",
    "unknown-issuer",
    "nobody we trust has signed its certificate (self-signed, private CA or an incomplete chain); " +
    "trust its CA explicitly if it is yours",
  ],
  ["NotValidForName", "wrong-name", "its certificate is for another name"],
  ["NotValidYet", "not-yet-valid", "its certificate is not valid yet"],
  ["Expired", "expired", "its certificate has expired"],
  ["Revoked", "bad-certificate", "its certificate has been revoked"],
  ["invalid peer certificate", "bad-certificate", "its certificate is not acceptable"],
  [
    "InvalidContentType",
    "not-tls",
    "the server is not speaking TLS here (implicit TLS is usual on 465, STARTTLS on 25 and 587)",
  ],
  ["ProtocolVersion", "no-common-version", "server offers only TLS <=1.1"],
  ["HandshakeFailure", "no-common-version", "no common TLS version or cipher"],
  ["CertificateRequired", "handshake", "the server demands a client certificate"],
];

/**
 * Makes a {@linkcode TlsError} of whatever a handshake threw.
 *
 * @param error What was thrown.
 * @param hostname The name the certificate was checked against.
 * @returns The error to throw.
 */
export function explainTls(error: unknown, hostname: string): unknown {
  if (error instanceof TlsError) return error;
  const text = error instanceof Error ? error.message : String(error);
  for (const [sign, failure, words] of KNOWN) {
    if (text.includes(sign)) {
      return new TlsError(`Cannot start TLS with "${hostname}": ${words}`, {
        failure,
        cause: error,
      });
    }
  }
  const gone = error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof ClosedError;
  return new TlsError(
    `Cannot start TLS with "${hostname}": ${
      gone ? "the server closed the connection during the handshake" : text
    }`,
    { failure: gone ? "closed" : "handshake", cause: error },
  );
}
