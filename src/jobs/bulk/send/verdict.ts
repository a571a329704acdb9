/**
 * From the receipt of a message to the state of its row.
 *
 * @module
 */

import type { Receipt, SmtpReply } from "../../../smtp/mod.ts";
import { WireError } from "../../../wire/mod.ts";
import { waitMs, type WaitOptions } from "../../pace.ts";
import type { RowOutcome } from "../journal/journal.ts";

/** When deferred rows are tried again. */
export interface RetryOptions extends WaitOptions {
  /** How often a row is tried in all. */
  readonly attempts: number;
}

/** What a row has gone through. */
export interface Tried {
  /** The row. */
  readonly id: number;
  /** Which attempt it was. */
  readonly attempt: number;
  /** How long the server took for the end of the message, in milliseconds. */
  readonly ms: number | undefined;
}

/** Stages before anything of the message itself was said. */
const BEFORE: ReadonlySet<string> = new Set(["connect", "greeting", "hello", "tls", "auth"]);

/** Whether a message never came as far as its envelope, and nothing was said about it. */
export function isUnbegun(receipt: Receipt): boolean {
  const { outcome, stage, reply } = receipt;
  if (asksForLogin(receipt)) return true;
  if (outcome !== "not-sent" || isUnsendable(receipt)) return false;
  return BEFORE.has(stage) || (stage === "mail" && reply === undefined);
}

/** Whether the refusal is about who sends, and the same for every message (RFC 4954 section 6). */
export function asksForLogin({ stage, reply }: Receipt): boolean {
  return stage === "mail" && wantsLogin(reply?.code);
}

/** Whether a code says that somebody has to log in, or better than now (RFC 4954 section 6). */
export function wantsLogin(code: number | undefined): boolean {
  return code === 530 || code === 538;
}

/** Whether a message that was not sent never can be. Where nobody is rejected, there is no address. */
function isUnsendable({ rejected }: Receipt): boolean {
  return rejected.length === 0 || rejected.some(({ retry }) => retry === "never");
}

/** Whether a message was refused for good, by the server or before: its row fails. */
export function isRefusal(receipt: Receipt): boolean {
  const { outcome } = receipt;
  if (asksForLogin(receipt)) return false;
  return outcome === "refused" || outcome === "not-sent" && isUnsendable(receipt);
}

/**
 * Makes an outcome of a receipt.
 *
 * @param receipt What became of the message.
 * @param tried What the row has gone through.
 * @param retry When deferred rows are tried again.
 * @param nowMs The wall time, in milliseconds since 1970.
 * @returns What becomes of the row.
 */
export function outcomeOf(
  receipt: Receipt,
  { id, attempt, ms }: Tried,
  retry: RetryOptions,
  nowMs: number,
): RowOutcome {
  const { outcome, stage, queueId, error, rejected } = receipt;
  const reply = receipt.reply ?? rejected.find((each) => each.reply !== undefined)?.reply;
  // Where no answer decided it, the last reply was about something else.
  const words = outcome === "in-doubt" || outcome === "not-sent"
    ? wordsOf(undefined, error ?? "no answer came")
    : wordsOf(reply, error);
  const seen = { id, stage, ...(ms !== undefined && { ms }), ...words };
  // "Partial" is never said of one recipient.
  if (outcome === "accepted" || outcome === "partial") {
    return { ...seen, state: "accepted", ...(queueId !== undefined && { queueId }) };
  }
  if (outcome === "in-doubt") return { ...seen, state: "in_doubt" };
  if (isRefusal(receipt)) return { ...seen, state: "failed" };
  if (asksForLogin(receipt)) return { ...seen, state: "pending" };
  if (outcome === "not-sent") {
    const broken = stage === "mail" && error instanceof WireError;
    if (isUnbegun(receipt) && !broken) return { ...seen, state: "pending" };
  }
  // Deferred; or the connection broke in its turn, and it may be the message that breaks it (T-B20).
  if (attempt < retry.attempts) {
    return { ...seen, state: "deferred", notBeforeMs: Math.round(nowMs + waitMs(attempt, retry)) };
  }
  const text = `given up after ${attempt} attempts: ${seen.text ?? "no answer"}`;
  return { ...seen, state: "failed", text };
}

function wordsOf(
  reply: SmtpReply | undefined,
  error: unknown,
): Pick<RowOutcome, "code" | "enhanced" | "text"> {
  if (reply === undefined) {
    return error === undefined ? {} : { text: error instanceof Error ? error.message : `${error}` };
  }
  const enhanced = reply.enhanced;
  return {
    code: reply.code,
    ...(enhanced !== undefined && { enhanced: enhanced.toString() }),
    text: reply.text,
  };
}
