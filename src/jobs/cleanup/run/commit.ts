/**
 * From the first DELE to the answer to QUIT.
 *
 * @module
 */

import type { CommitOutcome, Pop3Session } from "../../../pop3/mod.ts";
import { WireError } from "../../../wire/mod.ts";
import type { BoundItem } from "./bind_items.ts";
import { CleanupError } from "../cleanup_error.ts";
import type { CleanupRun } from "./cleanup_run.ts";
import { type IntentEvent, lineParts } from "../journal/journal_event.ts";
import { connectionError } from "./sessions.ts";

/** Servers hang up after some more, and some apply what was marked before (Q16). */
const MOST_REFUSALS = 5;

/**
 * Marks messages. Nothing is deleted by that.
 *
 * @param run The run.
 * @param session The session that has secured them.
 * @param ready The messages.
 * @returns Those that are marked; `undefined` if the server has refused so often that the connection was
 *   closed, so that nothing is.
 */
export async function markItems(
  { book, progress }: CleanupRun,
  session: Pop3Session,
  ready: readonly BoundItem[],
): Promise<readonly BoundItem[] | undefined> {
  const byNumber = new Map(ready.map((bound) => [bound.no, bound]));
  const marked: BoundItem[] = [];
  let refusals = 0;
  let most = 0;
  for (const result of await session.markDeleted(byNumber.keys())) {
    const bound = byNumber.get(result.no);
    if (bound === undefined) continue;
    refusals = result.ok ? 0 : refusals + 1;
    most = Math.max(most, refusals);
    if (result.ok) marked.push(bound);
    else book.keep(bound.item, "refused", result.reply && `${result.reply}`);
  }
  if (most >= MOST_REFUSALS) {
    session.close();
    for (const { item } of marked) book.keep(item, "not-committed");
    book.warn(`the server has refused DELE ${most} times in a row`);
    return undefined;
  }
  for (const { item } of marked) book.marked(item);
  progress({ stage: "mark", done: marked.length, total: ready.length, octets: 0 });
  return marked;
}

/**
 * Deletes what is marked: the journal knows what is about to happen before QUIT is said, and what has
 * come of it before anybody is told.
 *
 * @param run The run.
 * @param session The session.
 * @param given What is marked, and the plan.
 * @returns What has come of QUIT.
 * @throws {CleanupError} If QUIT was not said, or the journal cannot be written.
 * @throws {WireError} If the connection was lost before QUIT.
 */
export async function commitItems(
  run: CleanupRun,
  session: Pop3Session,
  { marked, planId }: { readonly marked: readonly BoundItem[]; readonly planId: string },
): Promise<"committed" | "partial" | "unknown"> {
  const { journal, signal, book, progress, sessions } = run;
  const total = marked.length;
  progress({ stage: "commit", done: 0, total, octets: 0 });
  let intended = false;
  const outcome = await session.commit({
    beforeQuit: async () => {
      signal?.throwIfAborted();
      await journal.record(...intentsOf(run.runId, planId, marked));
      intended = true;
      sessions.finish();
    },
  });
  if (outcome.kind === "not-committed") {
    if (intended) await journal.record({ event: "not-committed" });
    throw notCommitted(outcome, () => {
      for (const { item } of marked) book.keep(item, "not-committed", `${outcome.reply}`);
    });
  }
  for (const { item } of marked) book.unknown(item);
  await journal.record({ event: outcome.kind });
  if (outcome.kind !== "committed") {
    const seen = outcome.reply === undefined ? "no answer" : `"${outcome.reply}"`;
    book.warn(`QUIT was answered with ${seen}: the next listing tells what is gone`);
    return outcome.kind;
  }
  for (const { item } of marked) book.committed(item);
  progress({ stage: "commit", done: total, total, octets: 0 });
  return outcome.kind;
}

function* intentsOf(
  run: string,
  plan: string,
  marked: readonly BoundItem[],
): Generator<IntentEvent> {
  const groups = Map.groupBy(marked, ({ item: { uid } }) => uid);
  const all = [...groups].map(([uid, group]) => {
    const listed = group[0]?.alike ?? 1;
    return { uid, leaves: listed - group.length };
  });
  for (const marks of lineParts(all)) yield { event: "commit-intent", run, plan, marks };
}

/** A lost connection voids the marks: the messages are tried again. Anything else ends the run. */
function notCommitted({ cause }: CommitOutcome, keep: () => void): unknown {
  if (cause instanceof WireError) return cause;
  const meaning = connectionError(cause);
  if (meaning === cause) return cause;
  keep();
  return meaning instanceof CleanupError ? meaning : cause;
}
