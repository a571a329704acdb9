/**
 * The course of a session from its first octet to its last, whatever the protocol.
 *
 * @module
 */

import type { SessionEnd } from "./answer.ts";
import type { LineSession } from "./line_session.ts";
import { type ReceivedLine, TimeoutError, TlsError, WireError } from "../wire/mod.ts";

/** What a protocol makes of a session. */
export interface Course<Reply> {
  /** Whether TLS comes before the greeting. */
  readonly implicitTls: boolean | undefined;
  /** Says the first words. */
  greet(): Promise<SessionEnd | undefined>;
  /** Does what a line asks for. */
  obey(line: ReceivedLine): Promise<SessionEnd | undefined>;
  /** Lets go of all that is open. */
  leave(): Promise<void>;
  /** What the client is told when the backend is broken. */
  readonly defect: Reply;
}

/**
 * Serves a session until it ends.
 *
 * @param session The session. Its connection is closed in the end.
 * @param course What is done in it.
 * @returns How it ended; a broken connection is an end like others.
 * @throws The reason of the signal, or what a backend threw that is no refusal.
 */
export async function converse<Reply>(
  session: LineSession<Reply>,
  course: Course<Reply>,
): Promise<SessionEnd> {
  try {
    if (course.implicitTls) await session.secureConnection();
    return await talk(session, course);
  } catch (error) {
    session.settings.signal?.throwIfAborted();
    if (error instanceof TimeoutError) return "timeout";
    if (error instanceof TlsError) return "tls";
    if (error instanceof WireError) return "closed";
    if (session.replyOf(error) !== undefined) return "dismissed";
    throw error;
  } finally {
    await course.leave();
    session.close();
  }
}

async function talk<Reply>(
  session: LineSession<Reply>,
  course: Course<Reply>,
): Promise<SessionEnd> {
  try {
    let end = await course.greet();
    while (end === undefined) {
      const line = await session.line();
      if (line === null) return "closed";
      end = await course.obey(line);
    }
    await session.flush();
    return end;
  } catch (error) {
    if (error instanceof WireError || session.channel.dead) throw error;
    // A defect of the backend, or a line without end: the client is told that it is over.
    session.say(session.replyOf(error) ?? course.defect);
    await session.flush();
    throw error;
  }
}
