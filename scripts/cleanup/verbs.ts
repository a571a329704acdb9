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
} from "../../src/cli/mod.ts";
import { formatBytes } from "../../src/deps/std/bytes.ts";
import {
  type CleanupJob,
  type CleanupOptions,
  type CleanupReport,
  openCleanup,
  type RestoreSelector,
  type RestoreTarget,
  type StoredPlan,
} from "../../src/jobs/mod.ts";
import { parseAddress } from "../../src/message/mod.ts";
import {
  type ApplyCall,
  type FolderCall,
  type InitCall,
  type JobCall,
  NAME,
  type PlanCall,
  type RestoreCall,
  type RunCall,
  type ServerCall,
  type TalkCall,
  type Verbs,
} from "./calls.ts";
import { type Mailbox, mailboxOf, smtpOptions } from "./connection.ts";
import { exitOfError, exitOfRun } from "./failure.ts";
import { archiveFolders, callGrants, checkFolders } from "./grants.ts";
import { applyCommand } from "./next_command.ts";
import { planText } from "./plan_text.ts";
import { readPolicy } from "./policy_file.ts";
import { JobProgress } from "./progress.ts";
import { isBack, reportLine, reportText, restoreText, statusText } from "./report_text.ts";
import { Resender } from "./resender.ts";
import { type Alarm, readSchedule, sleepUntil, systemAlarm } from "./schedule.ts";
import { writeStarter } from "./write_starter.ts";

const NUMBERS = EXIT.cleanup;
/** Rows of a plan that are shown unless all are asked for. */
const ROWS = 100;
/** Less of an id is a guess. */
const PLAN_ID = /^[0-9a-f]{8,64}$/;

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

  async plan(call: PlanCall): Promise<void> {
    if (call.permissions) return await this.#io.out.line((await callGrants(call)).join(" "));
    const plan = await this.#withJob(
      call,
      (job) => job.plan({ acceptChurn: call.acceptChurn ?? false }),
    );
    const { out } = this.#io;
    if (call.json) await out.json(plan);
    else if (!call.quiet) await this.#showPlan(plan, call);
    this.exit = plan.trips.length > 0
      ? NUMBERS.guard
      : plan.items.length > 0
      ? NUMBERS.approval
      : NUMBERS.ok;
  }

  async apply(call: ApplyCall, plan: string): Promise<void> {
    if (call.permissions) return await this.#io.out.line((await callGrants(call)).join(" "));
    if (!PLAN_ID.test(plan)) {
      fail(`Cannot apply "${plan}": expected the id of a plan, or its first 8 digits at least`);
    }
    const report = await this.#withJob(call, async (job) => {
      const found = (await job.plans()).filter(({ planId }) => planId.startsWith(plan));
      const [only, other] = found;
      if (only === undefined) {
        fail(`Cannot apply "${plan}": there is no such plan in "${call.job}"`);
      }
      if (other !== undefined) fail(`Cannot apply "${plan}": several plans begin with it`);
      return await job.apply(only.planId);
    });
    await this.#showReport(report, call);
  }

  async run(call: RunCall): Promise<void> {
    const next = call.every === undefined ? undefined : readSchedule(call.every);
    if (call.permissions) return await this.#io.out.line((await callGrants(call)).join(" "));
    const mailbox = await this.#mailbox(call);
    if (next === undefined) return await this.#runOnce(call, mailbox);
    await readPolicy(call.policy); // a mistake is not found out at night
    const { err, signal } = this.#io;
    const alarm = this.#options.alarm ?? systemAlarm;
    for (let atMs = next(alarm.now()); atMs !== undefined; atMs = next(alarm.now())) {
      if (!call.quiet) await err.line(`next run at ${new Date(atMs).toISOString()}`);
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
    if (call.permissions) return await this.#io.out.line((await callGrants(call)).join(" "));
    await this.#showReport(await this.#withJob(call, (job) => job.verify()), call);
  }

  async status(call: FolderCall): Promise<void> {
    if (call.permissions) return await this.#io.out.line((await callGrants(call)).join(" "));
    await using job = await this.#openExisting(call, {});
    const status = job.status();
    if (call.json) await this.#io.out.json(status);
    else await this.#io.out.print(statusText(status));
    if (status.unverified.length > 0) this.exit = NUMBERS.unverified;
  }

  async release(call: FolderCall, what: string): Promise<void> {
    if (call.permissions) return await this.#io.out.line((await callGrants(call)).join(" "));
    await using job = await this.#openExisting(call, {});
    const released = await job.release(selectorOf(job, what));
    if (call.json) await this.#io.out.json({ released });
    else if (!call.quiet) await this.#io.out.line(`Released: ${released}`);
  }

  async restore(call: RestoreCall, what: string): Promise<void> {
    const { smtp, to = [], from = to[0] } = call;
    if ((smtp === undefined) === (call.export === undefined)) {
      fail("Cannot restore: expected --smtp URL or --export FOLDER");
    }
    if (smtp !== undefined && from === undefined) fail("Cannot restore by mail: --to is missing");
    for (const address of [from ?? [], ...to].flat()) checkAddress(address);
    if (call.permissions) return await this.#io.out.line((await callGrants(call)).join(" "));
    const policy = await readPolicy(call.policy);
    const context = { io: this.#io, readers: this.#options.readers };
    await using resender = smtp === undefined || from === undefined
      ? undefined
      : new Resender(await smtpOptions(call, smtp, context), { from, to });
    const progress = new JobProgress(this.#io.err, { quiet: call.quiet ?? false });
    await using job = await this.#openExisting(call, {
      ...policy,
      onProgress: (each) => progress.hear(each),
    });
    await resender?.connect();
    const target: RestoreTarget = resender === undefined || from === undefined
      ? { folder: call.export ?? "." }
      : {
        send: (message) => resender.send(message),
        ...(call.exact ? {} : { resent: { from, to } }),
        ...(call.again && { again: true }),
      };
    const report = await job.restore(selectorOf(job, what), target);
    await progress.end();
    if (call.json) await this.#io.out.json(report);
    else if (!call.quiet) {
      await this.#io.out.print(restoreText(report, await loadPalette(this.#io.out.colors)));
    }
    const lost = report.items.filter((item) => !isBack(item));
    if (report.items.length === 0) fail(`Cannot restore "${what}": nothing in the journal fits`);
    if (lost.some(({ outcome }) => outcome === "damaged")) this.exit = NUMBERS.archive;
    else if (lost.some(({ outcome }) => outcome === "in-doubt")) this.exit = NUMBERS.unverified;
    else if (lost.length > 0) this.exit = NUMBERS.kept;
  }

  async init(call: InitCall): Promise<void> {
    if (call.permissions) return await this.#io.out.line((await callGrants(call)).join(" "));
    await writeStarter(call, { io: this.#io, readers: this.#options.readers });
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
    const policy = await readPolicy(call.policy);
    // `plan` writes into no archive, and alone has no word about verifying.
    const archives = "verify" in call ? archiveFolders(policy.policy, policy.base) : [];
    await checkFolders([call.job, ...archives]);
    const mailbox = given ?? await this.#mailbox(call);
    const progress = new JobProgress(this.#io.err, { quiet: call.quiet ?? false });
    await using job = await this.#open(call, {
      ...policy,
      account: mailbox.account,
      connect: () => mailbox.connect(),
      onProgress: (each) => progress.hear(each),
      limits: {
        ...(call.verify === false && { verify: false }),
        ...(call.retrieveRemoves && { retrieveRemoves: true }),
        ...(call.marksPerQuit && { marksPerQuit: call.marksPerQuit }),
      },
    });
    try {
      return await work(job);
    } finally {
      await progress.end();
    }
  }

  /** What was never there has nothing to tell: most likely its name is wrong. */
  async #openExisting(
    call: { readonly job: string },
    options: Omit<CleanupOptions, "folder" | "signal">,
  ): Promise<CleanupJob> {
    try {
      await Deno.lstat(call.job);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      fail(`Cannot open --job "${call.job}": there is no such folder`, { cause });
    }
    return await this.#open(call, options);
  }

  #open(
    { job: folder }: { readonly job: string },
    options: Omit<CleanupOptions, "folder" | "signal">,
  ): Promise<CleanupJob> {
    return openCleanup({ ...options, folder, signal: this.#io.signal });
  }

  #mailbox(call: ServerCall): Promise<Mailbox> {
    return mailboxOf(call, { io: this.#io, readers: this.#options.readers });
  }

  async #showPlan(plan: StoredPlan, { all }: PlanCall): Promise<void> {
    const { out } = this.#io;
    const palette = await loadPalette(out.colors);
    const rows = all ? Infinity : ROWS;
    await out.print(planText(plan, { rows, width: out.columns, palette, formatBytes }));
    if (plan.items.length === 0 || plan.trips.length > 0) return;
    await out.line(`\nNothing has been removed. Until ${plan.expiresAt} this can be carried out:`);
    await out.line(applyCommand(this.#options.args, plan.planId.slice(0, 12)));
  }

  async #showReport(report: CleanupReport, { json, quiet }: TalkCall): Promise<void> {
    const { out, err, signal } = this.#io;
    if (json) await out.json(report);
    else if (!quiet) await out.print(reportText(report, await loadPalette(out.colors)));
    else if (report.exit !== "done") await err.line(`${NAME}: ${reportLine(report)}`);
    this.exit = exitOfRun(report.exit, signal);
  }
}

/** A run by its id, a message by its SHA-256, and else by its unique-id. */
function selectorOf(job: CleanupJob, what: string): RestoreSelector {
  if (job.status().runs.some(({ runId }) => runId === what)) return { run: what };
  return /^[0-9a-f]{64}$/.test(what) ? { sha256: what } : { uid: what };
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
