/**
 * What came of a dialogue, as data.
 *
 * @module
 */

import type { TranscriptEvent } from "../wire/mod.ts";
import type { End, Position } from "./step.ts";

/** What did not happen as it was written: the run met somebody who behaves otherwise. */
export type ExpectationId =
  | "reply-code"
  | "enhanced-code"
  | "reply-text"
  | "reply-shape"
  | "missing-capability"
  | "forbidden-text"
  | "hole-mismatch"
  | "capture-failed"
  | "client-line"
  | "content"
  | "unread-input"
  | "spoke-in-silence"
  | "not-closed"
  | "injection";

/** What kept a dialogue from being played to its end. */
export type BreakdownId =
  | "unexpected-close"
  | "timeout"
  | "connect"
  | "tls-handshake"
  | "limit"
  | "cleartext-auth";

/** What went wrong. */
export type DialogueFailureId = ExpectationId | BreakdownId;

/** One thing that went wrong. Texts of the peer are escaped, cut and without secrets. */
export interface DialogueFailure {
  /** What kind of thing. */
  readonly id: DialogueFailureId;
  /** The step that failed, in the file. */
  readonly at: Position;
  /** The label of the step, if it has one. */
  readonly label?: string;
  /** What was expected. */
  readonly expected: string;
  /** What was seen. */
  readonly actual: string;
  /** In one sentence. */
  readonly message: string;
  /** The line that was said, where one was. */
  readonly said?: string;
  /** The last command before it, as it may be shown. */
  readonly after?: string;
  /** How long was waited for it, in milliseconds. */
  readonly waitedMs: number;
  /** The limit that held, in milliseconds. */
  readonly limitMs?: number;
  /** What had arrived and was not read. */
  readonly unread?: string;
}

/** A reply, as it was heard or said. */
export interface DialogueReply {
  /** The code; in POP3 the indicator. */
  readonly code: number | "+OK" | "-ERR" | "+";
  /** What stands behind the code, line by line; in POP3 the further lines as well. */
  readonly lines: readonly string[];
  /** The command it answers, as it may be shown; nothing for a greeting. */
  readonly to?: string;
  /** Where it was expected; nothing where no step named it. */
  readonly at?: Position;
  /** The label of its step. */
  readonly label?: string;
}

/** What became of a recipient. */
export interface DialogueRecipient {
  /** The address, as it was written between the brackets. */
  readonly address: string;
  /** The reply that decided: to RCPT, or, where content is answered for each, to the content. */
  readonly reply: DialogueReply;
}

/**
 * The value of a hole: a number where it is written as one, a list where it was bound in a loop, one
 * for each turn.
 */
export type DialogueValue = string | number | readonly (string | number)[];

/** What came of a dialogue at one end. */
export interface DialogueResult {
  /** The name of the dialogue. */
  readonly name: string;
  /** The file it is from; `""` if it is from none. */
  readonly file: string;
  /** Which end this was. */
  readonly role: End;
  /**
   * - `passed`: all was as written.
   * - `failed`: something was not as expected.
   * - `error`: it could not be played to its end.
   * - `skipped`: a required capability is not there.
   */
  readonly status: "passed" | "failed" | "error" | "skipped";
  /** Why it was skipped. */
  readonly reason?: string;
  /** Whether mail reached all recipients, some, none, or whether none was tried. */
  readonly delivery: "all" | "partial" | "none" | "untried";
  /** What the holes took. Secrets are not among them. */
  readonly vars: Readonly<Record<string, DialogueValue>>;
  /** The name of the arm that ran. */
  readonly outcome?: string;
  /** The recipients, in order. */
  readonly recipients: readonly DialogueRecipient[];
  /** All replies, in order. */
  readonly replies: readonly DialogueReply[];
  /** What went wrong; the first one decided, the others were soft. */
  readonly failures: readonly DialogueFailure[];
  /** What was said, without secrets. */
  readonly transcript: readonly TranscriptEvent[];
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

const BREAKDOWNS: ReadonlySet<string> = new Set<BreakdownId>([
  "unexpected-close",
  "timeout",
  "connect",
  "tls-handshake",
  "limit",
  "cleartext-auth",
]);

/**
 * Whether a failure says that the dialogue could not be played, and not that a peer is otherwise.
 *
 * @param id What went wrong.
 * @returns Whether it is a breakdown.
 *
 * @example Usage
 * ```ts
 * import { isBreakdown } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * equal(isBreakdown("timeout"), true);
 * equal(isBreakdown("reply-code"), false);
 * ```
 */
export function isBreakdown(id: DialogueFailureId): id is BreakdownId {
  return BREAKDOWNS.has(id);
}

/** A dialogue that did not pass. The result tells all. */
export class DialogueError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "DialogueError";
  /** The result of the end that failed. */
  readonly result: DialogueResult;

  /**
   * Makes one of a result.
   *
   * @param result A result with at least one failure.
   *
   * @example Usage
   * ```ts
   * import { parseDialogue, runDialogue } from "@mailwright/mailwright/dialogue";
   * import { memoryPair } from "@mailwright/mailwright/wire";
   * import { rejects } from "node:assert/strict";
   *
   * const [connection, server] = memoryPair();
   * await server.write(new TextEncoder().encode("421 mx busy\r\n"));
   * server.close();
   * const run = runDialogue(parseDialogue("@smtp\nS: 220 ready\n"), { connection });
   * await rejects(run, { name: "DialogueError", message: /expected 220, server said 421/ });
   * ```
   */
  constructor(result: DialogueResult) {
    super(result.failures[0]?.message ?? `Cannot pass the dialogue "${result.name}"`);
    this.result = result;
  }
}
