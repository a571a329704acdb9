/**
 * The cleanup of one mailbox: what it would remove, the removal, what came of it, and the way back.
 *
 * - `policy/`: what its owner wants, read and checked.
 * - `rules/`: what is true of a message, and what cannot be known of it.
 * - `plan/`: from a listing to a plan, with as few questions as possible.
 * - `run/`: from a plan to QUIT, to what the next listing shows, and to the report.
 * - `archive/`: where octets are before the server forgets them.
 * - `journal/`: what has happened, durable before anything follows from it.
 * - `restore/`: the way back.
 *
 * @module
 */

import { joinPath } from "../file_path.ts";
import type { FileLock } from "../file_store.ts";
import { Application, type OpenMailbox } from "./run/apply.ts";
import { Archives } from "./archive/archives.ts";
import { checkPolicy } from "./policy/check_policy.ts";
import { CleanupError } from "./cleanup_error.ts";
import type { CleanupJournal } from "./journal/cleanup_journal.ts";
import type { PlanningOptions, UnattendedOptions } from "./cleanup_options.ts";
import type { CleanupReport, CleanupStatus } from "./cleanup_report.ts";
import { clockDoubt } from "./plan/clock_check.ts";
import { checkPlan, refuseTrips } from "./plan/check_plan.ts";
import { checkCopies } from "./run/check_copies.ts";
import { failureOf, writing } from "./failure.ts";
import type { RunCaps } from "./plan/guards.ts";
import { HeaderCache } from "./plan/header_cache.ts";
import type { JobSettings } from "./job_settings.ts";
import { Planning } from "./plan/planning.ts";
import type { Policy } from "./policy/policy.ts";
import { reportedRun, type ReportedRunOptions } from "./run/reported_run.ts";
import { archivedMessages } from "./restore/archived_messages.ts";
import { restoreMessages } from "./restore/restore.ts";
import type {
  RestoreReport,
  RestoreSelector,
  RestoreTarget,
  RetiredBy,
  RetireResult,
} from "./restore/restore_options.ts";
import { retireCopies } from "./restore/retire.ts";
import { readListing } from "./run/read_listing.ts";
import { Sessions } from "./run/sessions.ts";
import { PlanFolder, type StoredPlan } from "./plan/stored_plan.ts";

/**
 * The cleanup of one mailbox, with its folder locked. Calls are served one after the other.
 */
export class CleanupJob implements AsyncDisposable {
  readonly #settings: JobSettings;
  readonly #lock: FileLock;
  readonly #journal: CleanupJournal;
  readonly #plans: PlanFolder;
  readonly #sessions: Sessions;
  #cache: HeaderCache | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * `openCleanup()` makes it.
   *
   * @param settings The options.
   * @param lock The lock of the folder.
   * @param journal The journal in it.
   */
  constructor(settings: JobSettings, lock: FileLock, journal: CleanupJournal) {
    this.#settings = settings;
    this.#lock = lock;
    this.#journal = journal;
    this.#plans = new PlanFolder(settings.store, settings.folder);
    this.#sessions = new Sessions(settings);
    this.#sessions.trust(journal.state.careful);
  }

  /**
   * Makes a plan, and writes it down with what was read of messages. Nothing else changes, here or on
   * the server.
   *
   * @param options Whether a mailbox that has changed a lot is fine.
   * @returns The plan. If guards have tripped, they are in it, and it cannot be carried out.
   * @throws {CleanupError} If the mailbox cannot be read or the plan not be written.
   */
  plan(options: PlanningOptions = {}): Promise<StoredPlan> {
    return this.#do(async () => {
      const planning = await this.#planning(options);
      const plan = await planning.plan();
      await this.#plans.put(plan);
      return plan;
    });
  }

  /**
   * The plans in the folder, the newest first. A file that is not whole is left out.
   *
   * @returns The plans, those that are too old too.
   */
  plans(): Promise<readonly StoredPlan[]> {
    return this.#do(() => this.#plans.all());
  }

  /**
   * Carries out exactly a plan.
   *
   * @param planId The plan: its id, or the first 8 digits at least.
   * @returns What it came to; the same is in the folder as `report-RUN.json`.
   * @throws {CleanupError} If it must not be carried out.
   */
  apply(planId: string): Promise<CleanupReport> {
    return this.#do(async () => {
      const { policy, clock } = this.#settings;
      const plan = await this.#plans.find(planId);
      await checkPlan(plan, this.#settings);
      const doubt = clockDoubt(clock.now(), this.#journal.state.lastMs);
      return await this.#apply(plan, { policy, warnings: doubt === undefined ? [] : [doubt] });
    });
  }

  /**
   * Makes a plan and carries it out, with nobody looking on.
   *
   * @param options The most that may be removed.
   * @returns What it came to; the same is in the folder as `report-RUN.json`.
   * @throws {CleanupError} If no plan could be made, a guard has tripped or the clock cannot be
   *   trusted.
   * @throws {PolicyError} If a limit is none.
   */
  run(options: UnattendedOptions): Promise<CleanupReport> {
    return this.#do(async () => {
      const { clock } = this.#settings;
      const policy = capped(this.#settings.policy, options);
      const doubt = clockDoubt(clock.now(), this.#journal.state.lastMs);
      if (doubt !== undefined) throw new CleanupError("clock", `Cannot run unattended: ${doubt}`);
      const writesBefore = this.#sessions.writes;
      const planning = await this.#planning(options, options);
      const { plan, open } = await planning.planAndStay();
      try {
        await this.#plans.put(plan);
        refuseTrips(plan);
        return await this.#apply(plan, { policy, open, writesBefore, warnings: plan.warnings });
      } finally {
        this.#sessions.over(open.session); // also if nobody has come to use it
      }
    });
  }

  /**
   * Looks what has become of messages that were committed, and whether all archived copies are whole.
   *
   * @returns What it came to; the same is in the folder as `report-RUN.json`.
   */
  verify(): Promise<CleanupReport> {
    return this.#do(async () => {
      const { policy } = this.#settings;
      const { state } = this.#journal;
      const pending = [...state.pending].map(([uid, { outcome }]) => {
        const size = state.archivedAs(uid)?.size;
        return { message: { uid, ...(size !== undefined && { size }) }, outcome };
      });
      const messages = pending.map(({ message }) => message);
      return await this.#reported({ policy, messages, warnings: [] }, async (run) => {
        for (const { message, outcome } of pending) {
          if (outcome === "committed") run.book.committed(message);
          else run.book.unknown(message);
        }
        await readListing(run);
        await checkCopies(run);
      });
    });
  }

  /** What the journal tells. */
  status(): CleanupStatus {
    return this.#journal.state.status();
  }

  /**
   * Gives archived messages back, by mail or as files. The archive stays as it is.
   *
   * @param selector Which messages.
   * @param target Where to.
   * @returns What became of each.
   * @throws {CleanupError} If nothing fits, the policy does not have their archive, several digests
   *   begin with the digits, or what was done cannot be written down.
   * @throws {AddressError} If they are to be sent by or to what is no mailbox.
   */
  restore(selector: RestoreSelector, target: RestoreTarget): Promise<RestoreReport> {
    return this.#do(async () => {
      const { account, clock, store, signal, progress } = this.#settings;
      const startedAt = new Date(clock.now()).toISOString();
      using archives = this.#archives();
      const context = { journal: this.#journal, archives, store, clock, signal, progress };
      const items = await restoreMessages(context, selector, target);
      const endedAt = new Date(clock.now()).toISOString();
      return { schema: "mailwright-cleanup-restore/1", account, startedAt, endedAt, items };
    });
  }

  /**
   * Lets restored messages be removed again.
   *
   * @param selector Which messages.
   * @returns How many were released.
   * @throws {CleanupError} If nothing fits, or that cannot be written down.
   */
  release(selector: RestoreSelector): Promise<number> {
    return this.#do(async () => {
      const { state } = this.#journal;
      const sha256s = archivedMessages(state, selector)
        .map(({ copy: { sha256 } }) => sha256)
        .filter((sha256) => state.restored.has(sha256));
      if (sha256s.length > 0) await this.#journal.record({ event: "released", sha256s });
      return sha256s.length;
    });
  }

  /**
   * Notes that archived copies are gone on purpose: moved to tape, or not wanted any more. They are
   * not missed by {@linkcode CleanupJob.verify} from now on, unless they are written once more.
   *
   * @param selector Which copies. What is still there stays what it is.
   * @param by Who says so.
   * @returns How many are gone on purpose.
   * @throws {CleanupError} If nothing fits, or that cannot be written down.
   */
  retire(selector: RestoreSelector, by: RetiredBy): Promise<RetireResult> {
    return this.#do(async () => {
      using archives = this.#archives();
      return await retireCopies({ journal: this.#journal, archives }, selector, by);
    });
  }

  /** Closes journal and lock, once what was begun is over. It never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    this.#cache?.[Symbol.dispose]();
    this.#journal[Symbol.dispose]();
    this.#lock.release();
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {}); // Whoever has asked hears of it.
    try {
      return await done;
    } catch (error) {
      throw failureOf(error);
    }
  }

  async #openCache(): Promise<HeaderCache> {
    const { store, folder, account } = this.#settings;
    const path = joinPath(folder, "headers.jsonl");
    return this.#cache ??= await writing(path, () => HeaderCache.open(store, path, account));
  }

  async #planning({ acceptChurn = false }: PlanningOptions, caps?: RunCaps): Promise<Planning> {
    const cache = await this.#openCache();
    const { state } = this.#journal;
    const context = { settings: this.#settings, state, cache, sessions: this.#sessions };
    return new Planning(context, { acceptChurn, caps });
  }

  async #apply(
    plan: StoredPlan,
    { open, policy, ...options }:
      & Pick<ReportedRunOptions, "policy" | "warnings">
      & { readonly open?: OpenMailbox; readonly writesBefore?: number },
  ): Promise<CleanupReport> {
    const { items: messages, planId } = plan;
    return await this.#reported({ ...options, policy, messages, planId }, async (run) => {
      await new Application(run, plan).carryOut(open);
    });
  }

  async #reported(
    options:
      & Pick<ReportedRunOptions, "policy" | "messages" | "warnings">
      & Partial<Pick<ReportedRunOptions, "planId" | "writesBefore">>,
    work: Parameters<typeof reportedRun>[1],
  ): Promise<CleanupReport> {
    const cache = await this.#openCache();
    const { dropped } = this.#journal;
    const torn = `${dropped} octets of a torn line were cut off the journal`;
    using archives = this.#archives();
    const report = await reportedRun({
      settings: this.#settings,
      journal: this.#journal,
      archives,
      sessions: this.#sessions,
      firstSeen: (uid) => cache.firstSeen(uid),
      writesBefore: this.#sessions.writes,
      ...options,
      warnings: dropped > 0 ? [torn, ...options.warnings] : options.warnings,
    }, work);
    // What is not the message of the plan was not read right: the next plan reads it again.
    const changed = report.items.filter(({ reason }) => reason === "changed");
    cache.forget(changed.map(({ uid }) => uid));
    try {
      if (changed.length > 0) await cache.sync();
    } catch {
      // The report stands; the next run meets the same messages once more.
    }
    return report;
  }

  #archives(): Archives {
    const { store, base, policy: { archives } } = this.#settings;
    return new Archives({ store, base, archives, journal: this.#journal });
  }
}

/** The policy with limits that are not above those of one run. */
function capped(policy: Policy, { maxDelete, maxFraction }: RunCaps): Policy {
  const { guards } = policy;
  return checkPolicy({
    ...policy,
    guards: {
      ...guards,
      maxDelete: Math.min(maxDelete, guards.maxDelete),
      maxFraction: Math.min(maxFraction, guards.maxFraction),
    },
  });
}
