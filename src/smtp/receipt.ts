/**
 * What became of a message: one record per transaction, never thrown away.
 *
 * @module
 */

import type { Address } from "../message/mod.ts";
import type { SmtpReply } from "./reply.ts";

/** Who gets a message: an address, or the one name that needs no domain (RFC 5321 section 4.1.1.3). */
export type ForwardPath = Address | "Postmaster";

/**
 * What became of a message as a whole.
 *
 * - `accepted`: the server took responsibility for all recipients.
 * - `partial`: for some, and refused others.
 * - `deferred`: for none, and at least one refusal is for now.
 * - `refused`: for none, for good.
 * - `in-doubt`: the end of the content was written and no complete answer came. Nobody knows.
 * - `not-sent`: the end of the content was never written, and no reply of the server refused it.
 */
export type Outcome = "accepted" | "partial" | "deferred" | "refused" | "in-doubt" | "not-sent";

/** How far a message came. */
export type Stage =
  | "connect"
  | "greeting"
  | "hello"
  | "tls"
  | "auth"
  | "mail"
  | "rcpt"
  | "data"
  | "content"
  | "final";

/** A recipient for whom the server took responsibility. */
export interface AcceptedRecipient {
  /** The recipient. */
  readonly recipient: ForwardPath;
  /** The reply to RCPT. */
  readonly reply: SmtpReply;
  /** LMTP: the reply after the content, for this recipient. */
  readonly final?: SmtpReply;
  /** Where the server said it will forward to (251). Information only; nobody follows it. */
  readonly forward?: string;
}

/** A recipient for whom it did not. */
export interface RejectedRecipient {
  /** The recipient. */
  readonly recipient: ForwardPath;
  /** The reply that decided it; absent if none came. */
  readonly reply?: SmtpReply;
  /**
   * When to try again: `later`, `never`, or at once in the `next-transaction` (the server takes no
   * more recipients in this one).
   */
  readonly retry: "later" | "never" | "next-transaction";
}

/** What became of one message in one transaction. */
export interface Receipt {
  /** What became of it as a whole. */
  readonly outcome: Outcome;
  /** How far it came. */
  readonly stage: Stage;
  /** For whom the server took responsibility. */
  readonly accepted: readonly AcceptedRecipient[];
  /** For whom it did not. */
  readonly rejected: readonly RejectedRecipient[];
  /** For whom nobody knows. */
  readonly inDoubt: readonly ForwardPath[];
  /** The last reply of the stage. */
  readonly reply?: SmtpReply;
  /** The server, as the user named it. "Accepted" means by this host, not "delivered". */
  readonly host: string;
  /** Whether it went through verified TLS. */
  readonly tls: boolean;
  /** The octets of content that were written, as they went over the wire. */
  readonly octets: number;
  /** The server's own name for the message, where its last reply tells one. */
  readonly queueId?: string;
  /** The receipts of its transactions, where a pool needed several. */
  readonly parts?: readonly Receipt[];
  /** What kept the message from a full answer: a lost connection, an abort, a local refusal. */
  readonly error?: unknown;
}

/**
 * Finds the queue id in the usual wordings of a final reply: `queued as X`, `id=X`, `Message X
 * accepted`. It is for people to search logs with; nothing depends on it.
 *
 * @param text The text of the reply.
 * @returns The id, if the wording is known.
 *
 * @example Usage
 * ```ts
 * import { queueIdOf } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * equal(queueIdOf("Ok: queued as 2F6DE3929"), "2F6DE3929");
 * equal(queueIdOf("fine"), undefined);
 * ```
 */
export function queueIdOf(text: string): string | undefined {
  return /(?:queued as |\bid=|[Mm]essage |^)<?([A-Za-z0-9][A-Za-z0-9._-]{4,63})>?(?= accepted|$| Message accepted|[,;)])/
    .exec(text)?.[1];
}
