/**
 * The one error that is an answer.
 *
 * @module
 */

import type { ServerReply } from "./reply.ts";

/**
 * Says no: whoever throws it, the engine answers with its reply and the session goes on. A backend may
 * throw it from any of its methods.
 *
 * @example Usage
 * ```ts
 * import { RefusalError } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const full = new RefusalError({ code: 452, status: "4.2.2", text: "Mailbox full" });
 * equal(full.message, 'Cannot serve the command: "452 4.2.2 Mailbox full"');
 * ```
 */
export class RefusalError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "RefusalError";
  /** What the client is told. */
  readonly reply: ServerReply;

  /**
   * Makes one.
   *
   * @param reply What the client is told.
   */
  constructor(reply: ServerReply) {
    const words = [reply.code, reply.status, reply.text].filter((word) => word !== undefined);
    super(`Cannot serve the command: "${words.join(" ")}"`);
    this.reply = reply;
  }
}
