/**
 * What the POP3 engine asks of the program behind it: interfaces of plain methods.
 *
 * @module
 */

import type { CredentialStore, SaslServerOptions } from "../sasl/mod.ts";
import type { Endpoint, Security } from "../wire/mod.ts";
import type { Awaitable } from "./backend.ts";
import type { Pop3ServerReply } from "./pop3_reply.ts";

/** What is known of a POP3 session when the backend is asked. */
export interface Pop3ServedSession {
  /** Who has logged in, or whom they act for. */
  readonly user: string | undefined;
  /** Whether the client has asked for UTF-8 (RFC 6856). */
  readonly utf8: boolean;
  /** What protects the connection. */
  readonly security: Security;
  /** Where the client is. */
  readonly remote: Endpoint;
}

/** Octets, piece by piece. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A message of an open maildrop. */
export interface MaildropMessage {
  /** What UIDL tells: the same in all sessions, 1 to 70 printable ASCII characters. */
  readonly uid: string;
  /** What LIST tells: its octets. */
  readonly size: number;
  /**
   * Opens the content: line ends as they are, dots not doubled. The next piece is asked for when the
   * last has been written, so a message of any size needs no memory here.
   *
   * @returns The pieces. What they still need must be opened by the first of them, for nobody may ask.
   * @throws {Pop3RefusalError} If it cannot be read any more. Later it is too late for a refusal: what
   * goes wrong while the pieces come ends the session.
   */
  read(): Awaitable<Chunks>;
}

/**
 * The maildrop of one session, from the login to its end. It is locked: nobody else removes messages
 * meanwhile, and what arrives is seen by the next session.
 */
export interface Maildrop {
  /** The messages. The first has number 1, and where nothing is, there is no message of that number. */
  readonly messages: readonly (MaildropMessage | undefined)[];
  /**
   * DELE: whether a message may be marked. Without this method every message may.
   *
   * @param message The message.
   * @throws {Pop3RefusalError} If it may not.
   */
  mark?(message: MaildropMessage): Awaitable<void>;
  /**
   * A message has been read to its end by RETR.
   *
   * @param message The message.
   */
  retrieved?(message: MaildropMessage): Awaitable<void>;
  /**
   * QUIT: removes messages for good. Without QUIT nobody calls this.
   *
   * @param removed What was marked; with `EXPIRE 0` also what was retrieved.
   * @returns How many of them could not be removed.
   */
  update(removed: readonly MaildropMessage[]): Awaitable<number>;
  /** The session is over: releases the lock. It is called once, whatever happened before. */
  close(): Awaitable<void>;
}

/**
 * What the engine serves. {@linkcode Pop3RefusalError} may be thrown from everywhere.
 */
export interface Pop3Backend {
  /** The name of this server, in the greeting and in the stamp of APOP. */
  readonly hostname: string;
  /** Who may log in. */
  readonly credentials: CredentialStore;
  /** How the mechanisms of AUTH are set; without it EXTERNAL and ANONYMOUS are not available. */
  readonly sasl?: SaslServerOptions;
  /**
   * A client has connected.
   *
   * @returns `undefined`, or the greeting; a refusal turns the client away.
   */
  connected?(session: Pop3ServedSession): Awaitable<Pop3ServerReply | undefined>;
  /**
   * A user has logged in: opens and locks the maildrop.
   *
   * @param user Who it is.
   * @throws {Pop3RefusalError} If it cannot be opened now: `IN-USE`, `LOGIN-DELAY`, `SYS/TEMP`,
   * `SYS/PERM`. The client may then log in again.
   */
  open(user: string, session: Pop3ServedSession): Awaitable<Maildrop>;
}
