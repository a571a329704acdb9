/**
 * A test authority and a server certificate of its own for every run, made by openssl.
 *
 * @module
 */
import { run } from "./process.ts";
import type { RunFolder } from "./run_folder.ts";

/** The name that servers greet with and that their certificate holds, beside localhost. */
export const HOSTNAME = "mail.example.test";

/** Files of an authority and of a certificate it signed. */
export interface Certificates {
  /** The authority's certificate as PEM, for a client's `caCerts`. */
  readonly caPem: string;
  /** The authority's certificate as a file. */
  readonly caFile: string;
  /** The server's certificate as a file. */
  readonly certFile: string;
  /** The server's private key as a file, readable by its owner only. */
  readonly keyFile: string;
}

const CONFIG = `[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, DNS:${HOSTNAME}, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

/** Makes an authority and a certificate for localhost, {@linkcode HOSTNAME} and 127.0.0.1. */
export async function makeCertificates(folder: RunFolder): Promise<Certificates> {
  const config = await folder.write("openssl.cnf", CONFIG);
  const caFile = folder.file("ca.pem");
  const caKey = folder.file("ca.key");
  const certFile = folder.file("server.pem");
  const keyFile = folder.file("server.key");
  const request = ["req", "-x509", "-config", config, "-days", "2", "-nodes", "-newkey", "ec"]
    .concat("-pkeyopt", "ec_paramgen_curve:P-256");
  await run("openssl", [
    ...[...request, "-extensions", "authority", "-subj", "/CN=mailwright test authority"],
    ...["-out", caFile, "-keyout", caKey],
  ]);
  await run("openssl", [
    ...[...request, "-extensions", "server", "-subj", `/CN=${HOSTNAME}`],
    ...["-CA", caFile, "-CAkey", caKey, "-out", certFile, "-keyout", keyFile],
  ]);
  return { caPem: await Deno.readTextFile(caFile), caFile, certFile, keyFile };
}
