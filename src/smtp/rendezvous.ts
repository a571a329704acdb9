/**
 * Hands values from who makes them to who asks for them, one at a time.
 *
 * @module
 */

/** The maker goes on when the value has been taken and more is asked for. */
export class Rendezvous<T> {
  #slot: { readonly value: T } | undefined;
  #maker: PromiseWithResolvers<void> | undefined;
  #taker: ((next: { readonly value: T } | undefined) => void) | undefined;
  #ended = false;
  #brokenOff: "no" | "yes" | "said" = "no";

  /**
   * Gives a value and waits until more is asked for.
   *
   * @param value The value.
   * @throws {Error} Once, if nobody asks any more; later values are dropped.
   */
  async give(value: T): Promise<void> {
    if (this.#brokenOff !== "no") return this.#say();
    const next = { value };
    if (this.#taker === undefined) this.#slot = next;
    else this.#taker(next);
    this.#taker = undefined;
    this.#maker = Promise.withResolvers();
    await this.#maker.promise;
    if (this.#brokenOff !== "no") this.#say();
  }

  /** No more will be given. */
  end(): void {
    this.#ended = true;
    this.#taker?.(undefined);
  }

  /** No more will be asked for. */
  breakOff(): void {
    if (this.#brokenOff === "no") this.#brokenOff = "yes";
    this.#maker?.resolve();
  }

  /**
   * Asks for the next value.
   *
   * @returns The value, or `undefined` when there are no more.
   */
  take(): Promise<{ readonly value: T } | undefined> {
    const next = this.#slot;
    this.#slot = undefined;
    if (next !== undefined || this.#ended) return Promise.resolve(next);
    return new Promise((resolve) => {
      this.#taker = resolve;
      this.#maker?.resolve();
    });
  }

  #say(): void {
    if (this.#brokenOff === "said") return;
    this.#brokenOff = "said";
    throw new Error("Cannot go on sending: nobody asks for receipts any more");
  }
}
