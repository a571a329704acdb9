/**
 * Messages sent over a script: what was told of them, what was thrown, what it cost.
 *
 * @module
 */

import type { DeliveryOptions, OutgoingMessage } from "../../src/smtp/delivery.ts";
import type { Envelope } from "../../src/smtp/envelope.ts";
import type { Receipt } from "../../src/smtp/receipt.ts";
import type { SessionOptions } from "../../src/smtp/session.ts";
import { greeted } from "./scripted_session.ts";

/** What came of it. */
export interface Deliveries {
  readonly receipts: readonly Receipt[];
  /** What was thrown, or `undefined`. */
  readonly error: unknown;
  /** How many writes it took, EHLO not counted. */
  readonly writes: number;
  /** What the server heard. */
  readonly heard: string;
  /** Whether the session could go on. */
  readonly usable: boolean;
}

/** How it is sent. */
export interface Ways extends DeliveryOptions {
  readonly session?: Partial<SessionOptions>;
  readonly signal?: AbortSignal;
}

/** The content of {@linkcode mailTo}: 13 octets. */
export const SMALL = "Subject: hi\r\n";

/** A small message to some recipients. */
export function mailTo(
  to: Envelope["to"],
  more: Partial<OutgoingMessage> & { readonly policy?: Envelope["policy"] } = {},
): OutgoingMessage {
  const { policy = "any", ...rest } = more;
  return { envelope: { from: "ann@client.example", to, policy }, content: SMALL, ...rest };
}

/**
 * Sends messages with `sendAll` and compares what the server heard with the script.
 *
 * @param offered What the server offers, as in {@linkcode greeted}.
 * @param script What follows EHLO.
 * @param messages The messages.
 * @param ways How.
 */
export async function sendOver(
  offered: string,
  script: string,
  messages: Iterable<OutgoingMessage> | AsyncIterable<OutgoingMessage>,
  { session: options, ...ways }: Ways = {},
): Promise<Deliveries> {
  await using made = await greeted(offered, script, options);
  const { session } = made;
  const before = session.turns.writes;
  const receipts: Receipt[] = [];
  let error: unknown;
  try {
    for await (const receipt of session.sendAll(messages, ways)) receipts.push(receipt);
  } catch (thrown) {
    error = thrown;
  }
  const { usable } = session;
  const writes = session.turns.writes - before;
  session.close();
  await made.done;
  return { receipts, error, writes, heard: made.heard(), usable };
}

/** The addresses of some recipients of a receipt, in order. */
export function names(recipients: Receipt["accepted"] | Receipt["rejected"]): string[] {
  return recipients.map(({ recipient }) => `${recipient}`);
}
