/**
 * Message identifiers (RFC 5322 section 3.6.4).
 *
 * @module
 */

import { HeaderError } from "./errors.ts";
import { toAscii } from "./idna.ts";

const LEFT = /^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
// Wider than the grammar, for ids of other people's mail are quoted; but always one word of ASCII.
const MESSAGE_ID = /^<[!-;=?A-~]+@[!-;=?-~]+>$/;
/** What fits on a line of its own. */
const MAX_ID = 997;
/** Enough randomness that two ids never meet. */
const MIN_RANDOM = 8;

/**
 * Whether text is one message identifier, angle brackets included.
 *
 * @param text Any text.
 * @returns Whether it can stand in Message-ID, In-Reply-To and References.
 *
 * @example Usage
 * ```ts
 * import { isMessageId } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(isMessageId("<1@mail.example>"), true);
 * equal(isMessageId("<1@mail.example> <2@mail.example>"), false);
 * ```
 */
export function isMessageId(text: string): boolean {
  return text.length <= MAX_ID && MESSAGE_ID.test(text);
}

/**
 * Writes a message identifier from its two parts. The same parts give the same id, so that a message
 * that is sent again keeps its own.
 *
 * @param left What is unique in the domain: letters, digits and the signs of an address.
 * @param domain A domain of the sender.
 * @returns The id, angle brackets included.
 * @throws {HeaderError | AddressError} If a part cannot stand in an id.
 *
 * @example Usage
 * ```ts
 * import { formatMessageId } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(formatMessageId("welcome.42", "Mail.example"), "<welcome.42@mail.example>");
 * ```
 */
export function formatMessageId(left: string, domain: string): string {
  const id = `<${left}@${toAscii(domain)}>`;
  if (!LEFT.test(left) || id.length > MAX_ID) {
    throw new HeaderError("Message-ID", "its left part is not made of letters, digits and signs");
  }
  return id;
}

/**
 * Makes a new message identifier from the time and random octets.
 *
 * @param domain A domain of the sender.
 * @param sources `nowMs`, the time in milliseconds since 1970, and at least 8 `random` octets.
 * @returns The id, angle brackets included.
 * @throws {AddressError} If the domain is none.
 * @throws {RangeError} If the time is none, or there are too few random octets.
 *
 * @example Usage
 * ```ts
 * import { createMessageId } from "@mailwright/mailwright/message";
 * import { match } from "node:assert/strict";
 *
 * const random = crypto.getRandomValues(new Uint8Array(12));
 * match(createMessageId("mail.example", { nowMs: Date.now(), random }), /^<\w+\.\w+@mail\.example>$/);
 * ```
 */
export function createMessageId(
  domain: string,
  sources: { readonly nowMs: number; readonly random: Uint8Array },
): string {
  const { nowMs, random } = sources;
  if (!Number.isSafeInteger(nowMs) || nowMs < 0) {
    throw new RangeError(`Cannot make a message id at "${nowMs}": it is no time since 1970`);
  }
  if (random.length < MIN_RANDOM) {
    throw new RangeError(
      `Cannot make a message id from ${random.length} random octets: ${MIN_RANDOM} are the least`,
    );
  }
  return formatMessageId(`${nowMs.toString(36)}.${random.toHex()}`, domain);
}
