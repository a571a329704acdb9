/**
 * The ledger: what the sandbox received and answered, in order and only ever added to.
 *
 * It is written when things happen and not when they are stored: a test can tell what the server knew
 * from what the client believed.
 *
 * @module
 */

/** One entry. */
export interface LedgerEntry {
  /** Which connection, counted from 0; -1 where none of those that came is meant. */
  readonly connection: number;
  /**
   * - `open`, `tls`, `turn`, `close`: the connection began, was upgraded, reversed its roles, ended.
   * - `command`: a line of the client; secrets are gone.
   * - `terminator`: the end of a content, before anything is stored or answered.
   * - `stored`: the message is kept from here on.
   * - `marked`: DELE has marked a message.
   * - `update`: QUIT begins to remove what is marked.
   * - `removed`: messages are gone from here on, whoever has removed them.
   * - `reply`: a line of the server, as handed to the connection; not the content of a message.
   * - `sent`: what became of a held message.
   * - `fault`: a fault took effect.
   * - `failure`: something that should not happen, happened.
   */
  readonly kind:
    | "open"
    | "tls"
    | "turn"
    | "close"
    | "command"
    | "terminator"
    | "stored"
    | "marked"
    | "update"
    | "removed"
    | "reply"
    | "sent"
    | "fault"
    | "failure";
  /** The line, or words about it. */
  readonly text: string;
  /** The recipients of a `terminator`, of `stored` and of `sent`. */
  readonly recipients?: readonly string[];
  /** The messages of `marked`, `update` and `removed`, as they were called when they came. */
  readonly uids?: readonly string[];
}

/** Append-only. */
export class Ledger {
  readonly #entries: LedgerEntry[] = [];
  readonly #waiting = new Set<(entry: LedgerEntry) => void>();

  /** All entries. */
  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  /**
   * Adds an entry.
   *
   * @param entry What happened.
   */
  add(entry: LedgerEntry): void {
    this.#entries.push(entry);
    for (const look of this.#waiting) look(entry);
  }

  /**
   * The texts of one kind of entries.
   *
   * @param kind The kind.
   * @returns Their texts, in order.
   */
  texts(kind: LedgerEntry["kind"]): string[] {
    return this.#entries.filter((entry) => entry.kind === kind).map(({ text }) => text);
  }

  /**
   * All entries: those that are there, then those that come, without end.
   *
   * @param options `signal` ends it with its reason.
   */
  async *follow(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<LedgerEntry> {
    for (let at = 0;; at++) {
      yield this.#entries[at] ?? await this.#next(() => true, options);
    }
  }

  /**
   * Waits for an entry, unless it is there already.
   *
   * @param match Whether this is it.
   * @param options `signal` ends the wait.
   * @returns The entry.
   */
  async until(
    match: (entry: LedgerEntry) => boolean,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<LedgerEntry> {
    options.signal?.throwIfAborted();
    return this.#entries.find(match) ?? await this.#next(match, options);
  }

  async #next(
    match: (entry: LedgerEntry) => boolean,
    { signal }: { readonly signal?: AbortSignal },
  ): Promise<LedgerEntry> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<LedgerEntry>();
    const look = (entry: LedgerEntry): void => {
      if (match(entry)) resolve(entry);
    };
    const abort = (): void => reject(signal?.reason);
    this.#waiting.add(look);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await promise;
    } finally {
      this.#waiting.delete(look);
      signal?.removeEventListener("abort", abort);
    }
  }
}
