/**
 * The one error that is an answer of POP3.
 *
 * @module
 */

import type { Pop3ServerReply } from "./pop3_reply.ts";

/**
 * Says no: whoever throws it, the engine answers with its reply. A backend may throw it from any of its
 * methods.
 *
 * @example Usage
 * ```ts
 * import { Pop3RefusalError } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const busy = new Pop3RefusalError({ ok: false, code: "IN-USE", text: "Somebody else is reading" });
 * equal(busy.message, 'Cannot serve the command: "-ERR [IN-USE] Somebody else is reading"');
 * ```
 */
export class Pop3RefusalError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "Pop3RefusalError";
  /** What the client is told. */
  readonly reply: Pop3ServerReply;

  /**
   * Makes one.
   *
   * @param reply What the client is told.
   */
  constructor(reply: Pop3ServerReply) {
    const code = reply.code === undefined ? "" : `[${reply.code}] `;
    super(`Cannot serve the command: "-ERR ${code}${reply.text}"`);
    this.reply = reply;
  }
}
