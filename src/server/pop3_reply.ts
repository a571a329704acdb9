/**
 * What a POP3 server answers: yes or no, a response code, a text.
 *
 * The texts are the engine's own. The client has another table; they meet only in octets.
 *
 * @module
 */

import { WireLine } from "../wire/mod.ts";
import type { Answer } from "./answer.ts";
import type { Offer } from "./capabilities.ts";

/** One status line of a POP3 server. */
export interface Pop3ServerReply {
  /** Whether it says `+OK`; if not, `-ERR`. */
  readonly ok: boolean;
  /**
   * The response code (RFC 2449 section 8) without its brackets, for example `IN-USE`; written where
   * the client was told of them.
   */
  readonly code?: string;
  /** The text. Control characters are not possible. */
  readonly text: string;
  /** Whether the session ends with it. @default {false} */
  readonly last?: boolean;
}

/** What a command of POP3 leads to. */
export type MaildropAnswer = Answer<Pop3ServerReply>;

/** A positive reply. */
export function ok(text: string): Pop3ServerReply {
  return { ok: true, text };
}

/** The line of a reply, for a client that was told of `offer`. */
export function pop3ReplyLine({ ok, code, text }: Pop3ServerReply, offer: Offer): WireLine {
  // RFC 3206 section 5: [AUTH] is announced apart from the others.
  const told = offer.has("RESP-CODES") && (code !== "AUTH" || offer.has("AUTH-RESP-CODE"));
  const words = [ok ? "+OK" : "-ERR", code !== undefined && told ? `[${code}]` : "", text];
  return new WireLine(words.filter((word) => word !== "").join(" "));
}
