/**
 * One run of a job, from its settings to an exit number.
 *
 * @module
 */

import {
  EXIT,
  explain,
  loadPalette,
  OutputError,
  type Rate,
  type ScriptIo,
  ValidationError,
  visible,
} from "../../src/cli/mod.ts";
import {
  type BulkJournal,
  BulkMessage,
  type BulkOptions,
  type BulkStop,
  gatherReport,
  type JobJournal,
  type JobRecord,
  sendBulk,
} from "../../src/jobs/mod.ts";
import { type ConnectOptions, connectSmtp } from "../../src/smtp/mod.ts";
import { hasCause } from "../shared/causes.ts";
import { checked, type SecretContext } from "../shared/login.ts";
import { type JournalCall, NAME, type PaceCall, type RunCall } from "./calls.ts";
import { poolOptions, sessionOptions, signerOf } from "./connection.ts";
import { Emergency } from "./emergency.ts";
import { exitOfStates } from "./failure.ts";
import { isPostgres } from "./journal_place.ts";
import { nextCommand } from "./next_command.ts";
import { remedyOfStop } from "./remedy.ts";
import { openReports } from "./report_files.ts";
import { RunProgress, withoutAddresses } from "./run_progress.ts";
import { SavedDialogue } from "./saved_dialogue.ts";
import type { JobSettings } from "./settings.ts";
import { plural, summaryText } from "./summary_text.ts";

/** A job that is to be run. */
export interface JobToRun {
  /** The journal. */
  readonly journal: BulkJournal;
  /** The job. */
  readonly job: JobRecord;
  /** How it is run. */
  readonly settings: JobSettings;
  /** What was typed. */
  readonly call: JournalCall & RunCall;
}

/** How sessions and messages of a job are made: all that can be wrong before anybody is asked. */
export interface Prepared {
  /** How sessions are made. */
  readonly session: ConnectOptions & { readonly url: string };
  /** Makes messages. */
  readonly message: BulkMessage;
}

const NUMBERS = EXIT.bulk_send;

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
  const stop = await sendRows(running, {
    pool: poolOptions(session, pace, saved),
    render: (row) => message.outgoing(row),
    ...bulkOptions(pace, call),
    signal: io.signal,
    onEvent: (event) => progress.hear(event),
  }, shared);
  await progress.end();
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

/** What cannot be written at the end is lost to no job: a report is written from its journal (T-B11). */
async function writing(
  acts: readonly (() => Promise<void> | undefined)[],
  exit: number,
  { err }: ScriptIo,
): Promise<number> {
  let written = true;
  for (const act of acts) {
    try {
      await act();
    } catch (error) {
      written = false;
      const whole = error instanceof OutputError ? "; the journal is complete" : "";
      await err.line(`${NAME}: ${explain(error, NAME)}${whole}`);
    }
  }
  return written || exit !== NUMBERS.ok ? exit : NUMBERS.failure;
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

/** A summary, and what to type next. */
async function tell(
  { job, call, settings }: JobToRun,
  { running, stop }: { readonly running: JobJournal; readonly stop: BulkStop | undefined },
  { out, err }: ScriptIo,
): Promise<number> {
  const report = await gatherReport(running, Date.now());
  const { states } = report;
  const shared = isPostgres(call.journal);
  const exit = exitOfStates(states, { stopped: stop !== undefined, shared });
  if (call.json) {
    const told = stop && { reason: stop.reason, text: stop.text };
    await out.json({ event: "end", job: job.name, exit, states, ...(told && { stop: told }) });
  } else if (!call.quiet) {
    const style = { width: out.columns, palette: await loadPalette(out.colors) };
    await out.print(summaryText(report, style));
  }
  if (stop !== undefined) {
    await err.line(visible(`stopped: ${withoutAddresses(stop.text)}${remedyOfStop(stop)}`));
  }
  const left = states.pending + states.deferred + (shared ? 0 : states.claimed + states.committing);
  if (call.quiet) return exit;
  if (left > 0) await err.line(`${rowsAre(left)} left; next: ${nextCommand("resume", call)}`);
  if (states.in_doubt > 0) {
    const next = nextCommand("release", call, ["--to", "resend"]);
    const doubts = rowsAre(states.in_doubt);
    await err.line(`${doubts} in doubt; look in the log of the server, then: ${next}`);
  }
  // Some servers refuse each recipient in words of their own where a login is missing.
  if (states.failed > 0 && states.accepted === 0 && settings.session.user === undefined) {
    await err.line("nobody was accepted, and nobody has logged in: try --test-to with --user");
  }
  return exit;
}

function rowsAre(count: number): string {
  return count === 1 ? "1 row is" : `${count} rows are`;
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
