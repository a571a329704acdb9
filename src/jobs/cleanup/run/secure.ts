/**
 * What comes before a mark: this session has shown the very octets that are durable in an archive, and
 * they are those of the plan.
 *
 * @module
 */

import type { Pop3Session } from "../../../pop3/mod.ts";
import type { BoundItem } from "./bind_items.ts";
import { type CleanupRun, retrieveRemoves } from "./cleanup_run.ts";
import { confirmArchived } from "./confirm.ts";
import { isArchive } from "./drain.ts";
import type { PlanItem } from "../plan/plan.ts";
import { Retrieval } from "./retrieval.ts";

/** Secures messages in one session. */
export class Securing {
  readonly #run: CleanupRun;
  readonly #session: Pop3Session;
  readonly #risky: boolean;
  #retrieval: Retrieval | undefined;

  /** Takes the session. */
  constructor(run: CleanupRun, session: Pop3Session) {
    this.#run = run;
    this.#session = session;
    this.#risky = retrieveRemoves(session, run.limits);
  }

  /** The message that is being retrieved: if the session is lost now, it may be to blame. */
  get current(): PlanItem | undefined {
    return this.#retrieval?.current;
  }

  /** Whether a message was retrieved that QUIT may remove, marked or not. */
  get exposed(): boolean {
    return this.#risky && this.#retrieval !== undefined;
  }

  /** Whether the server has refused so often that nothing more was asked. */
  get refused(): boolean {
    return this.#retrieval?.refused ?? false;
  }

  /**
   * Secures messages.
   *
   * @param chunk The messages.
   * @returns Those that may be marked in this session. All others are booked, or were not tried.
   */
  async secure(chunk: readonly BoundItem[]): Promise<readonly BoundItem[]> {
    const wanted = chunk.filter((bound) => this.#mayBeRetrieved(bound));
    const { ready, fresh } = await confirmArchived(this.#run, this.#session, wanted);
    const all = [...ready];
    if (fresh.length > 0) {
      const options = { chunk: fresh, risky: this.#risky };
      const retrieval = this.#retrieval = new Retrieval(this.#run, this.#session, options);
      for (const group of this.#groups(fresh)) {
        if (retrieval.refused) break;
        all.push(...await retrieval.retrieve(group));
      }
    }
    return all.toSorted((one, other) => one.no.value - other.no.value);
  }

  /** Where RETR may remove, nothing is retrieved that would not be archived (T-P16). */
  #mayBeRetrieved({ item }: BoundItem): boolean {
    if (!this.#risky || isArchive(item.archive)) return true;
    this.#run.book.keep(item, "archive-required");
    return false;
  }

  *#groups(fresh: readonly BoundItem[]): Generator<readonly BoundItem[]> {
    const { groupMessages, groupOctets } = this.#run.limits;
    const most = this.#risky ? 1 : groupMessages;
    let group: BoundItem[] = [];
    let octets = 0;
    for (const bound of fresh) {
      const full = group.length >= most || octets + bound.item.size > groupOctets;
      if (full && group.length > 0) {
        yield group;
        group = [];
        octets = 0;
      }
      group.push(bound);
      octets += bound.item.size;
    }
    if (group.length > 0) yield group;
  }
}
