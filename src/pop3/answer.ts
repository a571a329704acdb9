/**
 * What came of a command: its value, or why there is none.
 *
 * @module
 */

import type { Pop3Command } from "./commands.ts";
import { type Pop3Error, Pop3ReplyError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { MsgNo } from "./message_number.ts";
import type { Pop3Reply } from "./reply.ts";

/** What came of one command. */
export type Pop3Answer<T> =
  | {
    /** The server said `+OK`, and what it said makes sense. */
    readonly ok: true;
    /** The status line. */
    readonly reply: Pop3Reply;
    /** What it answered. */
    readonly value: T;
  }
  | {
    /** There is no value. */
    readonly ok: false;
    /** The status line: `+OK` too, where what follows makes no sense. */
    readonly reply: Pop3Reply;
    /** The same as an error, to be thrown or kept. */
    readonly error: Pop3ReplyError;
  };

/** What came of one message, where one command was said about many. */
export type Pop3Item<T> =
  | {
    /** The server said `+OK`. */
    readonly ok: true;
    /** The message. */
    readonly no: MsgNo;
    /** The status line. */
    readonly reply: Pop3Reply;
    /** What it answered. */
    readonly value: T;
  }
  | {
    /** There is no value. */
    readonly ok: false;
    /** The message. */
    readonly no: MsgNo;
    /** The status line; `undefined` where nothing was said, after many refusals in a row. */
    readonly reply: Pop3Reply | undefined;
    /** The same as an error, to be thrown or kept. */
    readonly error: Pop3Error;
  };

/**
 * Says a command and reads what a positive status brings.
 *
 * @param exchange Where to speak.
 * @param command The command.
 * @param read Reads it. `rest` is what stands behind the status; `refuse` makes the error for content
 *   that makes no sense.
 * @param sent Whether the command is said already, so that only its answer is due.
 * @returns What came of it.
 */
export async function ask<T>(
  exchange: Exchange,
  command: Pop3Command,
  read: (rest: string, refuse: (problem: string) => Pop3ReplyError) => T | Promise<T>,
  sent: boolean = false,
): Promise<Pop3Answer<T>> {
  const { host, timers } = exchange;
  const reply = sent
    ? await exchange.reply(command.verb, timers[command.timer])
    : await exchange.say(command);
  const fail = (options: { problem?: string } = {}): Pop3ReplyError =>
    new Pop3ReplyError(command.line.shown, reply, { host, ...options }).at(exchange.context);
  if (!reply.ok) return { ok: false, reply, error: fail() };
  try {
    const refuse = (problem: string): Pop3ReplyError => fail({ problem: exchange.hide(problem) });
    return { ok: true, reply, value: await read(exchange.lastRest, refuse) };
  } catch (error) {
    if (error instanceof Pop3ReplyError) return { ok: false, reply, error };
    throw error;
  }
}
