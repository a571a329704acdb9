/**
 * The messages of the sandbox, in memory.
 *
 * @module
 */

import type { ReceivedEnvelope, ServedSession } from "../server/mod.ts";
import { concat } from "./octets.ts";

/** One message as it was received. */
export interface StoredMail {
  /** The envelope, with all parameters of MAIL and RCPT. */
  readonly envelope: ReceivedEnvelope;
  /** The sender of the envelope; empty for `<>`. */
  readonly from: string;
  /** The recipients of the envelope. */
  readonly to: readonly string[];
  /** The content, without doubled dots; only its beginning if it is longer than is kept. */
  readonly content: Uint8Array;
  /** The content as text. */
  readonly text: string;
  /** How many octets were received. */
  readonly octets: number;
  /** Who sent it and over what. */
  readonly session: ServedSession;
}

/** All messages, in the order of their coming. */
export class MailStore {
  readonly #mails: StoredMail[] = [];

  /** Every message. */
  get mails(): readonly StoredMail[] {
    return this.#mails;
  }

  /**
   * Keeps a message.
   *
   * @param mail The message.
   */
  add(mail: StoredMail): void {
    this.#mails.push(mail);
  }

  /**
   * The messages of one recipient.
   *
   * @param address The address; the case of its domain does not matter.
   * @returns Its messages.
   */
  mailbox(address: string): readonly StoredMail[] {
    const wanted = sameMailbox(address);
    return this.#mails.filter(({ to }) =>
      to.some((recipient) => sameMailbox(recipient) === wanted)
    );
  }
}

/**
 * One text for all spellings of a mailbox: only the domain ignores case (RFC 5321 section 2.4).
 *
 * @param address The address.
 * @returns What to compare.
 */
export function sameMailbox(address: string): string {
  const at = address.lastIndexOf("@");
  return address.slice(0, at + 1) + address.slice(at + 1).toLowerCase();
}

/** Gathers the content of one message, up to a limit. */
export class Gatherer {
  readonly #most: number;
  readonly #chunks: Uint8Array[] = [];
  #kept = 0;
  #octets = 0;

  /**
   * Makes one.
   *
   * @param most How many octets are kept.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many octets came. */
  get octets(): number {
    return this.#octets;
  }

  /**
   * Takes a chunk; it is copied.
   *
   * @param chunk The chunk.
   */
  take(chunk: Uint8Array): void {
    this.#octets += chunk.length;
    const part = chunk.slice(0, this.#most - this.#kept);
    if (part.length === 0) return;
    this.#kept += part.length;
    this.#chunks.push(part);
  }

  /** All that was kept, in one piece. */
  content(): Uint8Array {
    return concat(this.#chunks);
  }
}
