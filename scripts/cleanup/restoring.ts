/**
 * `restore`, and what it shares with the other verbs that ask no mailbox.
 *
 * @module
 */

import { EXIT, loadPalette, ValidationError } from "../../src/cli/mod.ts";
import {
  type CleanupJob,
  type CleanupOptions,
  openCleanup,
  type RestoreReport,
} from "../../src/jobs/mod.ts";
import { parseAddress } from "../../src/message/mod.ts";
import type { RestoreCall } from "./calls.ts";
import { type ConnectionContext, smtpOptions } from "./connection.ts";
import { readPolicy } from "./policy_file.ts";
import { JobProgress } from "./progress.ts";
import { isBack, restoreText } from "./report_text.ts";
import { Resender } from "./resender.ts";

/**
 * Gives messages back.
 *
 * @param call What was typed.
 * @param what Which messages.
 * @param context The rest.
 * @returns The exit number.
 */
export async function restoreMessages(
  call: RestoreCall,
  what: string,
  context: ConnectionContext,
): Promise<number> {
  const { smtp, to = [], from = to[0], export: folder } = call;
  if ((smtp === undefined) === (folder === undefined)) {
    fail("Cannot restore: expected --smtp URL or --export FOLDER");
  }
  if (smtp !== undefined && to.length === 0) fail("Cannot restore by mail: --to is missing");
  for (const address of [from ?? [], to].flat()) checkAddress(address);
  const { io } = context;
  const policy = await readPolicy(call.policy);
  await using resender = smtp === undefined || from === undefined
    ? undefined
    : new Resender(await smtpOptions(call, smtp, context), { from, to });
  const progress = new JobProgress(io.err, { quiet: call.quiet ?? false });
  await using job = await openExisting({
    ...policy,
    folder: call.job,
    signal: io.signal,
    onProgress: (each) => progress.hear(each),
  });
  await resender?.connect();
  const report = await job.restore(
    { id: belowBase(what, policy.base) },
    resender === undefined || from === undefined ? { folder: folder ?? "." } : {
      send: (message) => resender.send(message),
      ...(call.exact ? {} : { resent: { from, to } }),
      ...(call.again && { again: true }),
    },
  );
  await progress.end();
  if (call.json) await io.out.json(report);
  else if (!call.quiet) await io.out.print(restoreText(report, await loadPalette(io.out.colors)));
  return exitOf(report);
}

function exitOf({ items }: RestoreReport): number {
  const lost = items.filter((item) => !isBack(item)).map(({ outcome }) => outcome);
  if (lost.includes("damaged")) return EXIT.cleanup.archive;
  if (lost.includes("in-doubt")) return EXIT.cleanup.unverified;
  return lost.length > 0 ? EXIT.cleanup.kept : EXIT.cleanup.ok;
}

/**
 * What somebody has typed, with paths as the journal has them: from the folder that archives begin at.
 *
 * @param what What was typed.
 * @param base That folder.
 * @returns The same, or the path below the folder.
 */
export function belowBase(what: string, base: string): string {
  return what.startsWith(`${base}/`) ? what.slice(base.length + 1) : what;
}

/**
 * Opens a folder that is there: a new one has nothing to tell, most likely its name is wrong.
 *
 * @param options As for {@linkcode openCleanup}.
 * @returns The cleanup.
 * @throws {ValidationError} If it is missing.
 */
export async function openExisting(options: CleanupOptions): Promise<CleanupJob> {
  try {
    await Deno.lstat(options.folder);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    fail(`Cannot open --job "${options.folder}": there is no such folder`, { cause });
  }
  return await openCleanup(options);
}

function checkAddress(text: string): void {
  try {
    parseAddress(text);
  } catch (cause) {
    fail(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function fail(message: string, options?: ErrorOptions): never {
  throw new ValidationError(message, options);
}
