/**
 * What a job is made of: a list and a message, checked as a whole, and whether they are still the same.
 *
 * @module
 */

import { type ScriptIo, startProgress, ValidationError } from "../../src/cli/mod.ts";
import {
  checkList,
  hashJob,
  hashOctets,
  type JobRecord,
  type ListCheck,
  ListError,
  MessageFileError,
  type NewRow,
  readList,
} from "../../src/jobs/mod.ts";
import { TemplateError } from "../../src/message/mod.ts";
import type { SecretContext } from "../shared/login.ts";
import type { ListCall, MessageCall, SendCall, TalkCall } from "./calls.ts";
import {
  HashedOctets,
  type ListSource,
  loadMessage,
  openList,
  piecesOf,
  unlessMissing,
} from "./inputs.ts";
import { note } from "./note.ts";
import { compiledMessage } from "./run_job.ts";
import { inputOf, type JobSettings, type runningOf } from "./settings.ts";

/** Messages that are only looked at have an identifier, too. */
export const NO_JOB = "no job";

/** A shorter list is checked before anybody can read how far it is. */
const TOLD_ROWS = 10_000;

/** What a job will be made of. */
export interface CheckedInput {
  /** All that the job keeps. */
  readonly settings: JobSettings;
  /** The list. */
  readonly source: ListSource;
  /** What was found in it. */
  readonly check: ListCheck;
}

/** How an input is checked. */
export interface CheckingOptions {
  /** Where to, how fast, and who signs. */
  readonly running: ReturnType<typeof runningOf>;
  /** How many messages are kept to be shown. */
  readonly samples: number;
  /** How many mistakes are. */
  readonly errors: number;
}

/**
 * Reads message and list, and makes every message once.
 *
 * @param call What was typed.
 * @param options How much of it is kept.
 * @param context Where standard input comes from.
 * @returns What a job will be made of.
 */
export async function checkInput(
  call: ListCall & MessageCall & TalkCall & Pick<SendCall, "suppress">,
  { running, samples, errors: maxErrors }: CheckingOptions,
  { io, readers }: SecretContext,
): Promise<CheckedInput> {
  const { message, notes } = await loadMessage(call.message);
  for (const each of notes) await note(io, call, `${call.message}: ${each}`);
  const source = await openList(call, readers);
  const { making, reading } = inputOf(call);
  const compiled = naming(
    call.message,
    () => compiledMessage({ message, making, ...running }, NO_JOB),
  );
  const octets = new HashedOctets(source.open());
  const watched = io.err.terminal && !call.quiet && !call.json;
  const progress = watched ? await startProgress(io.err, { label: "checking" }) : undefined;
  const check = await checkList(octets, {
    ...source.options,
    ...{ message: compiled, nowMs: Date.now(), maxErrors, samples, signal: io.signal },
    onProgress: (rows) => {
      if (rows % TOLD_ROWS === 0) progress?.update(rows).catch(() => {}); // the end tells, too
    },
  });
  if (check.rows >= TOLD_ROWS) await progress?.finish(check.rows);
  const inputs = { list: call.list, listHash: octets.digest(), message: call.message };
  const { suppress } = call;
  const settings: JobSettings = {
    schema: "mailwright-bulk-job/1",
    ...{ message, making, inputs, reading },
    ...running,
    ...(suppress !== undefined && { suppress }),
  };
  return { settings, source, check };
}

/** What is wrong with a template is a fault of the file that it stands in. */
function naming<T>(file: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!(cause instanceof TemplateError)) throw error;
    const { reason, template, line, column } = cause;
    throw new MessageFileError(file, undefined, `${reason} (${template}, ${line}:${column})`, {
      cause,
    });
  }
}

/**
 * The rows of a list that was checked; it must be the same as then.
 *
 * @param input What was checked.
 * @returns The rows.
 */
export async function* rowsOf({ source, settings }: CheckedInput): AsyncGenerator<NewRow> {
  const octets = new HashedOctets(source.open());
  for await (const row of readList(octets, source.options)) {
    if (row instanceof ListError) throw row;
    yield row;
  }
  if (octets.digest() !== settings.inputs.listHash) {
    throw new ValidationError(
      `Cannot use --list "${source.path}": it has changed while it was read`,
    );
  }
}

/**
 * Refuses to go on with a job whose files have changed. The journal holds all that is sent; but who has
 * edited a file expects that it counts (T-B28).
 *
 * @param job The job.
 * @param inputs What it was made of.
 * @param told Who is told of files that are gone.
 */
export async function refuseChanged(
  job: JobRecord,
  { list, listHash, message }: JobSettings["inputs"],
  { io, call }: { readonly io: ScriptIo; readonly call: TalkCall },
): Promise<void> {
  const changed = (what: string): never => {
    throw new ValidationError(
      `Cannot go on: ${what} has changed since the job "${job.name}" was made: put it back as it ` +
        "was, or send what it is now as another job",
    );
  };
  if (list !== "-") {
    const hash = await unlessMissing(() => hashOctets(piecesOf("--list", list)));
    if (hash === undefined) await note(io, call, `${list} is gone: the journal has its rows`);
    else if (hash !== listHash) changed(`"${list}"`);
  }
  const loaded = await unlessMissing(() => loadMessage(message));
  if (loaded === undefined) return await note(io, call, `${message} is gone: the journal has it`);
  const { contentHash } = hashJob({ name: "", listHash, message: loaded.message, more: [] });
  if (contentHash !== job.contentHash) changed(`"${message}", or what belongs to it,`);
}
