/**
 * The commands about the messages of a maildrop, without their content: STAT, LIST, UIDL, DELE, RSET.
 *
 * @module
 */

import type { MaildropMessage } from "./pop3_backend.ts";
import { type MaildropAnswer, ok } from "./pop3_reply.ts";
import type { MaildropSession } from "./pop3_session.ts";

/** STAT: RFC 1939 section 5. What is marked does not count. */
export function stat(session: MaildropSession): MaildropAnswer {
  let count = 0;
  let octets = 0;
  for (const [, { size }] of session.messages()) {
    count++;
    octets += size;
  }
  return { replies: [ok(`${count} ${octets}`)] };
}

/** LIST: RFC 1939 section 5. */
export function list(session: MaildropSession, argument: string): MaildropAnswer {
  return tell(session, argument, ({ size }) => String(size));
}

/** UIDL: RFC 1939 section 7. */
export function uidl(session: MaildropSession, argument: string): MaildropAnswer {
  session.demand("UIDL");
  return tell(session, argument, ({ uid }) => uid);
}

/** One fact about one message, or about each. */
function tell(
  session: MaildropSession,
  argument: string,
  fact: (message: MaildropMessage) => string,
): MaildropAnswer {
  if (argument !== "") {
    return { replies: [ok(`${argument} ${fact(session.message(argument))}`)] };
  }
  const messages = [...session.messages()];
  const lines = messages.values().map(([number, message]) => `${number} ${fact(message)}`);
  return { replies: [ok(`${messages.length} messages`)], body: () => session.list(lines) };
}

/** DELE: RFC 1939 section 5. */
export async function dele(session: MaildropSession, argument: string): Promise<MaildropAnswer> {
  const message = session.message(argument);
  await session.demandMaildrop().mark?.(message);
  session.marked.add(message);
  return { replies: [ok("Marked as deleted")] };
}

/** RSET: RFC 1939 section 5. */
export function rset(session: MaildropSession): MaildropAnswer {
  session.marked.clear();
  return { replies: [ok("Nothing is marked")] };
}
