/**
 * Archived messages on their way back by SMTP or LMTP, octet for octet.
 *
 * @module
 */

import type { RestoredMessage, RestoreReceipt } from "../../src/jobs/mod.ts";
import {
  type ConnectOptions,
  connectSmtp,
  type ContentOptions,
  type Envelope,
  type Receipt,
  SmtpLocalError,
  type SmtpSession,
} from "../../src/smtp/mod.ts";

const CR = 13;
const LF = 10;
/** RFC 5321 section 4.5.3.1.6, without CRLF. */
const MAX_LINE = 998;

/** Sends messages, one after the other, through one session as long as it lives. */
export class Resender implements AsyncDisposable {
  readonly #options: ConnectOptions;
  readonly #envelope: Envelope;
  #session: SmtpSession | undefined;
  #lost: unknown;

  /**
   * Connects to nobody yet.
   *
   * @param options The server.
   * @param envelope Who sends and who gets it, whatever the messages say about that.
   */
  constructor(options: ConnectOptions, envelope: Pick<Envelope, "from" | "to">) {
    this.#options = options;
    this.#envelope = { ...envelope, policy: "all" };
  }

  /** Connects, so that it is known at once whether that works. */
  async connect(): Promise<void> {
    this.#session = await connectSmtp(this.#options);
  }

  /**
   * Sends a message as it is. What the server cannot take unchanged is refused here.
   *
   * @param message The message.
   * @returns What became of it.
   */
  async send(message: RestoredMessage): Promise<RestoreReceipt> {
    const form = await formOf(message.content());
    const session = await this.#usable();
    try {
      const options = { ...form, size: message.bytes, lineEnds: "exact" } as const;
      return receiptOf(await session.send(this.#envelope, message.content(), options));
    } catch (error) {
      if (error instanceof SmtpLocalError) {
        return { outcome: "refused", text: `${error.message}; --export writes it to a file` };
      }
      const receipt = error instanceof Error && "receipt" in error
        ? error.receipt
        : session.lastReceipt;
      // The receipt is of this message: the session is made so that one is left by every try.
      if (isReceipt(receipt) && receipt.outcome === "in-doubt") {
        return { outcome: "in-doubt", text: messageOf(error) };
      }
      throw error;
    }
  }

  /** Says QUIT. It never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
  }

  /** A server that is gone is not asked again for each message. */
  async #usable(): Promise<SmtpSession> {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#session?.usable) return this.#session;
    try {
      await this.connect();
    } catch (error) {
      this.#lost = error;
      throw error;
    }
    return await this.#usable();
  }
}

function receiptOf({ outcome, reply, rejected, error }: Receipt): RestoreReceipt {
  const text = reply === undefined ? messageOf(error ?? "no reply") : String(reply);
  switch (outcome) {
    case "accepted":
    case "in-doubt":
      return { outcome, text };
    case "partial": // of LMTP: to send it to all again would give it to some twice
      return {
        outcome: "in-doubt",
        text: `not taken for ${rejected.map(({ recipient }) => String(recipient)).join(", ")}`,
      };
    default:
      return { outcome: "refused", text };
  }
}

/** What a server must offer to take content unchanged. */
async function formOf(content: AsyncIterable<Uint8Array>): Promise<ContentOptions> {
  let eightBit = false;
  let broken = false;
  let column = 0;
  let last = LF;
  for await (const piece of content) {
    for (const octet of piece) {
      if (octet > 127) eightBit = true;
      // A CR without its LF, or an LF without its CR, or NUL: only binary content has them.
      if (octet === 0 || (last === CR) !== (octet === LF)) broken = true;
      column = octet === LF ? 0 : column + 1;
      if (column > MAX_LINE + 1) broken = true;
      last = octet;
    }
  }
  // RFC 3030 section 3: by BDAT it goes without a line end that it does not have.
  if (broken || last !== LF) return { body: "BINARYMIME" };
  return { body: eightBit ? "8BITMIME" : "7BIT" };
}

function isReceipt(value: unknown): value is Receipt {
  return typeof value === "object" && value !== null && "outcome" in value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
