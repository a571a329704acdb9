/**
 * One commit for all that comes at about the same time.
 *
 * @module
 */

/** How many turns of the microtask queue must bring nothing new before a group is complete. */
const QUIET_TURNS = 8;
/** How many turns a group waits at most. */
const MOST_TURNS = 64;

/**
 * Gathers changes and writes them together. Whoever adds one waits for the write of all.
 *
 * Replies of several connections that came in one turn of the event loop are handled one after the
 * other within it: the group waits until none of them adds anything more, and no longer.
 */
export class GroupCommit<C> {
  readonly #write: (changes: readonly C[]) => void | Promise<void>;
  #changes: C[] = [];
  /** The group that is gathered, and the one that is written. */
  #next: Promise<void> | undefined;
  #writing: void | Promise<void> = undefined;
  #failure: { readonly reason: unknown } | undefined;

  /**
   * Makes one.
   *
   * @param write Makes changes durable, all or none of them. Once it has thrown, nothing is written
   * any more: what a disk holds after that is not known.
   */
  constructor(write: (changes: readonly C[]) => void | Promise<void>) {
    this.#write = write;
  }

  /**
   * Adds a change.
   *
   * @param change The change.
   * @returns When it is durable. It rejects with what the write has thrown, now or before.
   */
  add(change: C): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    this.#changes.push(change);
    return this.#next ??= this.#commit();
  }

  /** Waits for all changes; whoever added them has heard what became of them. */
  async flush(): Promise<void> {
    await this.#next?.catch(() => {});
  }

  async #commit(): Promise<void> {
    await this.#gathered();
    await this.#writing;
    const changes = this.#changes;
    this.#changes = [];
    this.#next = undefined;
    try {
      if (this.#failure !== undefined) throw this.#failure.reason;
      const writing = this.#write(changes);
      if (writing === undefined) return;
      this.#writing = writing.catch(() => {}); // who waits for this group hears of it
      await writing;
    } catch (reason) {
      this.#failure ??= { reason };
      throw reason;
    }
  }

  async #gathered(): Promise<void> {
    let seen = 0;
    let quiet = 0;
    for (let turns = 0; quiet < QUIET_TURNS && turns < MOST_TURNS; turns++) {
      if (this.#changes.length > seen) {
        seen = this.#changes.length;
        quiet = 0;
      } else quiet++;
      await undefined;
    }
  }
}
