/**
 * From the options of a connection to what a session needs: certificates, and the way there.
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";
import type { ConnectOptions } from "../../src/smtp/mod.ts";
import { readCertificate, readText } from "./files.ts";

/** What is typed. */
export interface TlsCall {
  /** The name that the certificate must be for. */
  readonly tlsName?: string;
  /** A file with another authority to trust. */
  readonly tlsCa?: string;
  /** A file with a certificate to show. */
  readonly tlsCert?: string;
  /** A file with its private key. */
  readonly tlsKey?: string;
  /** The proxy. */
  readonly proxy?: string;
}

/**
 * Reads the certificates of a call.
 *
 * @param call What was typed.
 * @returns The options of a session, SMTP or POP3, as far as they were typed.
 */
export async function tlsOptions(
  { tlsName, tlsCa, tlsCert, tlsKey, proxy }: TlsCall,
): Promise<Pick<ConnectOptions, "tlsName" | "caCerts" | "clientCertificate" | "proxy">> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ValidationError("Cannot use TLS: --tls-cert and --tls-key belong together");
  }
  const clientCertificate = tlsCert !== undefined && tlsKey !== undefined && {
    cert: await readText("--tls-cert", tlsCert),
    key: await readText("--tls-key", tlsKey),
  };
  return {
    ...(tlsName && { tlsName }),
    ...(tlsCa && { caCerts: [await readCertificate("--tls-ca", tlsCa)] }),
    ...(clientCertificate && { clientCertificate }),
    ...(proxy && { proxy }),
  };
}
