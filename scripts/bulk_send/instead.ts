/**
 * What can be done instead of sending: one message to oneself, or files.
 *
 * @module
 */

import { EXIT, ValidationError } from "../../src/cli/mod.ts";
import type { BulkMessage, NewRow } from "../../src/jobs/mod.ts";
import { type ConnectOptions, connectSmtp, type Outcome } from "../../src/smtp/mod.ts";
import type { SavedDialogue } from "./saved_dialogue.ts";

/** Which messages. */
export interface MessagesOf {
  /** The rows. */
  readonly rows: AsyncIterable<NewRow>;
  /** Makes their messages. */
  readonly message: BulkMessage;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/** What is left out. */
export interface DryRun {
  /** How many messages are written at most. */
  readonly limit: number;
  /** Addresses that are not written to, as rows have them for their key. */
  readonly skipped: Iterable<string>;
}

/**
 * Writes messages into files.
 *
 * @param folder The folder. It is made if it is missing, and must be empty.
 * @param of Which messages, and how many at most.
 * @returns How many were written.
 */
export async function writeMessages(
  folder: string,
  { rows, message, limit, skipped, signal }: MessagesOf & DryRun,
): Promise<number> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  for await (const { name } of Deno.readDir(folder)) {
    throw new ValidationError(
      `Cannot use --dry-run "${folder}": it is not empty, it has "${name}"`,
    );
  }
  const dateMs = Date.now();
  const left = new Set([...skipped].map(folded));
  const seen = new Set<string>();
  let written = 0;
  for await (const { line, recipient, key, fields } of rows) {
    if (written >= limit) break;
    if (seen.has(key) || left.has(folded(key))) continue;
    seen.add(key);
    signal.throwIfAborted();
    const path = `${folder}/line-${`${line}`.padStart(7, "0")}.eml`;
    const octets = message.render({ recipient, fields, dateMs });
    await Deno.writeFile(path, octets, { createNew: true, mode: 0o600 });
    written++;
  }
  return written;
}

/** Where it goes. */
export interface TestRun {
  /** The server. */
  readonly session: ConnectOptions;
  /** Where the session is kept. */
  readonly saved: SavedDialogue | undefined;
}

/** A key without its case, as journals compare those that are left out: that of ASCII. */
function folded(key: string): string {
  return key.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** What has become of a test. */
export interface TestEnd {
  /** In a word. */
  readonly outcome: Outcome;
  /** The answer that decided it, or what went wrong. */
  readonly said: string;
}

/** The exit number of a test. It has one recipient, so `partial` never comes. */
export const EXIT_OF_TEST: Readonly<Record<Outcome, number>> = {
  accepted: EXIT.bulk_send.ok,
  partial: EXIT.bulk_send.ok,
  refused: EXIT.bulk_send.failed,
  deferred: EXIT.bulk_send.failure,
  "not-sent": EXIT.bulk_send.failure,
  "in-doubt": EXIT.bulk_send.doubt,
};

/**
 * Sends the message of the first row to another address.
 *
 * @param to The address.
 * @param of Which messages, and the server.
 * @returns What has become of it.
 */
export async function sendTest(
  to: string,
  { rows, message, session, signal, saved }: MessagesOf & TestRun,
): Promise<TestEnd> {
  for await (const { fields } of rows) {
    const row = { recipient: to, fields, firstClaimMs: Date.now() };
    const { envelope, content, ...options } = await message.outgoing(row);
    await using smtp = await connectSmtp({ ...session, signal, onEvent: saved?.session.listen() });
    const { outcome, reply, rejected, error } = await smtp.send(envelope, content, options);
    const answer = reply ?? rejected[0]?.reply;
    const reason = error instanceof Error ? error.message : outcome;
    return { outcome, said: answer === undefined ? reason : `${answer}` };
  }
  throw new ValidationError("Cannot send a test: the list has no rows");
}
