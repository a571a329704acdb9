/**
 * What the replies to VRFY, EXPN and ETRN say, as values.
 *
 * @module
 */

import { AddressError, type Mailbox, parseAddress } from "../message/mod.ts";
import type { SmtpReply } from "./reply.ts";

/**
 * The mailboxes in a reply to VRFY or EXPN (RFC 5321 section 3.5): one for each line that is an address
 * or ends in one in angle brackets. What else the lines say is left out; names are as the server wrote
 * them.
 *
 * @param reply The reply.
 * @returns The mailboxes, in the order of the lines.
 *
 * @example Usage
 * ```ts
 * import { mailboxesOf, parseReply } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * const reply = parseReply("250-2.1.5 Ann Other <ann@mail.example>\r\n250 2.1.5 <ben@mail.example>");
 * deepEqual(mailboxesOf(reply).map(({ name, address }) => `${name}: ${address}`), [
 *   "Ann Other: ann@mail.example",
 *   "undefined: ben@mail.example",
 * ]);
 * ```
 */
export function mailboxesOf(reply: SmtpReply): readonly Mailbox[] {
  return reply.text.split("\n").flatMap((line) => readMailbox(line.trim()) ?? []);
}

function readMailbox(line: string): Mailbox | undefined {
  const open = line.endsWith(">") ? line.lastIndexOf("<") : -1;
  const name = line.slice(0, Math.max(open, 0)).trim();
  try {
    const text = open < 0 ? line : line.slice(open + 1, -1);
    const address = parseAddress(text, { allowLiterals: true });
    return name === "" ? { address } : { name, address };
  } catch (error) {
    if (error instanceof AddressError) return undefined; // a line of another kind
    throw error;
  }
}

/**
 * What a server does about ETRN (RFC 1985 section 5.1).
 *
 * - `started`: it sends what waits, on a connection of its own.
 * - `nothing-waits`: there is nothing to send.
 * - `unable`: it could not start now.
 * - `not-allowed`: it will not, for this node.
 * - `refused`: any other negative reply.
 */
export type EtrnOutcome = "started" | "nothing-waits" | "unable" | "not-allowed" | "refused";

/**
 * Reads a reply to ETRN.
 *
 * @param reply The reply.
 * @returns What the server does.
 *
 * @example Usage
 * ```ts
 * import { etrnOutcome, parseReply } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(etrnOutcome(parseReply("253 OK, 3 pending messages for node x.example started")), "started");
 * equal(etrnOutcome(parseReply("459 Node x.example not allowed: who are you")), "not-allowed");
 * ```
 */
export function etrnOutcome(reply: SmtpReply): EtrnOutcome {
  switch (reply.code) {
    case 251:
      return "nothing-waits";
    case 458:
      return "unable";
    case 459:
      return "not-allowed";
    default:
      return reply.ok ? "started" : "refused";
  }
}
