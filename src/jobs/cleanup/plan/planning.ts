/**
 * From the mailbox to a plan: nothing but the cache of headers changes.
 *
 * @module
 */

import type { Pop3Session, Pop3Snapshot } from "../../../pop3/mod.ts";
import { ProtocolError, WireError } from "../../../wire/mod.ts";
import type { OpenMailbox } from "../run/apply.ts";
import { clockDoubt } from "./clock_check.ts";
import { collectFacts } from "./collect.ts";
import { failureOf, writing } from "../failure.ts";
import type { RunCaps } from "./guards.ts";
import type { HeaderCache } from "./header_cache.ts";
import type { JobSettings } from "../job_settings.ts";
import type { JournalState } from "../journal/journal_state.ts";
import { Planner } from "./planner.ts";
import { RestoredMail } from "../restore/restored_mail.ts";
import { leave, type Sessions } from "../run/sessions.ts";
import { policyDigestOf, type StoredPlan, storedPlan } from "./stored_plan.ts";

/** What plans are made with. */
export interface PlanningContext {
  /** The options of the job. */
  readonly settings: JobSettings;
  /** What has happened before. */
  readonly state: JournalState;
  /** What was read before. */
  readonly cache: HeaderCache;
  /** Where sessions come from. */
  readonly sessions: Sessions;
}

/** What a plan is made for. */
export interface PlannedUse {
  /** Whether it is fine that the mailbox has changed a lot. */
  readonly acceptChurn: boolean;
  /** Limits beside those of the policy. */
  readonly caps?: RunCaps | undefined;
}

/** Makes a plan. */
export class Planning {
  readonly #context: PlanningContext;
  readonly #use: PlannedUse;
  /** What a session was lost over. */
  readonly #unreadable = new Set<string>();

  /** Nothing is read yet. */
  constructor(context: PlanningContext, use: PlannedUse) {
    this.#context = context;
    this.#use = use;
  }

  /**
   * Makes the plan, and says RSET and QUIT.
   *
   * @returns The plan.
   * @throws {CleanupError} If the mailbox cannot be read, or the cache not be written.
   */
  async plan(): Promise<StoredPlan> {
    const { plan, open } = await this.planAndStay();
    try {
      await leave(open.session, false);
      return plan;
    } finally {
      this.#context.sessions.over(open.session);
    }
  }

  /**
   * Makes the plan, and keeps the session.
   *
   * @returns The plan, the session and what it has listed.
   * @throws {CleanupError} If the mailbox cannot be read, or the cache not be written.
   */
  async planAndStay(): Promise<{ readonly plan: StoredPlan; readonly open: OpenMailbox }> {
    const { sessions, settings: { limits, signal } } = this.#context;
    for (let lost = 0;;) {
      const session = await sessions.open(lost);
      try {
        const listing = await sessions.list(session);
        return { plan: await this.#planOf(session, listing), open: { session, listing } };
      } catch (error) {
        sessions.over(session);
        signal?.throwIfAborted();
        if (error instanceof ProtocolError) sessions.distrust();
        if (!(error instanceof WireError) || ++lost >= limits.lostSessions) throw failureOf(error);
      }
    }
  }

  async #planOf(session: Pop3Session, listing: Pop3Snapshot): Promise<StoredPlan> {
    const { settings, cache, state } = this.#context;
    const { account, clock, limits, policy, signal, progress } = settings;
    const { acceptChurn, caps } = this.#use;
    const nowMs = clock.now();
    const uids = new Set(listing.messages.flatMap(({ uid }) => uid ?? []));
    cache.see(uids, nowMs);
    const previousUids = acceptChurn ? undefined : state.expectedUids;
    const planner = new Planner(new RestoredMail(state).guarding(policy), listing, {
      nowMs,
      caps,
      firstSeen: (uid) => cache.firstSeen(uid),
      ...(previousUids !== undefined && { previousUids }),
    });
    const unreadable = this.#unreadable;
    await collectFacts(planner, { session, listing, cache, limits, signal, progress, unreadable });
    const plan = await planner.plan();
    // A listing that cannot be trusted makes nobody forget.
    if (plan.trips.length === 0) await writing(cache.path, () => cache.keepOnly(uids));
    const doubt = clockDoubt(nowMs, state.lastMs);
    return storedPlan(plan, {
      account,
      policyDigest: await policyDigestOf(policy),
      acceptChurn,
      warnings: [...doubt === undefined ? [] : [doubt], ...warningsOf(session, listing)],
    });
  }
}

/** What somebody should know before a plan is carried out. */
function* warningsOf({ capabilities }: Pop3Session, listing: Pop3Snapshot): Generator<string> {
  if (capabilities.expire?.days === 0) {
    yield "the server says EXPIRE 0: it may remove what is retrieved, and so messages without an " +
      "archive are kept";
  }
  if (listing.uidlError !== undefined) {
    yield `the server does not tell unique-ids, so nothing can be removed: "${listing.uidlError.reply}"`;
  }
}
