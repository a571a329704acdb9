/**
 * What can go wrong below a protocol.
 *
 * Each error says in its message what was attempted and what was seen, and carries the facts as
 * fields: programs decide by class and field, never by searching the text.
 *
 * @module
 */

import { escapeControls } from "./escape.ts";

/** Where and when it happened; a session fills in what the wire cannot know. */
export interface WireErrorContext {
  /** The peer, as the user named it. */
  readonly host?: string;
  /** The stage of the session, for example `greeting` or `rcpt`. */
  readonly stage?: string;
  /** The last complete reply before it happened, as text. */
  readonly lastReply?: string;
  /** The last lines of the session, secrets removed. */
  readonly transcript?: readonly string[];
}

/**
 * The base of all errors of the wire.
 *
 * @example Usage
 * ```ts
 * import { ClosedError, WireError } from "@mailwright/mailwright/wire";
 * import { equal, ok } from "node:assert/strict";
 *
 * const error: unknown = new ClosedError("Cannot read: the server is gone").at({ stage: "rcpt" });
 * ok(error instanceof WireError);
 * equal(error.temporary, true); // worth another try
 * equal(error.stage, "rcpt");
 * ```
 */
export abstract class WireError extends Error implements WireErrorContext {
  /** Whether the same thing may work later. */
  abstract readonly temporary: boolean;
  /** The peer, as the user named it. */
  declare readonly host?: string;
  /** The stage of the session. */
  declare readonly stage?: string;
  /** The last complete reply before it happened. */
  declare readonly lastReply?: string;
  /** The last lines of the session, secrets removed. */
  declare readonly transcript?: readonly string[];

  /**
   * Fills in what was not known where the error was made; known fields stay.
   *
   * @param context The facts to add.
   * @returns This error.
   */
  at(context: WireErrorContext): this {
    for (const [key, value] of Object.entries(context)) {
      if (value !== undefined && this[key as keyof WireErrorContext] === undefined) {
        Object.defineProperty(this, key, { value, enumerable: true, configurable: true });
      }
    }
    return this;
  }
}

/**
 * No connection came about: refused, unreachable, unknown host, or a proxy said no.
 *
 * @example Usage
 * ```ts
 * import { dial, DialError } from "@mailwright/mailwright/wire";
 * import { ok, rejects } from "node:assert/strict";
 *
 * await rejects(dial({ hostname: "127.0.0.1", port: 1 }), (error) => {
 *   ok(error instanceof DialError);
 *   return error.temporary;
 * });
 * ```
 */
export class DialError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name = "DialError";
  /** Whether the same thing may work later. */
  override readonly temporary: boolean;

  /**
   * An attempt to connect that failed.
   *
   * @param message What was attempted and what was seen.
   * @param options `temporary` is false for what time does not mend (a missing permission).
   */
  constructor(message: string, options: ErrorOptions & { temporary?: boolean } = {}) {
    super(message, options);
    this.temporary = options.temporary ?? true;
  }
}

/** Why TLS failed. */
export type TlsFailure =
  | "not-offered"
  | "refused"
  | "unknown-issuer"
  | "expired"
  | "not-yet-valid"
  | "wrong-name"
  | "bad-certificate"
  | "not-tls"
  | "no-common-version"
  | "closed"
  | "unsupported"
  | "handshake";

/**
 * TLS was required and did not come about. Nothing secret was sent.
 *
 * @example Usage
 * ```ts
 * import { memoryPair, TlsError } from "@mailwright/mailwright/wire";
 * import { equal, ok, rejects } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * server.close();
 * await rejects(client.startTls({ hostname: "mail.example" }), (error) => {
 *   ok(error instanceof TlsError);
 *   equal(error.failure, "closed");
 *   return true;
 * });
 * client.close();
 * ```
 */
export class TlsError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name = "TlsError";
  /** Whether the same thing may work later. */
  override readonly temporary: boolean;
  /** Why. */
  readonly failure: TlsFailure;

  /**
   * A TLS that did not come about.
   *
   * @param message What was attempted and what was seen.
   * @param options The kind of failure, and the cause.
   */
  constructor(message: string, options: ErrorOptions & { failure: TlsFailure }) {
    super(message, options);
    this.failure = options.failure;
    this.temporary = options.failure === "closed" || options.failure === "refused";
  }
}

/**
 * The connection ended before the peer had said all that was expected.
 *
 * @example Usage
 * ```ts
 * import { Channel, ClosedError, memoryPair } from "@mailwright/mailwright/wire";
 * import { equal, ok, rejects } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * await server.write(new TextEncoder().encode("250-half a rep"));
 * server.close();
 * await rejects(new Channel(client).readLine(), (error) => {
 *   ok(error instanceof ClosedError);
 *   equal(error.partial, "250-half a rep");
 *   return true;
 * });
 * ```
 */
export class ClosedError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name = "ClosedError";
  /** Whether the same thing may work later. */
  override readonly temporary = true;
  /** What of an unfinished reply had arrived, escaped. */
  readonly partial: string;

  /**
   * An end that came too early.
   *
   * @param message What was attempted and what was seen.
   * @param options The unfinished reply, if one had begun, and the cause.
   */
  constructor(message: string, options: ErrorOptions & { partial?: string } = {}) {
    super(message, options);
    this.partial = options.partial ?? "";
  }
}

/**
 * A limit of ours ran out. The connection is closed.
 *
 * @example Usage
 * ```ts
 * import { Channel, memoryPair, TimeoutError } from "@mailwright/mailwright/wire";
 * import { equal, ok, rejects } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * const channel = new Channel(client);
 * channel.deadline.arm("greeting", 1);
 * const keepAlive = setTimeout(() => {}, 1_000); // a deadline does not keep the program alive
 * await rejects(channel.readLine(), (error) => {
 *   ok(error instanceof TimeoutError);
 *   equal(error.timer, "greeting");
 *   return true;
 * });
 * clearTimeout(keepAlive);
 * server.close();
 * ```
 */
export class TimeoutError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name = "TimeoutError";
  /** Whether the same thing may work later. */
  override readonly temporary = true;
  /** Which limit. */
  readonly timer: string;
  /** How long it was, in milliseconds. */
  readonly limitMs: number;

  /**
   * A limit that ran out.
   *
   * @param timer Which limit.
   * @param limitMs How long it was, in milliseconds.
   * @param unread What had arrived by then.
   */
  constructor(timer: string, limitMs: number, unread: string = "") {
    super(
      `Cannot wait longer for "${timer}": limit of ${formatMs(limitMs)} is over` +
        (unread === "" ? "" : `, unread "${escapeControls(unread).slice(0, 80)}"`),
    );
    this.timer = timer;
    this.limitMs = limitMs;
  }
}

/**
 * The peer broke the protocol. The session is dead: nothing more is sent.
 *
 * @example Usage
 * ```ts
 * import { Channel, memoryPair, ProtocolError } from "@mailwright/mailwright/wire";
 * import { equal, ok, rejects } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * await server.write(new TextEncoder().encode("220 go\r\n250 injected"));
 * const channel = new Channel(client);
 * await channel.readLine();
 * await rejects(channel.startTls({ hostname: "mail.example" }), (error) => {
 *   ok(error instanceof ProtocolError);
 *   equal(error.temporary, false);
 *   return true;
 * });
 * server.close();
 * ```
 */
export class ProtocolError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name: string = "ProtocolError";
  /** Whether the same thing may work later. */
  override readonly temporary = false;
}

/**
 * A line from the peer was longer than the limit.
 *
 * @example Usage
 * ```ts
 * import { Channel, LineTooLongError, memoryPair } from "@mailwright/mailwright/wire";
 * import { equal, ok, rejects } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * await server.write(new TextEncoder().encode("250 0123456789\r\n"));
 * await rejects(new Channel(client, { lineLimit: 8 }).readLine(), (error) => {
 *   ok(error instanceof LineTooLongError);
 *   equal(error.limit, 8);
 *   return true;
 * });
 * server.close();
 * ```
 */
export class LineTooLongError extends ProtocolError {
  /** The class, for programs that compare names. */
  override readonly name = "LineTooLongError";
  /** The limit, in octets. */
  readonly limit: number;

  /**
   * A line beyond its limit.
   *
   * @param limit The limit, in octets.
   */
  constructor(limit: number) {
    super(`Cannot read a line: it is longer than ${limit} octets`);
    this.limit = limit;
  }
}

function formatMs(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}
