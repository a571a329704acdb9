/**
 * What can go wrong in SMTP above the wire. A 4xx or 5xx reply is a value; errors begin where a
 * promise is broken.
 *
 * @module
 */

import type { WireErrorContext } from "../wire/mod.ts";
import type { Receipt } from "./receipt.ts";
import type { SmtpReply } from "./reply.ts";

/**
 * The base of what SMTP itself throws.
 *
 * @example Usage
 * ```ts
 * import { connectSmtp, SmtpError } from "@mailwright/mailwright";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { deepEqual } from "node:assert/strict";
 *
 * await using box = await startSandbox({ faults: [{ verb: "EHLO", reply: "451 later" }] });
 * try {
 *   await connectSmtp({ url: box.smtpUrl, name: "client.example" });
 * } catch (error) {
 *   if (!(error instanceof SmtpError)) throw error;
 *   deepEqual([error.stage, error.lastReply, error.temporary], ["ehlo", "451 later", true]);
 * }
 * ```
 */
export abstract class SmtpError extends Error implements WireErrorContext {
  /** Whether the same thing may work later. */
  abstract readonly temporary: boolean;
  /** What became of the message, where one was being sent. */
  declare readonly receipt?: Receipt;
  /** The server, as the user named it. */
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
 * A reply that had to be positive and was not.
 *
 * @example Usage
 * ```ts
 * import { connectSmtp, SmtpReplyError } from "@mailwright/mailwright";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { equal, rejects } from "node:assert/strict";
 *
 * await using box = await startSandbox({ faults: [{ verb: "CONNECT", reply: "421 too busy" }] });
 * await rejects(connectSmtp({ url: box.smtpUrl }), (error: unknown) => {
 *   equal(error instanceof SmtpReplyError && error.temporary, true);
 *   return true;
 * });
 * ```
 */
export class SmtpReplyError extends SmtpError {
  /** The class, for programs that compare names. */
  override readonly name = "SmtpReplyError";
  /** Whether the reply was 4xx. */
  override readonly temporary: boolean;
  /** What was said. */
  readonly verb: string;
  /** What the server answered. */
  readonly reply: SmtpReply;
  /** The server, as the user named it. */
  override readonly host: string;

  /**
   * Says which command was answered how.
   *
   * @param verb What was said: a verb, or `greeting`.
   * @param reply What the server answered.
   * @param host The server, as the user named it.
   */
  constructor(verb: string, reply: SmtpReply, host: string) {
    super(`Cannot go on after ${verb} with "${host}": the server answered "${reply}"`);
    this.verb = verb;
    this.reply = reply;
    this.host = host;
    this.temporary = reply.class === "transient";
  }
}

/**
 * Nobody was logged in.
 *
 * @example Usage
 * ```ts
 * import { connectSmtp, Secret, SmtpAuthError } from "@mailwright/mailwright";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { equal, rejects } from "node:assert/strict";
 *
 * await using box = await startSandbox({ users: { ann: "pencil" } });
 * const auth = { user: "ann", password: new Secret("eraser"), mechanisms: ["PLAIN"] };
 * await rejects(connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts, auth }), (error: unknown) => {
 *   equal(error instanceof SmtpAuthError && error.reply?.code, 535);
 *   return true;
 * });
 * ```
 */
export class SmtpAuthError extends SmtpError {
  /** The class, for programs that compare names. */
  override readonly name = "SmtpAuthError";
  /** Whether the server asked to try later. */
  override readonly temporary: boolean;
  /** The mechanisms that were tried, in order. */
  readonly tried: readonly string[];
  /** What the server answered to the last of them. */
  readonly reply: SmtpReply | undefined;

  /**
   * Says why nobody was logged in.
   *
   * @param message What was attempted and what was seen, without secrets.
   * @param options The mechanisms tried, the last reply, the cause.
   */
  constructor(
    message: string,
    options: ErrorOptions & { tried?: readonly string[]; reply?: SmtpReply | undefined } = {},
  ) {
    super(message, options);
    this.tried = options.tried ?? [];
    this.reply = options.reply;
    this.temporary = options.reply?.class === "transient";
  }
}

/**
 * Refused by us, before anything was sent: the server could not have taken it as it is meant.
 *
 * @example Usage
 * ```ts
 * import { connectSmtp } from "@mailwright/mailwright";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { rejects } from "node:assert/strict";
 *
 * await using box = await startSandbox();
 * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
 * session.mask("DSN");
 * await rejects(session.mail(null, { ret: "HDRS" }), {
 *   name: "SmtpLocalError",
 *   message: "Cannot ask for notices: the server does not offer DSN",
 * });
 * ```
 */
export class SmtpLocalError extends SmtpError {
  /** The class, for programs that compare names. */
  override readonly name = "SmtpLocalError";
  /** Always false: the same thing is refused again. */
  override readonly temporary = false;
  /** The enhanced status that a server would have given, where there is a fitting one. */
  readonly enhanced: string | undefined;

  /**
   * Says what is refused and why.
   *
   * @param message What was attempted and what is wrong with it.
   * @param options A fitting enhanced status code, and the cause.
   */
  constructor(message: string, options: ErrorOptions & { enhanced?: string } = {}) {
    super(message, options);
    this.enhanced = options.enhanced;
  }
}
