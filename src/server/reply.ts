/**
 * What a server answers: a code, an enhanced status code, a text.
 *
 * The texts are the engine's own. The client has another table; they meet only in octets.
 *
 * @module
 */

import { WireLine } from "../wire/mod.ts";

/** One reply of a server. */
export interface ServerReply {
  /** Three digits. */
  readonly code: number;
  /** The enhanced status code (RFC 3463), for example `2.1.5`; written where the client was told of them. */
  readonly status?: string;
  /** The text; a list makes a reply of several lines. Control characters are not possible. */
  readonly text: string | readonly string[];
}

/** A reply as a value. */
export function reply(
  code: number,
  status: string | undefined,
  text: string | readonly string[],
): ServerReply {
  return status === undefined ? { code, text } : { code, status, text };
}

/** Whether a reply says yes. */
export function isPositive({ code }: ServerReply): boolean {
  return code >= 200 && code < 300;
}

/** The lines of a reply. */
export function replyLines(
  { code, status, text }: ServerReply,
  { enhanced }: { readonly enhanced: boolean },
): WireLine[] {
  const lines = typeof text === "string" ? [text] : text;
  // RFC 2034 section 4: the status stands on every line.
  const words = enhanced && status !== undefined ? `${status} ` : "";
  return lines.map((line, index) =>
    new WireLine(`${code}${index < lines.length - 1 ? "-" : " "}${words}${line}`)
  );
}
