/**
 * The commands about the session itself: CAPA, LANG, NOOP, QUIT.
 *
 * @module
 */

import type { Maildrop } from "./pop3_backend.ts";
import { no } from "./pop3_refusal.ts";
import { type MaildropAnswer, ok, type Pop3ServerReply } from "./pop3_reply.ts";
import type { MaildropSession } from "./pop3_session.ts";

/** CAPA: RFC 2449 section 5. */
export function capa(session: MaildropSession): MaildropAnswer {
  const { lines } = session.offer;
  return { replies: [ok("Capability list follows")], body: () => session.list(lines) };
}

/** LANG: RFC 6856 section 3. The texts are English. */
export function lang(session: MaildropSession, range: string): MaildropAnswer {
  session.demand("LANG");
  if (range === "") {
    const languages = ["en English", "i-default English"];
    return { replies: [ok("Languages follow")], body: () => session.list(languages) };
  }
  const [, tag = range === "*" ? "en" : undefined] = /^(en|i-default)$/i.exec(range) ?? [];
  if (tag === undefined) throw no("This language is not available");
  return { replies: [ok(`${tag.toLowerCase()} The language is English`)] };
}

/** NOOP: RFC 1939 section 5. */
export function noop(): MaildropAnswer {
  return { replies: [ok("Nothing done")] };
}

/** QUIT: RFC 1939 section 6. From the TRANSACTION state it leads through the UPDATE state. */
export async function quit(session: MaildropSession): Promise<MaildropAnswer> {
  const { maildrop } = session;
  const reply = maildrop === undefined ? goodbye(session) : await update(session, maildrop);
  return { replies: [reply], next: () => Promise.resolve("quit") };
}

/** Whether all is removed or not, the lock is released and the session over. */
async function update(session: MaildropSession, maildrop: Maildrop): Promise<Pop3ServerReply> {
  // RFC 2449 section 6.7: with EXPIRE 0, RETR is an implicit DELE.
  const [retention] = session.offer.parameters("EXPIRE");
  const removed = retention === "0" ? session.marked.union(session.retrieved) : session.marked;
  try {
    const left = await maildrop.update([...removed]);
    return left === 0 ? goodbye(session) : no("Some deleted messages not removed").reply;
  } catch (error) {
    const reply = session.replyOf(error);
    if (reply === undefined) throw error;
    return reply;
  } finally {
    await session.leave();
  }
}

function goodbye({ backend: { hostname } }: MaildropSession): Pop3ServerReply {
  return ok(`${hostname} closing the connection`);
}
