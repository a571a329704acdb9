/**
 * The fields on top of a message that is sent again (RFC 5322 section 3.6.6).
 *
 * @module
 */

import {
  addressHeader,
  formatDate,
  formatMessageId,
  Header,
  idHeader,
  parseMailbox,
} from "../../../message/mod.ts";
import type { ResentBy } from "./restore_options.ts";

/** Makes the fields on top of messages. */
export class ResentBlock {
  readonly #from: ReturnType<typeof parseMailbox>;
  readonly #to: readonly ReturnType<typeof parseMailbox>[];

  /**
   * Checks who sends, and to whom.
   *
   * @param by Who sends, and to whom.
   * @throws {AddressError} If a mailbox is none.
   */
  constructor({ from, to }: ResentBy) {
    this.#from = parseMailbox(from);
    this.#to = to.map((each) => parseMailbox(each));
  }

  /**
   * The fields of one message.
   *
   * @param sha256 SHA-256 of its octets, hexadecimal: with the time it gives the identifier.
   * @param nowMs The time, in milliseconds since 1970.
   * @returns The octets of the fields, each with its line end.
   */
  octets(sha256: string, nowMs: number): Uint8Array<ArrayBuffer> {
    const left = `restored.${nowMs.toString(36)}.${sha256.slice(0, 32)}`;
    const headers = [
      new Header("Resent-Date", formatDate(nowMs)),
      addressHeader("Resent-From", [this.#from]),
      addressHeader("Resent-To", this.#to),
      idHeader("Resent-Message-ID", [formatMessageId(left, this.#from.address.domain)]),
    ];
    return new TextEncoder().encode(headers.map(({ line }) => line).join(""));
  }
}
