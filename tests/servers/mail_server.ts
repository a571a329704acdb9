/**
 * What all mail servers of the harness have in common.
 *
 * @module
 */
import { type Certificates, HOSTNAME } from "./certificates.ts";
import { readMaildir, withCrlf } from "./maildir.ts";
import { HOST } from "./network.ts";
import type { RunFolder } from "./run_folder.ts";
import { splitAddress, type Users } from "./users.ts";

/** A running server; its disposal stops it completely and fails if a process is left. */
export interface MailServer extends AsyncDisposable {
  /** The address of all ports. */
  readonly host: string;
  /** The name in its greeting and certificate; the certificate also holds localhost and 127.0.0.1. */
  readonly hostname: string;
  /** The authority to trust, as PEM. */
  readonly caPem: string;
  /** The same in a file, for other programs. */
  readonly caFile: string;
  /** Passwords by address. */
  readonly users: Users;
  /**
   * Messages of a user, oldest first, with the line ends of the wire, below the fields that
   * delivery adds; waits until at least `count` have arrived.
   *
   * @default {1}
   */
  mailbox(address: string, count?: number): Promise<Uint8Array[]>;
  /** What it logged so far. */
  log(): Promise<string>;
}

/** What a server is made of, whatever it is. */
export interface ServerParts<Port extends string> {
  /** Its processes, and its folder. */
  readonly running: AsyncDisposable;
  readonly folder: RunFolder;
  readonly ports: Readonly<Record<Port, number>>;
  readonly certificates: Certificates;
  readonly users: Users;
}

/** What the servers of the harness say about themselves in the same way. */
export function describe<Port extends string>(
  { running, folder, ports, certificates: { caPem, caFile }, users }: ServerParts<Port>,
): Omit<MailServer, "mailbox"> & { readonly ports: Readonly<Record<Port, number>> } {
  return {
    ...{ host: HOST, hostname: HOSTNAME, ports, caPem, caFile, users },
    log: () => folder.log(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Reads Maildirs in a folder for each domain and user, whose lines end in LF. */
export function mailboxesBelow(mail: string): MailServer["mailbox"] {
  return async (address, count) => {
    const { local, domain } = splitAddress(address);
    return (await readMaildir(`${mail}/${domain}/${local}/Maildir`, count)).map(withCrlf);
  };
}
