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

/** The base of all errors of the wire. */
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

/** No connection came about: refused, unreachable, unknown host, or a proxy said no. */
export class DialError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name = "DialError";
  /** Whether the same thing may work later. */
  override readonly temporary: boolean;

  /**
   * Makes one.
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

/** TLS was required and did not come about. Nothing secret was sent. */
export class TlsError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name = "TlsError";
  /** Whether the same thing may work later. */
  override readonly temporary: boolean;
  /** Why. */
  readonly failure: TlsFailure;

  /**
   * Makes one.
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

/** The connection ended before the peer had said all that was expected. */
export class ClosedError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name = "ClosedError";
  /** Whether the same thing may work later. */
  override readonly temporary = true;
  /** What of an unfinished reply had arrived, escaped. */
  readonly partial: string;

  /**
   * Makes one.
   *
   * @param message What was attempted and what was seen.
   * @param options The unfinished reply, if one had begun, and the cause.
   */
  constructor(message: string, options: ErrorOptions & { partial?: string } = {}) {
    super(message, options);
    this.partial = options.partial ?? "";
  }
}

/** A limit of ours ran out. The connection is closed. */
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
   * Makes one.
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

/** The peer broke the protocol. The session is dead: nothing more is sent. */
export class ProtocolError extends WireError {
  /** The class, for programs that compare names. */
  override readonly name: string = "ProtocolError";
  /** Whether the same thing may work later. */
  override readonly temporary = false;
}

/** A line from the peer was longer than the limit. */
export class LineTooLongError extends ProtocolError {
  /** The class, for programs that compare names. */
  override readonly name = "LineTooLongError";
  /** The limit, in octets. */
  readonly limit: number;

  /**
   * Makes one.
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
