/**
 * A run from its first line in the journal to its report.
 *
 * @module
 */

import { joinPath } from "../../file_path.ts";
import type { Archives } from "../archive/archives.ts";
import { CleanupError } from "../cleanup_error.ts";
import type { CleanupJournal } from "../journal/cleanup_journal.ts";
import type { CleanupExit, CleanupReport } from "../cleanup_report.ts";
import type { CleanupRun } from "./cleanup_run.ts";
import { EXIT_OF, failureOf, writing } from "../failure.ts";
import type { JobSettings } from "../job_settings.ts";
import type { Policy } from "../policy/policy.ts";
import { type BookedMessage, ReportBook } from "./report_book.ts";
import type { Sessions } from "./sessions.ts";
import { writeWhole } from "../write_whole.ts";

/** What a run is made with. */
export interface ReportedRunOptions {
  /** The options of the job. */
  readonly settings: JobSettings;
  /** What has happened. */
  readonly journal: CleanupJournal;
  /** Where copies go. */
  readonly archives: Archives;
  /** Where sessions come from. */
  readonly sessions: Sessions;
  /** The policy, as the planner had it. */
  readonly policy: Policy;
  /** The plan that is carried out. */
  readonly planId?: string;
  /** What the report is about. */
  readonly messages: readonly BookedMessage[];
  /** Tells when a message was first seen, in milliseconds since 1970. */
  readonly firstSeen: (uid: string) => number | undefined;
  /** What somebody should know already. */
  readonly warnings: readonly string[];
  /** How often something was sent before. */
  readonly writesBefore: number;
}

/**
 * Does a run, and reports. What stops it is in the report; only what nobody has thought of is thrown.
 *
 * @param options What it is made with.
 * @param work Does it.
 * @returns The report, as it was written.
 */
export async function reportedRun(
  options: ReportedRunOptions,
  work: (run: CleanupRun) => Promise<void>,
): Promise<CleanupReport> {
  const { settings, journal, archives, sessions, planId } = options;
  const { account, clock, signal, folder, store, limits, progress } = settings;
  const startedMs = clock.now();
  const runId = runIdOf(startedMs, journal.state.runs);
  const book = new ReportBook(options.messages);
  for (const warning of options.warnings) book.warn(warning);
  const { policy, firstSeen } = options;
  let failure: CleanupError | undefined;
  let interrupted = false;
  try {
    await archives.prepare();
    await journal.record({ event: "run", run: runId, account, ...(planId && { plan: planId }) });
    // What was seen of the server while the plan was made.
    if (sessions.faulty) journal.note({ event: "careful" });
    await work({
      ...{ runId, policy, limits, clock, signal, journal, archives, sessions, book },
      ...{ firstSeen, progress },
    });
  } catch (error) {
    if (signal?.aborted && error === signal.reason) interrupted = true;
    else failure = expected(failureOf(error));
  }
  book.keepRest(failure?.kind === "archive" ? "archive" : "not-reached");
  const report = (exit: CleanupExit): CleanupReport => ({
    schema: "mailwright-cleanup-report/1",
    runId,
    ...(planId !== undefined && { planId }),
    account,
    startedAt: new Date(startedMs).toISOString(),
    endedAt: new Date(clock.now()).toISOString(),
    exit,
    ...(failure && { error: errorOf(failure) }),
    counts: book.counts,
    items: book.items,
    ...(book.copies && { copies: book.copies }),
    warnings: book.warnings,
    writes: sessions.writes - options.writesBefore,
  });
  try {
    const exit = exitOf(book, failure, interrupted);
    await journal.record({ event: "ended", run: runId, exit });
    sessions.trust(journal.state.careful);
    const path = joinPath(folder, `report-${runId}.json`);
    await writing(path, () => writeWhole(store, path, report(exit)));
  } catch (error) {
    // All that matters has been done before; what is left is to tell.
    failure ??= expected(error);
    book.warn("the report could not be written to its file");
  }
  return report(exitOf(book, failure, interrupted));
}

function exitOf(
  book: ReportBook,
  failure: CleanupError | undefined,
  interrupted: boolean,
): CleanupExit {
  const stopped = failure && EXIT_OF[failure.kind];
  if (stopped === "archive" || stopped === "guard") return stopped;
  if (book.exit === "unverified") return book.exit;
  return interrupted ? "interrupted" : stopped ?? book.exit;
}

/** What nobody has thought of is not for a report. */
function expected(error: unknown): CleanupError {
  if (error instanceof CleanupError) return error;
  throw error;
}

function errorOf({ kind, message, temporary }: CleanupError): CleanupReport["error"] & object {
  return { kind, message, temporary };
}

/** A name that sorts by time and that no other run of the mailbox has. */
function runIdOf(nowMs: number, before: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  return `${stamp}-${before + 1}`;
}
