/**
 * `init`: looks at the mailbox and writes a first policy.
 *
 * @module
 */

import { ValidationError, visible } from "../../src/cli/mod.ts";
import { formatBytes } from "../../src/deps/std/bytes.ts";
import type { InitCall } from "./calls.ts";
import { type ConnectionContext, mailboxOf } from "./connection.ts";
import { planCommand } from "./next_command.ts";
import { JobProgress } from "./progress.ts";
import { starterPolicy } from "./starter.ts";
import { survey } from "./survey.ts";

/**
 * Writes a first policy into a new file.
 *
 * @param call What was typed.
 * @param args The same as words, for the call that is proposed next.
 * @param context The rest.
 * @throws {ValidationError} If the file is there already, or cannot be written.
 */
export async function writeStarter(
  call: InitCall,
  args: readonly string[],
  context: ConnectionContext,
): Promise<void> {
  const { policy: path, user = "", sample } = call;
  await refuseExisting(path);
  const { account, connect } = await mailboxOf(call, context);
  const { out, err, signal } = context.io;
  const progress = new JobProgress(err, { quiet: call.quiet ?? false });
  const nowMs = Date.now();
  await using session = await connect({ signal });
  const onProgress = progress.hear.bind(progress);
  const seen = await survey(session, { sample, nowMs, signal, onProgress });
  await session.quit({ signal });
  await progress.end();
  const day = new Date(nowMs).toISOString().slice(0, 10);
  await writeNew(path, await starterPolicy(seen, { account, user, day, formatBytes }));
  if (call.json) return await out.json({ path, whole: seen.whole, seen: seen.seen });
  if (call.quiet) return;
  await out.line(`Wrote ${visible(path)}: nothing in it removes anything yet.`);
  await out.line("Read it, switch rules on, and see what they would remove:");
  await out.line(planCommand(args, path, user));
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new ValidationError(`Cannot write "${path}": it exists, and is left as it is`);
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new ValidationError(`Cannot write "${path}": ${seen}`, { cause });
  }
}
