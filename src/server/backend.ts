/**
 * What the engine asks of the program behind it: interfaces of plain methods.
 *
 * @module
 */

import type { CredentialStore, SaslServerOptions } from "../sasl/mod.ts";
import type { Connection, Endpoint, Security } from "../wire/mod.ts";
import type { EnvelopeRecipient, EnvelopeSender, ReceivedEnvelope } from "./envelope.ts";
import type { ServerReply } from "./reply.ts";

/** A value, or the promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** What is known of a session when the backend is asked. */
export interface ServedSession {
  /** SMTP or LMTP. */
  readonly protocol: "smtp" | "lmtp";
  /** The name of EHLO, HELO or LHLO; `undefined` before. */
  readonly client: string | undefined;
  /** Who has logged in, or whom they act for. */
  readonly user: string | undefined;
  /** What protects the connection. */
  readonly security: Security;
  /** Where the client is. */
  readonly remote: Endpoint;
}

/**
 * Takes the content of one message.
 *
 * Chunks come one by one and the next is read when the last has been taken, so a message of any size
 * needs no memory here. Exactly one of {@linkcode MessageSink.finish} and
 * {@linkcode MessageSink.abort} is called.
 */
export interface MessageSink {
  /**
   * Takes a part of the content: without doubled dots, line ends as received.
   *
   * @param chunk Octets that are valid until the promise resolves; copy what is to stay.
   */
  write(chunk: Uint8Array): Awaitable<void>;
  /**
   * The content is complete. From a positive reply on, the message is this side's responsibility.
   *
   * @returns One reply; over LMTP one for each recipient in order, or one that counts for all.
   */
  finish(): Awaitable<readonly ServerReply[]>;
  /** The content will not be completed, or was refused: forget it. */
  abort(): Awaitable<void>;
}

/** A positive reply to ATRN or TURN, and who takes the connection after it. */
export interface Takeover {
  /** The last reply of this session; a 250. */
  readonly reply: ServerReply;
  /**
   * Takes the bare connection, as the end that now speaks SMTP as a client, and closes it in the end.
   *
   * @param connection The connection, with nothing unread.
   */
  take(connection: Connection): Promise<void>;
}

/**
 * What the engine serves. Methods that give a reply accept with a 2xx and refuse with others;
 * `undefined` accepts in the engine's own words. A method that is absent makes its command
 * unavailable, and {@linkcode RefusalError} may be thrown from everywhere.
 */
export interface SmtpBackend {
  /** The name of this server, in the greeting and in EHLO. */
  readonly hostname: string;
  /** Who may log in. */
  readonly credentials?: CredentialStore;
  /** How the mechanisms of AUTH are set; without it EXTERNAL and ANONYMOUS are not available. */
  readonly sasl?: SaslServerOptions;
  /**
   * A client has connected.
   *
   * @returns `undefined`, or the greeting; a 4xx or 5xx turns the client away.
   */
  connected?(session: ServedSession): Awaitable<ServerReply | undefined>;
  /** MAIL: whether the sender may send. */
  sender?(sender: EnvelopeSender, session: ServedSession): Awaitable<ServerReply | undefined>;
  /** RCPT: whether the recipient exists and may be sent to. */
  recipient(
    recipient: EnvelopeRecipient,
    session: ServedSession,
  ): Awaitable<ServerReply | undefined>;
  /** DATA or the first BDAT: opens what takes the content. */
  message(envelope: ReceivedEnvelope, session: ServedSession): Awaitable<MessageSink>;
  /** VRFY: is this a user? Without it the answer is 252. */
  verify?(text: string, session: ServedSession): Awaitable<ServerReply>;
  /** EXPN: who is on this list? */
  expand?(text: string, session: ServedSession): Awaitable<ServerReply>;
  /** ETRN: send what waits for `name`, `@name` (with subdomains) or `#queue`. */
  etrn?(node: string, session: ServedSession): Awaitable<ServerReply>;
  /** ATRN, after a login: no domain means all of this user. */
  atrn?(domains: readonly string[], session: ServedSession): Awaitable<ServerReply | Takeover>;
  /** TURN, after a login. */
  turn?(session: ServedSession): Awaitable<ServerReply | Takeover>;
}
