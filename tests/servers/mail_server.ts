/**
 * What all mail servers of the harness have in common.
 *
 * @module
 */
import type { Users } from "./users.ts";

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
