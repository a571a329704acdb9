/**
 * The end of a run: a summary, files, and what to do next.
 *
 * @module
 */

import {
  EXIT,
  explain,
  loadPalette,
  OutputError,
  type ScriptIo,
  visible,
} from "../../src/cli/mod.ts";
import {
  type BulkJournal,
  type BulkStop,
  gatherReport,
  type JobJournal,
  type JobRecord,
  type StateCounts,
} from "../../src/jobs/mod.ts";
import { type JournalCall, NAME, type RunCall } from "./calls.ts";
import { exitOfStates } from "./failure.ts";
import { isPostgres } from "./journal_place.ts";
import { nextCommand } from "./next_command.ts";
import { remedyOfStop } from "./remedy.ts";
import { withoutAddresses } from "./run_progress.ts";
import type { JobSettings } from "./settings.ts";
import { summaryText } from "./summary_text.ts";

const NUMBERS = EXIT.bulk_send;

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

/** How a run has ended. */
export interface RunEnd {
  /** The job. */
  readonly running: JobJournal;
  /** Why it has ended early. */
  readonly stop: BulkStop | undefined;
}

/**
 * Tells what has become of a job, and what to type next.
 *
 * @param run The job.
 * @param end How the run has ended.
 * @param io The script.
 * @returns The exit number.
 */
export async function tell(
  run: JobToRun,
  { running, stop }: RunEnd,
  io: ScriptIo,
): Promise<number> {
  const { job, call, settings } = run;
  const { out, err } = io;
  const report = await gatherReport(running, Date.now());
  const { states } = report;
  const exit = exitOfStates(states, {
    stopped: stop !== undefined,
    shared: isPostgres(call.journal),
  });
  if (call.json) {
    const told = stop && { reason: stop.reason, text: stop.text };
    await out.json({ event: "end", job: job.name, exit, states, ...(told && { stop: told }) });
  } else if (!call.quiet) {
    const style = { width: out.columns, palette: await loadPalette(out.colors) };
    await out.print(summaryText(report, style));
  }
  if (stop !== undefined) {
    const remedy = remedyOfStop(stop, settings.session);
    await err.line(visible(`stopped: ${withoutAddresses(stop.text)}${remedy}`));
  }
  if (call.quiet) return exit;
  await tellLeft(run, states, io);
  // Some servers refuse each recipient in words of their own where a login is missing.
  if (states.failed > 0 && states.accepted === 0 && settings.session.user === undefined) {
    await err.line("nobody was accepted, and nobody has logged in: try --test-to with --user");
  }
  return exit;
}

/**
 * Tells what is left of a job, and what to type next.
 *
 * @param run The job.
 * @param states How many rows are in each state.
 * @param io The script.
 */
export async function tellLeft(
  { call }: JobToRun,
  states: StateCounts,
  { err }: ScriptIo,
): Promise<void> {
  if (call.quiet) return;
  const { pending, deferred, claimed, committing, in_doubt: doubts } = states;
  const left = pending + deferred + (isPostgres(call.journal) ? 0 : claimed + committing);
  if (left > 0) await err.line(`${rowsAre(left)} left; next: ${nextCommand("resume", call)}`);
  if (doubts === 0) return;
  const next = nextCommand("release", call, ["--to", "resend"]);
  await err.line(
    `${
      rowsAre(doubts)
    } in doubt; look up in the log of the server whom report names, then: ${next}`,
  );
}

function rowsAre(count: number): string {
  return count === 1 ? "1 row is" : `${count} rows are`;
}

/**
 * Writes files. What cannot be written at the end is lost to no job: a report is written from its
 * journal (T-B11).
 *
 * @param acts What writes them.
 * @param exit The exit number of the run.
 * @param io The script.
 * @returns The exit number: a failure if the run has been none.
 */
export async function writing(
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
