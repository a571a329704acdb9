/**
 * Carrying out exactly a plan: session after session, until each of its messages is settled.
 *
 * @module
 */

import { Pop3MessageTooLongError, type Pop3Session, type Pop3Snapshot } from "../../../pop3/mod.ts";
import { WireError } from "../../../wire/mod.ts";
import { bindItems, type BoundItem } from "./bind_items.ts";
import type { CleanupRun } from "./cleanup_run.ts";
import { commitItems, markItems } from "./commit.ts";
import type { PlanItem } from "../plan/plan.ts";
import { type ListingUse, noteFate, takeListing } from "./reconcile.ts";
import { Securing } from "./secure.ts";
import { distrust, verifyCommits } from "./read_listing.ts";
import { connectionError, leave } from "./sessions.ts";

/** A session and what it has listed. */
export interface OpenMailbox {
  /** The session. */
  readonly session: Pop3Session;
  /** The listing. */
  readonly listing: Pop3Snapshot;
}

/** What is carried out. */
export interface AppliedPlan {
  /** The plan. */
  readonly planId: string;
  /** What it removes. */
  readonly items: readonly PlanItem[];
  /** Whether it was fine that the mailbox has changed a lot. */
  readonly acceptChurn: boolean;
}

/** How often a message is tried before it is left alone (T-C09). */
const MOST_TRIES = 2;

/** Carries out a plan. */
export class Application {
  readonly #run: CleanupRun;
  readonly #plan: AppliedPlan;
  readonly #tries = new Map<PlanItem, number>();
  #listed = false;
  #lost = 0;
  /** What was settled or secured when a session was last lost. */
  #reached = 0;

  /** Nothing is done yet. */
  constructor(run: CleanupRun, plan: AppliedPlan) {
    this.#run = run;
    this.#plan = plan;
  }

  /**
   * Carries it out.
   *
   * @param first The session that has made the plan, if it is still there.
   * @throws {CleanupError | ArchiveError} What has ended it. The book tells how far it has come.
   */
  async carryOut(first?: OpenMailbox): Promise<void> {
    let goesOn = await this.#pass(first);
    while (goesOn && this.#left().length > 0) goesOn = await this.#pass();
    this.#tellChanged();
    await verifyCommits(this.#run);
  }

  /** Mailutils, for one, writes into messages when they are first listed. */
  #tellChanged(): void {
    const { book } = this.#run;
    const count = book.items.filter(({ reason }) => reason === "changed").length;
    if (count === 0) return;
    const seen = `${count} of the plan's messages have changed since it was made`;
    book.warn(`${seen}, as they do where a server writes into them: make a new plan`);
  }

  #left(): readonly PlanItem[] {
    return this.#plan.items.filter((item) => !this.#run.book.isSettled(item));
  }

  /** One session: whether another one makes sense. */
  async #pass(open?: OpenMailbox): Promise<boolean> {
    const { sessions, signal } = this.#run;
    const session = open?.session ?? await sessions.open(this.#lost);
    const securing = new Securing(this.#run, session);
    try {
      const listing = open?.listing ?? await sessions.list(session);
      const chunk = this.#chunk(session, this.#bind(listing));
      const ready = await securing.secure(chunk);
      signal?.throwIfAborted();
      const goesOn = await this.#remove(session, ready, securing);
      if (securing.refused) this.#run.book.warn("the server has refused RETR too often");
      return goesOn && !securing.refused;
    } catch (error) {
      if (error instanceof WireError && !signal?.aborted) {
        this.#lose(error, securing.current);
        return true;
      }
      await leave(session, securing.exposed);
      signal?.throwIfAborted();
      throw connectionError(error);
    } finally {
      sessions.over(session);
    }
  }

  #bind(listing: Pop3Snapshot): readonly BoundItem[] {
    const { book, journal, policy: { guards } } = this.#run;
    const binding = bindItems(this.#left(), listing.messages);
    const early = true; // The listing at the end tells more.
    const use: ListingUse = this.#listed ? { guards, early } : {
      guards,
      early,
      removals: binding.bound.length,
      acceptChurn: this.#plan.acceptChurn,
    };
    takeListing(this.#run, listing, use);
    this.#listed = true;
    const elsewhere = new Set<string>();
    for (const item of binding.missing) {
      // Another run of ours may have removed it before it was cut off.
      if (journal.state.isGone(item.uid)) book.verified(item);
      else {
        elsewhere.add(item.uid);
        book.goneElsewhere(item);
      }
    }
    noteFate(journal, "gone-elsewhere", [...elsewhere]);
    for (const item of binding.changed) book.keep(item, "changed", "its size is another one");
    for (const item of binding.doubled) book.keep(item, "duplicate-uid");
    return binding.bound;
  }

  /** As much as one QUIT is to remove; all, where the next login would have to wait for long. */
  #chunk(session: Pop3Session, bound: readonly BoundItem[]): readonly BoundItem[] {
    const { limits } = this.#run;
    const { seconds = 0 } = session.capabilities.loginDelay ?? {};
    return seconds > limits.loginDelaySeconds ? bound : bound.slice(0, limits.marksPerQuit);
  }

  async #remove(
    session: Pop3Session,
    ready: readonly BoundItem[],
    { exposed }: Securing,
  ): Promise<boolean> {
    const { planId } = this.#plan;
    const marked = await markItems(this.#run, session, ready);
    if (marked === undefined) return false;
    if (marked.length === 0) {
      await leave(session, exposed);
      return true;
    }
    const outcome = await commitItems(this.#run, session, { marked, planId });
    // Where QUIT was not answered, the next listing tells; where it fails, more of it makes no sense.
    if (outcome === "unknown") return ++this.#lost < this.#run.limits.lostSessions;
    return outcome === "committed";
  }

  /** A session was lost: what it has marked is void. */
  #lose(error: WireError, current: PlanItem | undefined): void {
    const { book, limits } = this.#run;
    if (error instanceof Pop3MessageTooLongError && current !== undefined) {
      book.keep(current, "too-large", error.message);
      return;
    }
    distrust(this.#run, error);
    if (current !== undefined) {
      const tries = (this.#tries.get(current) ?? 0) + 1;
      this.#tries.set(current, tries);
      if (tries >= MOST_TRIES) book.keep(current, "unread", error.message);
    }
    const { archived, kept } = book.counts;
    const ahead = archived + kept > this.#reached;
    this.#reached = archived + kept;
    this.#lost = ahead ? 1 : this.#lost + 1;
    if (this.#lost >= limits.lostSessions) throw connectionError(error);
  }
}
