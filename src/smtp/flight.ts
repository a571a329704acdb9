/**
 * A message on its way, from being made ready to its receipt.
 *
 * @module
 */

import type { Capabilities } from "./capabilities.ts";
import { cancelContent, type Content, type ContentOptions, prepareContent } from "./content.ts";
import { type Envelope, prepareEnvelope, toForwardPath } from "./envelope.ts";
import type { Receipt, RejectedRecipient } from "./receipt.ts";
import { Transaction } from "./transaction.ts";

/** A message with its envelope. */
export interface OutgoingMessage extends ContentOptions {
  /** Who sends to whom. */
  readonly envelope: Envelope;
  /** What is sent. */
  readonly content: Content;
  /** Sends by BDAT where the server offers CHUNKING. @default Whether the message is binary. */
  readonly chunking?: boolean;
}

/** What a delivery must know of its session. */
export interface DeliveryContext {
  /** Whether each accepted recipient has a final reply of his own. */
  readonly lmtp: boolean;
  /** What the server offers now. */
  capabilities(): Capabilities;
  /** Whether the connection is verified TLS. */
  secure(): boolean;
}

/** One message on its way, or one that we refuse ourselves; both wait for their turn to be told. */
export type Flight<M> =
  | {
    readonly message: M;
    readonly transaction: Transaction;
    /** The octets of commands that it takes in a window; 0 if it goes by itself. */
    readonly room: number;
    /** Why it does not go after all, found out before it was put. */
    failure?: { readonly reason: unknown };
    readonly refusal?: never;
  }
  | { readonly message: M; readonly transaction?: never; readonly refusal: Receipt };

/** A flight that has a transaction. */
export type Transacting<M> = Flight<M> & { readonly transaction: Transaction };

/** The most unanswered octets of commands: less than any server's buffer (RFC 2920 section 3.1). */
export const GROUP_OCTETS: number = 16 * 1024;
/** What RSET and BDAT add to the commands of a transaction that is put as a whole. */
const FRAME_OCTETS = 48;

/**
 * Makes a message ready, or says why this server cannot have it.
 *
 * @param message The message.
 * @param context What the session knows.
 * @param options The server's name, and how many message ends may be unanswered.
 * @returns The flight.
 */
export function prepareFlight<M extends OutgoingMessage>(
  message: M,
  context: DeliveryContext,
  { host, window }: { readonly host: string; readonly window: number },
): Flight<M> {
  try {
    const capabilities = context.capabilities();
    const chunking = (message.chunking ?? message.body === "BINARYMIME") &&
      capabilities.has("CHUNKING");
    const content = prepareContent(message.content, message, capabilities, chunking);
    const secure = context.secure();
    const envelope = prepareEnvelope(message.envelope, content, { capabilities, secure });
    const { policy } = message.envelope;
    const transaction = new Transaction(envelope, content, { policy, chunking });
    // In a window: whole, by BDAT, and whoever is refused is just left out.
    const windowed = window > 1 && chunking && policy === "any" && !context.lmtp &&
      content.whole !== undefined && capabilities.pipelining;
    const octets = windowed ? transaction.commandOctets + FRAME_OCTETS : 0;
    return { message, transaction, room: octets <= GROUP_OCTETS ? octets : 0 };
  } catch (error) {
    const where = { host, tls: context.secure() };
    return { message, refusal: localRefusal(message.envelope, error, where) };
  }
}

/**
 * Lets go of the content of a flight, if it has not been begun.
 *
 * @param flight The flight.
 * @param reason Why.
 */
export async function cancelFlight(
  { message, transaction }: Flight<OutgoingMessage>,
  reason: unknown,
): Promise<void> {
  if (transaction === undefined) await cancelContent(message.content, reason);
  else await transaction.content.cancel(reason);
}

/**
 * The receipt of a message that we do not even try.
 *
 * @param envelope Who was to get it.
 * @param error Why not.
 * @param where The server, and whether the connection is verified TLS.
 * @param retry When to try again.
 * @returns The receipt.
 */
export function localRefusal(
  envelope: Envelope,
  error: unknown,
  where: { readonly host: string; readonly tls: boolean },
  retry: "never" | "later" = "never",
): Receipt {
  const rejected = envelope.to.flatMap((entry): RejectedRecipient[] => {
    const address = typeof entry === "object" && "address" in entry ? entry.address : entry;
    try {
      return [{ recipient: toForwardPath(address), retry }];
    } catch {
      return []; // no address at all: the error says so
    }
  });
  return {
    outcome: "not-sent",
    stage: "mail",
    accepted: [],
    rejected,
    inDoubt: [],
    host: where.host,
    tls: where.tls,
    octets: 0,
    error,
  };
}
