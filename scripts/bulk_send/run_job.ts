/**
 * One run of a job, from its settings to an exit number.
 *
 * @module
 */

import { OutputError, type Rate, type ScriptIo, ValidationError } from "../../src/cli/mod.ts";
import {
  BulkMessage,
  type BulkOptions,
  type BulkStop,
  type JobJournal,
  sendBulk,
} from "../../src/jobs/mod.ts";
import { type ConnectOptions, connectSmtp } from "../../src/smtp/mod.ts";
import { hasCause } from "../shared/causes.ts";
import { checked, type SecretContext } from "../shared/login.ts";
import type { PaceCall, RunCall } from "./calls.ts";
import { poolOptions, sessionOptions, signerOf } from "./connection.ts";
import { Emergency } from "./emergency.ts";
import { isPostgres } from "./journal_place.ts";
import { openReports } from "./report_files.ts";
import { type JobToRun, tell, tellLeft, writing } from "./run_end.ts";
import { RunProgress } from "./run_progress.ts";
import { SavedDialogue } from "./saved_dialogue.ts";
import type { JobSettings } from "./settings.ts";
import { plural } from "./summary_text.ts";

/** How sessions and messages of a job are made: all that can be wrong before anybody is asked. */
export interface Prepared {
  /** How sessions are made. */
  readonly session: ConnectOptions & { readonly url: string };
  /** Makes messages. */
  readonly message: BulkMessage;
}

/** How long a machine waits for rows that others hold, in milliseconds. */
const LOOK_AGAIN_MS = 2_000;

/**
 * Reads secrets and keys, and compiles the message. Where it depends on what the server offers, the
 * server is asked.
 *
 * @param settings How the job is run.
 * @param fingerprint What makes it the one it is.
 * @param context Where secrets come from.
 * @returns What a run needs.
 */
export async function prepare(
  settings: JobSettings,
  fingerprint: string,
  context: SecretContext,
): Promise<Prepared> {
  const signer = await signerOf(settings.dkim, settings.message.from);
  const message = compiledMessage(settings, fingerprint, signer);
  const session = await sessionOptions(settings.session, context);
  await checkOffers(session, settings.making, context.io);
  return { message, session };
}

/**
 * Compiles the message of a job.
 *
 * @param settings What the job is made of.
 * @param fingerprint What makes it the one it is.
 * @param signer Who signs.
 * @returns The message.
 */
export function compiledMessage(
  { message, making, pace }: Pick<JobSettings, "message" | "making" | "pace">,
  fingerprint: string,
  signer?: Awaited<ReturnType<typeof signerOf>>,
): BulkMessage {
  const { from, listUnsubscribe, dsn, smtputf8 } = making;
  return checked(() =>
    new BulkMessage(message, {
      fingerprint,
      ...(from !== undefined && { sender: from === "<>" ? null : from }),
      ...(listUnsubscribe !== undefined && { listUnsubscribe }),
      ...(signer !== undefined && { signer }),
      ...(dsn !== undefined && { dsn }),
      ...(smtputf8 && { smtpUtf8: true }),
      ...(pace.chunking && { chunking: true }),
    })
  );
}

/**
 * Runs a job.
 *
 * @param run The job.
 * @param prepared What it needs.
 * @param io The script.
 * @returns The exit number.
 * @throws {OutputError} If nobody can be told any more; what is left is told beside it.
 */
export async function runJob(
  run: JobToRun,
  { session, message }: Prepared,
  io: ScriptIo,
): Promise<number> {
  const { journal, job, settings, call } = run;
  const shared = isPostgres(call.journal); // other machines may take part
  const { pace } = settings;
  const { journal: running, recovery } = await journal.run(job.id, Date.now(), ratesOf(pace));
  if (recovery.inDoubt > 0 && !call.quiet) {
    await io.err.line(`note: the last run left ${plural(recovery.inDoubt, "row")} in doubt`);
  }
  await using reports = await openReports("--report", call.report ?? [], io.out);
  using saved = await SavedDialogue.open(call);
  using emergency = shared ? undefined : await Emergency.reserve(`${call.journal}.emergency`);
  if (emergency?.used) {
    await io.err.line(`note: ${emergency.path} holds outcomes that the journal does not have`);
  }
  const rated = (pace.rate ?? pace.recipientsRate) !== undefined;
  const progress = await RunProgress.begin({ io, call, emergency, rated }, running);
  let stop: BulkStop | undefined;
  try {
    stop = await sendRows(running, {
      pool: poolOptions(session, pace, saved),
      render: (row) => message.outgoing(row),
      ...bulkOptions(pace, call),
      signal: io.signal,
      onEvent: (event) => progress.hear(event),
    }, shared);
    await progress.end();
  } catch (error) {
    if (error instanceof OutputError) await tellLeft(run, await running.counts(), io);
    throw error;
  }
  if (hasCause(stop?.error, Deno.errors.NotCapable)) throw stop?.error; // nothing was sent
  const told = await tell(run, { running, stop }, io);
  const exit = await writing([() => saved?.write(), () => reports.write(running)], told, io);
  if (io.signal.aborted) throw io.signal.reason; // which signal it was, the frame around the script knows
  return exit;
}

/**
 * Tells of a job that is over: nobody is asked for a secret that nothing needs.
 *
 * @param run The job.
 * @param io The script.
 * @returns The exit number; `undefined` if it is not over.
 */
export async function tellIfOver(run: JobToRun, io: ScriptIo): Promise<number | undefined> {
  const job = await run.journal.look(run.job.id);
  const { pending, claimed, committing, deferred } = await job.counts();
  if (pending + claimed + committing + deferred > 0) return undefined;
  await using reports = await openReports("--report", run.call.report ?? [], io.out);
  const told = await tell(run, { running: job, stop: undefined }, io);
  return await writing([() => reports.write(job)], told, io);
}

/** Other machines may die: their rows come back when their leases have run out. */
async function sendRows(
  journal: JobJournal,
  options: Omit<BulkOptions, "journal">,
  shared: boolean,
): Promise<BulkStop | undefined> {
  while (true) {
    const { stop } = await sendBulk({ ...options, journal });
    if (stop !== undefined || !shared) return stop;
    const { pending, claimed, committing } = await journal.counts();
    if (pending + claimed + committing === 0) return undefined;
    await new Promise((go) => setTimeout(go, LOOK_AGAIN_MS));
  }
}

/** What each message would be refused for is found out once, before anything is made. */
async function checkOffers(
  session: ConnectOptions,
  { dsn, smtputf8 }: JobSettings["making"],
  io: ScriptIo,
): Promise<void> {
  if (dsn === undefined && !smtputf8) return;
  await using probe = await connectSmtp({ ...session, signal: io.signal });
  for (
    const [wanted, keyword, option] of [
      [dsn !== undefined, "DSN", "--dsn"],
      [smtputf8 === true, "SMTPUTF8", "--smtputf8"],
    ] as const
  ) {
    if (wanted && !probe.capabilities.has(keyword)) {
      throw new ValidationError(`Cannot use ${option}: the server does not offer ${keyword}`);
    }
  }
}

function bulkOptions(pace: PaceCall, call: RunCall): Partial<BulkOptions> {
  const { window, perDomain, retry, retryBase, recipientsRate, maxRefusals } = pace;
  const { deadline, limit, wait } = call;
  const recipientsPerSecond = perSecond(recipientsRate);
  return {
    rates: { ...ratesOf(pace), ...(recipientsPerSecond && { recipientsPerSecond }) },
    retry: {
      ...(retry !== undefined && { attempts: retry }),
      ...(retryBase !== undefined && { baseMs: retryBase }),
    },
    ...(window !== undefined && { window }),
    ...(perDomain !== undefined && { perDomain }),
    ...(maxRefusals !== undefined && { maxRefusals }),
    ...(deadline !== undefined && { deadlineMs: deadline }),
    ...(limit !== undefined && { limit }),
    wait,
  };
}

function ratesOf({ rate }: PaceCall): { readonly messagesPerSecond?: number } {
  const messagesPerSecond = perSecond(rate);
  return messagesPerSecond === undefined ? {} : { messagesPerSecond };
}

function perSecond(rate: Rate | undefined): number | undefined {
  return rate && rate.count * 1000 / rate.perMs;
}
