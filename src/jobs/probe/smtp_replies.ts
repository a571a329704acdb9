/**
 * Replies of SMTP and LMTP for the record (RFC 5321 section 4.2): a code on every line, a hyphen behind
 * it on all but the last.
 *
 * @module
 */

import { SmtpReply } from "../../smtp/mod.ts";
import type { Heard, ReplyReader } from "./reply_reader.ts";

/** Reads the replies of one server of SMTP or LMTP. */
export class SmtpReplies implements ReplyReader {
  #code = 0;
  #lines: string[] = [];

  read(text: string, asked: object | undefined): Heard {
    const [, digits, separator, rest = ""] = /^([2-5]\d\d)([ -]?)(.*)$/s.exec(text) ?? [];
    const inside = this.#lines.length > 0;
    if (digits === undefined) return { kind: text === "" && !inside ? "blank" : "malformed" };
    if (asked === undefined) return { kind: "unasked" };
    const code = Number(digits);
    const refused = code >= 400;
    if (inside && code !== this.#code) return { kind: "mixed", refused };
    this.#code = code;
    this.#lines.push(rest);
    if (separator === "-") return { kind: "part", refused };
    const reply = new SmtpReply(code, this.#lines.splice(0));
    return {
      kind: "reply",
      refused,
      reply: {
        ok: !refused,
        code,
        ...(reply.enhanced === undefined ? {} : { enhanced: `${reply.enhanced}` }),
        text: reply.text,
      },
    };
  }
}
