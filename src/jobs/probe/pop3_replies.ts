/**
 * Replies of POP3 for the record (RFC 1939 section 3): a status on one line, and behind that of a
 * listing its rows and a lone dot.
 *
 * @module
 */

import { parsePop3Reply, type Pop3Reply } from "../../pop3/mod.ts";
import type { Heard, ReplyFacts, ReplyReader } from "./reply_reader.ts";
import type { StageName } from "./result.ts";

/** What is answered by rows. Those of TOP are content and come as such. */
const LISTINGS: ReadonlySet<string> = new Set(["CAPA", "LIST", "UIDL"]);

/** Reads the replies of one server of POP3. */
export class Pop3Replies implements ReplyReader {
  #status: ReplyFacts | undefined;

  read(
    text: string,
    asked: { readonly to: string; readonly stage: StageName | undefined } | undefined,
  ): Heard {
    if (this.#status !== undefined) {
      if (text !== ".") return { kind: "row" };
      const reply = this.#status;
      this.#status = undefined;
      return { kind: "reply", refused: false, reply };
    }
    const status = readStatus(text, asked?.stage === "auth");
    if (status === undefined) return { kind: "malformed" };
    if (asked === undefined) return { kind: "unasked" };
    if (status.ok && LISTINGS.has(asked.to)) {
      this.#status = status;
      return { kind: "part", refused: false };
    }
    return { kind: "reply", refused: !status.ok, reply: status };
  }
}

function readStatus(text: string, loggingIn: boolean): ReplyFacts | undefined {
  // Behind the plus of a challenge there may be nothing, also no blank.
  if (loggingIn && /^\+(?: |$)/.test(text)) return { ok: true, text: text.slice(2) };
  let reply: Pop3Reply;
  try {
    reply = parsePop3Reply(text);
  } catch {
    return undefined; // it is no status line, and that is all there is to say
  }
  const { ok, code } = reply;
  return { ok, ...(code === undefined ? {} : { responseCode: code }), text: reply.text };
}
