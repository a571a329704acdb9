/**
 * The commands that give content: RETR and TOP.
 *
 * @module
 */

import { WireLine } from "../wire/mod.ts";
import { BodyStuffer } from "./body_stuffer.ts";
import type { Chunks } from "./pop3_backend.ts";
import { no } from "./pop3_refusal.ts";
import { type MaildropAnswer, ok } from "./pop3_reply.ts";
import type { MaildropSession } from "./pop3_session.ts";
import { TopCutter } from "./top_cutter.ts";

/** A backend may give a message in one piece; it is written in pieces of this many octets. */
const PIECE = 64 * 1024;

/** RETR: RFC 1939 section 5. */
export async function retr(session: MaildropSession, number: string): Promise<MaildropAnswer> {
  const maildrop = session.demandMaildrop();
  const message = session.message(number);
  const chunks = await message.read();
  return {
    replies: [ok(`${message.size} octets`)],
    body: async () => {
      await writeBody(session, chunks);
      session.retrieved.add(message);
      await maildrop.retrieved?.(message);
    },
  };
}

/** TOP: RFC 1939 section 7. */
export async function top(session: MaildropSession, argument: string): Promise<MaildropAnswer> {
  session.demand("TOP");
  const [, number, lines] = /^(\d+) (\d{1,9})$/.exec(argument) ?? [];
  if (number === undefined) throw no("Send TOP message lines");
  const chunks = await session.message(number).read();
  return {
    replies: [ok("The top of the message")],
    body: () => writeBody(session, beginning(chunks, Number(lines))),
  };
}

async function* beginning(chunks: Chunks, lines: number): AsyncGenerator<Uint8Array> {
  const cutter = new TopCutter(lines);
  for await (const chunk of chunks) {
    yield cutter.push(chunk);
    if (cutter.ended) return;
  }
}

async function writeBody(session: MaildropSession, chunks: Chunks): Promise<void> {
  const stuffer = new BodyStuffer();
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        await session.write(stuffer.push(chunk.subarray(at, at + PIECE)));
      }
    }
    await session.write(stuffer.end());
    session.channel.put(new WireLine("."));
  } catch (error) {
    // Part of a message is out: no word of ours may follow, or the client would take it for the rest.
    throw session.channel.kill(error);
  }
}
