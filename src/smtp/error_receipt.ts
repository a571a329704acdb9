/**
 * Errors of a send that tell what became of the message.
 *
 * @module
 */

import { WireError } from "../wire/mod.ts";
import { SmtpError } from "./errors.ts";
import type { Receipt } from "./receipt.ts";

/**
 * Attaches a receipt to an error of ours.
 *
 * @param error What a send is rejected with.
 * @param receipt What became of the message.
 * @returns The error, or a copy of one that has a receipt: one failure may end many messages, and each
 *   is told its own. An error that is not ours (an abort) stays untouched.
 */
export function withReceipt(error: unknown, receipt: Receipt | undefined): unknown {
  if (!(error instanceof SmtpError || error instanceof WireError)) return error;
  const own = receiptOf(error) === undefined
    ? error
    : Object.create(error, Object.getOwnPropertyDescriptors(error));
  return Object.defineProperty(own, "receipt", { value: receipt, configurable: true });
}

/**
 * The receipt that an error of a send carries.
 *
 * @param error What a send was rejected with.
 * @returns The receipt, unless the reason was not ours (an abort, a failure of the content's source):
 *   then {@linkcode SmtpSession.lastReceipt} has it.
 *
 * @example Usage
 * ```ts
 * import { connectSmtp, receiptOf } from "@mailwright/mailwright";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { equal } from "node:assert/strict";
 *
 * await using box = await startSandbox({ faults: [{ verb: ".", silent: true, then: "close" }] });
 * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
 * try {
 *   await session.send({ from: null, to: ["ben@there.example"], policy: "any" }, "Hello\r\n");
 * } catch (error) {
 *   equal(receiptOf(error)?.outcome, "in-doubt"); // the server had all of it, and said nothing
 * }
 * ```
 */
export function receiptOf(error: unknown): Receipt | undefined {
  return error instanceof SmtpError || error instanceof WireError
    ? (error as { readonly receipt?: Receipt }).receipt // put there by send()
    : undefined;
}
