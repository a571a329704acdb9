/**
 * From options to the cleanup of a mailbox: its folder is locked, and its journal read.
 *
 * @module
 */

import { systemClock } from "../../wire/mod.ts";
import { denoFileStore } from "../deno_file_store.ts";
import { joinPath } from "../file_path.ts";
import { lockHolder } from "../lock_holder.ts";
import { CleanupError } from "./cleanup_error.ts";
import type { CleanupOptions } from "./cleanup_options.ts";
import { writing } from "./failure.ts";
import { CleanupJob } from "./job.ts";
import { settingsOf } from "./job_settings.ts";
import { CleanupJournal } from "./journal/cleanup_journal.ts";

/**
 * Opens the cleanup of a mailbox: takes its folder and reads its journal.
 *
 * @param options Which mailbox, and how to reach it.
 * @returns The cleanup. Hold it with `await using`.
 * @throws {CleanupError} If another run has the folder, its journal cannot be used, or it is of another
 *   mailbox.
 * @throws {PolicyError} If something is wrong with the policy.
 *
 * @example Usage
 * ```ts
 * import { connectPop3, memoryPair, pop3CapabilityLists, Secret, servePop3 } from "@mailwright/mailwright";
 * import { age, definePolicy, eml, openCleanup, remove } from "@mailwright/mailwright/jobs";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * // A server in memory; `connectPop3({ url: "pop3s://mail.example", auth })` is the usual way.
 * const content = new TextEncoder().encode("Date: Mon, 5 May 2025 12:00:00 +0000\r\n\r\nHello\r\n");
 * const mails = [{ uid: "a1", size: content.length, read: () => [content] }];
 * const password = new Secret("pencil");
 * async function connect() {
 *   const [connection, theirs] = memoryPair();
 *   servePop3(theirs, {
 *     hostname: "pop.example",
 *     credentials: { password: () => password },
 *     open: () => ({ messages: [...mails], update: ({ length }) => (mails.splice(0, length), 0), close() {} }),
 *   }, { capabilities: pop3CapabilityLists({ startTls: true, mechanisms: ["PLAIN"] }) });
 *   return await connectPop3({ connection, auth: { user: "ann", password } });
 * }
 *
 * const folder = "tests/.tmp/ann";
 * const policy = definePolicy({
 *   rules: [remove("old", age.over("90d"), { archive: "old" })],
 *   guards: { maxFraction: 1, keepAtLeast: 0 },
 *   archives: { old: eml("archive") },
 * });
 * {
 *   const account = "ann@mail.example:995";
 *   await using job = await openCleanup({ account, folder, base: folder, connect, policy });
 *   const plan = await job.plan();
 *   deepEqual(plan.items.map(({ uid, archive }) => `${uid}: ${archive}`), ["a1: old"]);
 *   equal(mails.length, 1); // nothing has changed so far
 *   const report = await job.apply(plan.planId);
 *   equal(report.counts.verified, 1);
 *   equal(mails.length, 0);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function openCleanup(options: CleanupOptions): Promise<CleanupJob> {
  const { folder, store = denoFileStore, clock = systemClock } = options;
  const lockPath = joinPath(folder, "lock");
  const lock = await writing(lockPath, async () => {
    await store.makeFolder(folder);
    return await store.lock(lockPath);
  });
  if (lock === undefined) {
    const seen = `another run has it${await lockHolder(store, lockPath)}`;
    throw new CleanupError("busy", `Cannot open "${folder}": ${seen}`);
  }
  using stack = new DisposableStack();
  stack.use(lock);
  const path = joinPath(folder, "journal.jsonl");
  const journal = stack.use(
    await writing(path, () => CleanupJournal.open(store, path, clock)),
  );
  const job = new CleanupJob(settingsOf(options, journal.state.account), lock, journal);
  stack.move();
  return job;
}
