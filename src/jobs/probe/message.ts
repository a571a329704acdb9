/**
 * The message that a probe writes when it is given none.
 *
 * @module
 */

import {
  type Address,
  compose,
  type ComposedMessage,
  createHeader,
  createMessageId,
} from "../../message/mod.ts";
import type { ProbeMessage } from "./options.ts";

const SUBJECT = "A message of the mailwright probe";
const BODY = "This message was sent to see whether mail arrives. Nobody needs to answer.\n";

/**
 * Writes a message.
 *
 * @param message What is to be in it.
 * @param envelope Who sends it to whom.
 * @param nowMs The time, in milliseconds since 1970.
 * @returns The message.
 * @throws {TypeError | SyntaxError} If a field cannot be written.
 */
export function composeMessage(
  { subject = SUBJECT, body = BODY, headers = [] }: ProbeMessage,
  envelope: { readonly from: Address; readonly to: readonly Address[] },
  nowMs: number,
): ComposedMessage {
  const { from, to } = envelope;
  const random = crypto.getRandomValues(new Uint8Array(12));
  // An address literal is no domain of an identifier.
  const domain = from.domain.startsWith("[") ? "localhost.invalid" : from.domain;
  return compose({
    from,
    to,
    subject,
    text: body,
    date: nowMs,
    messageId: createMessageId(domain, { nowMs: Math.floor(nowMs), random }),
    headers: headers.map(readHeader),
    userAgent: "mailwright probe",
  }, { smtpUtf8: true });
}

function readHeader(field: string) {
  const [, name, value] = /^([^:\s]+):[ \t]*(.*)$/s.exec(field) ?? [];
  if (name === undefined || value === undefined) {
    throw new SyntaxError(`Cannot use the header "${field.slice(0, 80)}": expected "Name: value"`);
  }
  return createHeader(name, value);
}
