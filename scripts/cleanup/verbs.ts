/**
 * What each verb does: from what was typed to the job, and from its result to paper.
 *
 * @module
 */

import {
  EXIT,
  explain,
  loadPalette,
  type ScriptIo,
  type SecretReaders,
  ValidationError,
  visible,
} from "../../src/cli/mod.ts";
import { formatBytes } from "../../src/deps/std/bytes.ts";
import {
  type CleanupJob,
  type CleanupReport,
  openCleanup,
  type StoredPlan,
} from "../../src/jobs/mod.ts";
import {
  type ApplyCall,
  type FolderCall,
  type InitCall,
  type JobCall,
  NAME,
  type PermissionsCall,
  type PlanCall,
  type RestoreCall,
  type RetireCall,
  type RunCall,
  type ServerCall,
  type TalkCall,
  type Verbs,
} from "./calls.ts";
import { type ConnectionContext, type Mailbox, mailboxOf } from "./connection.ts";
import { exitOfError, exitOfRun } from "./failure.ts";
import { archiveFolders, callGrants, checkGrants } from "./grants.ts";
import { applyCommand } from "./next_command.ts";
import { planText } from "./plan_text.ts";
import { type PolicyFile, readPolicy } from "./policy_file.ts";
import { JobProgress } from "./progress.ts";
import { reportText, statusText, wrongLines } from "./report_text.ts";
import { belowBase, openExisting, restoreMessages } from "./restoring.ts";
import { type Alarm, readSchedule, sleepUntil, systemAlarm } from "./schedule.ts";
import { timeWords } from "./time_words.ts";
import { writeStarter } from "./write_starter.ts";

const NUMBERS = EXIT.cleanup;
/** Rows of a plan that are shown unless all are asked for. */
const ROWS = 100;

/** What a test puts in the place of the system. */
export interface VerbsOptions {
  /** The arguments, for the call that is proposed next. */
  readonly args: readonly string[];
  /** Where secrets come from. */
  readonly readers?: SecretReaders | undefined;
  /** The clock of `--every`. */
  readonly alarm?: Alarm | undefined;
}

/** One call of the script. */
export class CleanupVerbs implements Verbs {
  /** What the script exits with; 0 of `--help` and `--version` too. */
  exit: number = NUMBERS.ok;
  readonly #io: ScriptIo;
  readonly #options: VerbsOptions;

  /** Nothing has been done yet. */
  constructor(io: ScriptIo, options: VerbsOptions) {
    this.#io = io;
    this.#options = options;
  }

  async permissions(call: PermissionsCall): Promise<void> {
    await this.#io.out.line((await callGrants(call)).join(" "));
  }

  async plan(call: PlanCall): Promise<void> {
    const plan = await this.#withJob(
      call,
      (job) => job.plan({ acceptChurn: call.acceptChurn ?? false }),
    );
    this.exit = plan.trips.length > 0
      ? NUMBERS.guard
      : plan.items.length > 0
      ? NUMBERS.approval
      : NUMBERS.ok;
    const { out, err } = this.#io;
    if (call.json) await out.json(plan);
    else if (!call.quiet) await this.#showPlan(plan, call);
    else for (const { text } of plan.trips) await err.line(`${NAME}: ${visible(text)}`);
  }

  async apply(call: ApplyCall, plan: string): Promise<void> {
    const report = await this.#withJob(call, (job) => job.apply(plan));
    await this.#showReport(report, call);
  }

  async run(call: RunCall): Promise<void> {
    if (call.everyZone !== undefined && call.every === undefined) {
      throw new ValidationError("Cannot run cleanup: --every-zone is nothing without --every");
    }
    const next = call.every === undefined ? undefined : readSchedule(call.every, call.everyZone);
    await prepared(call); // a mistake is not found out at night
    const mailbox = await this.#mailbox(call);
    if (next === undefined) return await this.#runOnce(call, mailbox);
    const { err, signal } = this.#io;
    const alarm = this.#options.alarm ?? systemAlarm;
    for (let atMs = next(alarm.now()); atMs !== undefined; atMs = next(alarm.now())) {
      if (!call.quiet) await err.line(`next run at ${timeWords(atMs)}`);
      await sleepUntil(atMs, alarm, signal);
      try {
        await this.#runOnce(call, mailbox);
      } catch (error) {
        if (signal.aborted || exitOfError(error) === undefined) throw error;
        await err.line(`${NAME}: ${explain(error, NAME)}`); // the next night is another night
      }
    }
  }

  async verify(call: JobCall): Promise<void> {
    await this.#showReport(await this.#withJob(call, (job) => job.verify()), call);
  }

  async status(call: FolderCall): Promise<void> {
    await using job = await openExisting({ folder: call.job });
    const status = job.status();
    if (call.json) await this.#io.out.json(status);
    else await this.#io.out.print(statusText(status));
    if (status.unverified.length > 0) this.exit = NUMBERS.unverified;
  }

  async release(call: FolderCall, what: string): Promise<void> {
    await using job = await openExisting({ folder: call.job });
    const released = await job.release({ id: what });
    if (call.json) await this.#io.out.json({ released });
    else if (!call.quiet) await this.#io.out.line(`Released: ${released}`);
  }

  async retire(call: RetireCall, what: string): Promise<void> {
    const { by, note, json, quiet } = call;
    const policy = await readPolicy(call.policy);
    await using job = await openExisting({ ...policy, folder: call.job });
    const told = { by, ...(note !== undefined && { note }) };
    const { retired, there } = await job.retire({ id: belowBase(what, policy.base) }, told);
    if (json) await this.#io.out.json({ retired, there });
    else if (!quiet) {
      await this.#io.out.line(`Retired: ${retired}`);
      if (there > 0) await this.#io.out.line(`Still there, so nothing was said of them: ${there}`);
    }
    if (there > 0) this.exit = NUMBERS.kept;
  }

  async restore(call: RestoreCall, what: string): Promise<void> {
    this.exit = await restoreMessages(call, what, this.#context);
  }

  async init(call: InitCall): Promise<void> {
    await writeStarter(call, this.#options.args, this.#context);
  }

  async #runOnce(call: RunCall, mailbox: Mailbox): Promise<void> {
    const { maxDelete, maxFraction } = call;
    const report = await this.#withJob(
      call,
      (job) => job.run({ maxDelete, maxFraction }),
      mailbox,
    );
    await this.#showReport(report, call);
  }

  async #withJob<T>(
    call: JobCall & { readonly verify?: boolean },
    work: (job: CleanupJob) => Promise<T>,
    given?: Mailbox,
  ): Promise<T> {
    const policy = await prepared(call);
    const mailbox = given ?? await this.#mailbox(call);
    const { err, signal } = this.#io;
    const progress = new JobProgress(err, { quiet: call.quiet ?? false });
    await using job = await openCleanup({
      ...policy,
      folder: call.job,
      signal,
      account: mailbox.account,
      connect: () => mailbox.connect(),
      onProgress: (each) => progress.hear(each),
      limits: {
        ...(call.verify === false && { verify: false }),
        ...(call.retrieveRemoves && { retrieveRemoves: true }),
        ...(call.marksPerQuit && { marksPerQuit: call.marksPerQuit }),
      },
    });
    const over = new AbortController();
    let said = Promise.resolve();
    const say = (): void => {
      said = err.line(`${NAME}: leaving the mailbox in a few seconds, or at once if told again`);
    };
    if (!call.quiet) signal.addEventListener("abort", say, { once: true, signal: over.signal });
    try {
      return await work(job);
    } finally {
      over.abort();
      await said;
      await progress.end();
    }
  }

  #mailbox(call: ServerCall): Promise<Mailbox> {
    return mailboxOf(call, this.#context);
  }

  get #context(): ConnectionContext {
    return { io: this.#io, readers: this.#options.readers };
  }

  async #showPlan(plan: StoredPlan, { all }: PlanCall): Promise<void> {
    const { out } = this.#io;
    const palette = await loadPalette(out.colors);
    const rows = all ? Infinity : ROWS;
    await out.print(planText(plan, { rows, width: out.columns, palette, formatBytes }));
    if (plan.items.length === 0 || plan.trips.length > 0) return;
    await out.line(
      `\nNothing has been removed. Until ${timeWords(plan.expiresAt)} this can be carried out:`,
    );
    await out.line(applyCommand(this.#options.args, plan.planId.slice(0, 12)));
  }

  async #showReport(report: CleanupReport, { json, quiet }: TalkCall): Promise<void> {
    const { out, err, signal } = this.#io;
    const exit = exitOfRun(report.exit);
    if (exit !== undefined) this.exit = exit;
    if (json) await out.json(report);
    else if (!quiet) await out.print(reportText(report, await loadPalette(out.colors)));
    else for (const line of wrongLines(report)) await err.line(`${NAME}: ${line}`);
    if (exit === undefined) throw signal.reason; // which signal it was, the frame of the script knows
  }
}

/** Reads the policy of a call, and makes sure of its grants, before anybody is asked. */
async function prepared(call: JobCall & { readonly verify?: boolean }): Promise<PolicyFile> {
  const file = await readPolicy(call.policy);
  // `plan` writes into no archive, and alone has no word about verifying.
  const archives = "verify" in call ? archiveFolders(file.policy, file.base) : [];
  await checkGrants(call, [call.job, ...archives]);
  return file;
}
