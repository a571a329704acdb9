/**
 * What can go wrong in POP3 above the wire. `-ERR` is a value; errors begin where a promise is broken.
 *
 * @module
 */

import { ProtocolError, type WireErrorContext } from "../wire/mod.ts";
import type { Pop3Reply } from "./reply.ts";

/**
 * The base of what POP3 itself throws.
 *
 * @example Usage
 * ```ts
 * import { parsePop3Reply, Pop3Error, Pop3ReplyError } from "@mailwright/mailwright/pop3";
 * import { deepEqual, ok } from "node:assert/strict";
 *
 * const reply = parsePop3Reply("-ERR [IN-USE] locked");
 * const error: unknown = new Pop3ReplyError("PASS", reply, { host: "mail.example" });
 * ok(error instanceof Pop3Error);
 * deepEqual([error.name, error.host, error.temporary], ["Pop3ReplyError", "mail.example", true]);
 * ```
 */
export abstract class Pop3Error extends Error implements WireErrorContext {
  /** Whether the same thing may work later. */
  abstract readonly temporary: boolean;
  /** The server, as the user named it. */
  declare readonly host?: string;
  /** The stage of the session. */
  declare readonly stage?: string;
  /** The last status line before it happened. */
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
 * A reply that had to be positive and was not, or whose content makes no sense.
 *
 * @example Usage
 * ```ts
 * import { parsePop3Reply, Pop3ReplyError } from "@mailwright/mailwright/pop3";
 * import { equal } from "node:assert/strict";
 *
 * const reply = parsePop3Reply("+OK many");
 * const error = new Pop3ReplyError("STAT", reply, { host: "mail.example", problem: "it is no count" });
 * equal(error.message, 'Cannot use the answer to STAT of "mail.example": it is no count');
 * ```
 */
export class Pop3ReplyError extends Pop3Error {
  /** The class, for programs that compare names. */
  override readonly name = "Pop3ReplyError";
  /** Whether the response code of the refusal says so. */
  override readonly temporary: boolean;
  /** What was said: a command, or `the connection`. */
  readonly command: string;
  /** What the server answered. */
  readonly reply: Pop3Reply;
  /** The server, as the user named it. */
  override readonly host: string;

  /**
   * Says which command was answered how.
   *
   * @param command What was said, as it may be shown.
   * @param reply What the server answered.
   * @param options The server, what is wrong with the answer if it is not its status, the cause.
   */
  constructor(
    command: string,
    reply: Pop3Reply,
    options: ErrorOptions & { host: string; problem?: string },
  ) {
    const { host, problem } = options;
    super(
      problem === undefined
        ? `Cannot go on after ${command} with "${host}": the server answered "${reply}"`
        : `Cannot use the answer to ${command} of "${host}": ${problem}`,
      options,
    );
    this.command = command;
    this.reply = reply;
    this.host = host;
    this.temporary = reply.temporary;
  }
}

/**
 * Nobody was logged in.
 *
 * @example Usage
 * ```ts
 * import { parsePop3Reply, Pop3AuthError } from "@mailwright/mailwright/pop3";
 * import { equal } from "node:assert/strict";
 *
 * const reply = parsePop3Reply("-ERR [SYS/TEMP] try again");
 * const error = new Pop3AuthError("Cannot log in", { tried: ["SCRAM-SHA-256"], reply });
 * equal(error.temporary, true);
 * ```
 */
export class Pop3AuthError extends Pop3Error {
  /** The class, for programs that compare names. */
  override readonly name = "Pop3AuthError";
  /** Whether the server asked to try later (`[IN-USE]`, `[LOGIN-DELAY]`, `[SYS/TEMP]`). */
  override readonly temporary: boolean;
  /** The ways that were tried, in order: mechanisms, `USER` (with PASS), `APOP`. */
  readonly tried: readonly string[];
  /** What the server answered to the last of them. */
  readonly reply: Pop3Reply | undefined;

  /**
   * Says why nobody was logged in.
   *
   * @param message What was attempted and what was seen, without secrets.
   * @param options The ways tried, the last reply, the cause.
   */
  constructor(
    message: string,
    options: ErrorOptions & { tried?: readonly string[]; reply?: Pop3Reply | undefined } = {},
  ) {
    super(message, options);
    this.tried = options.tried ?? [];
    this.reply = options.reply;
    this.temporary = options.reply?.temporary ?? false;
  }
}

/**
 * Refused by us, before anything was sent.
 *
 * @example Usage
 * ```ts
 * import { checkPop3ConnectOptions, Pop3LocalError, Secret } from "@mailwright/mailwright/pop3";
 * import { throws } from "node:assert/strict";
 *
 * const auth = { user: "ann", password: new Secret("pencil") };
 * const options = { url: "pop3://mail.example", tls: "none", auth } as const;
 * throws(() => checkPop3ConnectOptions(options), Pop3LocalError);
 * ```
 */
export class Pop3LocalError extends Pop3Error {
  /** The class, for programs that compare names. */
  override readonly name = "Pop3LocalError";
  /** Always false: the same thing is refused again. */
  override readonly temporary = false;
}

/**
 * A message was longer than the limit. The session is dead, as with every limit.
 *
 * @example Usage
 * ```ts
 * import { Pop3MessageTooLongError } from "@mailwright/mailwright/pop3";
 * import { equal } from "node:assert/strict";
 *
 * const error = new Pop3MessageTooLongError("message 3", 1_000);
 * equal(error.message, "Cannot read message 3: it is longer than 1000 octets");
 * ```
 */
export class Pop3MessageTooLongError extends ProtocolError {
  /** The class, for programs that compare names. */
  override readonly name = "Pop3MessageTooLongError";
  /** The limit, in octets. */
  readonly limit: number;

  /**
   * Makes one.
   *
   * @param what What was being read.
   * @param limit The limit, in octets.
   */
  constructor(what: string, limit: number) {
    super(`Cannot read ${what}: it is longer than ${limit} octets`);
    this.limit = limit;
  }
}
