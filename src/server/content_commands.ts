/**
 * The commands that carry content: DATA and BDAT.
 *
 * @module
 */

import { DataReader } from "./data_reader.ts";
import { RefusalError } from "./errors.ts";
import { badSequence, badSyntax, refusal } from "./refusal.ts";
import { isPositive, reply, type ServerReply } from "./reply.ts";
import type { Answer, SessionEnd } from "./answer.ts";
import type { ServerSession } from "./session.ts";
import { OverrunError, TOO_LARGE, Transaction } from "./transaction.ts";

/** DATA: RFC 5321 section 4.1.1.4. */
export async function data(session: ServerSession, argument: string): Promise<Answer> {
  if (argument !== "") throw badSyntax("DATA takes no parameter");
  const transaction = demandRecipients(session);
  if (transaction.begun) throw badSequence("DATA and BDAT do not mix");
  // RFC 3030 section 3: binary content cannot end in a dot.
  if (transaction.sender.body === "BINARYMIME") throw badSequence("BINARYMIME needs BDAT");
  try {
    transaction.begin(await session.backend.message(transaction, session.facts));
  } catch (error) {
    await session.reset();
    throw error;
  }
  return {
    replies: [reply(354, undefined, "Send the message, end with a lone dot")],
    next: () => readData(session, transaction),
  };
}

async function readData(
  session: ServerSession,
  transaction: Transaction,
): Promise<SessionEnd | undefined> {
  const { channel, settings: { limits, strict } } = session;
  const reader = new DataReader({ strict });
  await session.flush();
  session.patience.total("message", limits.messageMs);
  try {
    while (!reader.ended) {
      if (channel.buffered === 0) await session.fill();
      const content = reader.push(channel.peek());
      channel.take(reader.consumed);
      if (reader.breach !== undefined) await transaction.refuse(breach(reader.breach));
      await write(session, transaction, content);
    }
  } catch (error) {
    return overrun(session, error);
  } finally {
    session.patience.total("message", undefined);
  }
  return await session.perform(
    { verb: ".", argument: "" },
    () => finish(session, transaction),
    () => session.reset(),
  );
}

/** BDAT: RFC 3030 section 2. The octets are read before anything is said about them. */
export async function bdat(
  session: ServerSession,
  argument: string,
): Promise<SessionEnd | undefined> {
  const seen = { verb: "BDAT", argument };
  const refuse = (error: RefusalError): Promise<SessionEnd | undefined> =>
    session.perform(seen, () => Promise.reject(error));
  const match = /^(\d{1,15})(?: +(LAST))?$/i.exec(argument);
  if (match === null) {
    // How many octets follow is unknown, so what comes next cannot be told from commands.
    return await refuse(badSyntax("Send BDAT octets [LAST]")) ?? "dismissed";
  }
  const size = Number(match[1]);
  const last = match[2] !== undefined;
  const { transaction, problem } = await openChunk(session);
  try {
    await readChunk(session, transaction, size);
  } catch (error) {
    return overrun(session, error);
  }
  if (problem !== undefined) return await refuse(problem);
  return await session.perform(
    seen,
    async () => {
      if (last) return await finish(session, transaction);
      if (transaction.failed) await transaction.finish();
      return { replies: [reply(250, "2.0.0", `${size} octets received`)] };
    },
    // A chunk that did not count spoils the message (RFC 3030 section 2).
    () => transaction.refuse(SPOILED),
  );
}

const SPOILED: ServerReply = badSequence("An earlier BDAT failed, send RSET").reply;

/** The transaction a chunk belongs to; where it must not come, one that takes and forgets it. */
async function openChunk(
  session: ServerSession,
): Promise<{ readonly transaction: Transaction; readonly problem?: RefusalError }> {
  try {
    session.demand("CHUNKING");
    const transaction = demandRecipients(session);
    if (transaction.failed) throw new RefusalError(SPOILED);
    if (!transaction.begun) {
      transaction.begin(await session.backend.message(transaction, session.facts));
    }
    return { transaction };
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    await session.transaction?.refuse(error.reply);
    return { transaction: new Transaction({ address: "" }), problem: error };
  }
}

async function readChunk(
  session: ServerSession,
  transaction: Transaction,
  size: number,
): Promise<void> {
  const { channel, settings: { limits } } = session;
  session.patience.total("message", limits.messageMs);
  try {
    for (let left = size; left > 0;) {
      if (channel.buffered === 0) await session.fill();
      const part = channel.take(left);
      left -= part.length;
      await write(session, transaction, part);
    }
  } finally {
    session.patience.total("message", undefined);
  }
}

async function write(
  session: ServerSession,
  transaction: Transaction,
  chunk: Uint8Array,
): Promise<void> {
  const overrun = session.settings.limits.overrunOctets;
  await transaction.write(chunk, { most: session.largest, overrun });
}

async function finish(session: ServerSession, transaction: Transaction): Promise<Answer> {
  session.transaction = undefined;
  const replies = await finalReplies(transaction);
  if (replies.some(isPositive)) {
    session.messages++;
    session.commands = 0;
  }
  if (session.settings.protocol === "smtp") return { replies: replies.slice(0, 1) };
  // RFC 2033 section 4.2: one for each accepted recipient, in their order.
  return {
    replies: transaction.recipients.flatMap((_, index) => replies[index] ?? replies[0] ?? []),
  };
}

async function finalReplies(transaction: Transaction): Promise<readonly ServerReply[]> {
  try {
    return await transaction.finish();
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return [error.reply];
  }
}

/** Content without end: the reason is said, and the session is over. */
async function overrun(session: ServerSession, error: unknown): Promise<SessionEnd> {
  if (!(error instanceof OverrunError)) throw error;
  await session.perform(
    { verb: ".", argument: "" },
    () => Promise.reject(new RefusalError(TOO_LARGE)),
  );
  return "dismissed";
}

function demandRecipients(session: ServerSession): Transaction {
  const { transaction } = session;
  if (transaction === undefined) throw badSequence("Send MAIL first");
  if (transaction.recipients.length > 0) return transaction;
  // RFC 2033 section 4.2 asks for 503 where RFC 5321 section 3.3 leaves the choice.
  throw session.settings.protocol === "lmtp"
    ? badSequence("No valid recipients")
    : refusal(554, "5.5.1", "No valid recipients");
}

function breach(what: string): ServerReply {
  return reply(554, "5.6.11", `The message holds a ${what}, which is refused`);
}
