/**
 * Octets that come later: streams, and what gives streams.
 *
 * @module
 */

/** Octets that come in chunks. */
export type OctetChunks = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Octets that come in chunks, once; or a function that gives them anew for each reading. */
export type OctetSource = OctetChunks | (() => OctetChunks | Promise<OctetChunks>);

/** Octets that will be read. */
export class OctetStream {
  /** How many there are, if known. */
  readonly size: number | undefined;
  /** What they are, for errors. */
  readonly what: string;
  /** Whether they can be read more than once. */
  readonly replayable: boolean;
  readonly #source: OctetSource;
  #opened = false;

  constructor(source: OctetSource, { size, what }: Pick<OctetStream, "size" | "what">) {
    this.#source = source;
    this.size = size;
    this.what = what;
    this.replayable = typeof source === "function";
  }

  /** Begins to read them. */
  async open(): Promise<Puller> {
    const source = this.#source;
    if (typeof source === "function") return pullerOf(await source());
    if (this.#opened) {
      // Read on, it would be empty, and nobody would notice.
      throw new TypeError(`Cannot read ${this.what} again: a function that opens it is needed`);
    }
    this.#opened = true;
    return pullerOf(source);
  }

  /** Lets go of what will not be read. */
  async cancel(reason: unknown): Promise<void> {
    if (typeof this.#source !== "function" && !this.#opened) {
      this.#opened = true;
      await pullerOf(this.#source).stop(reason);
    }
  }
}

/** One reading of a source. */
export class OctetReader {
  readonly #stream: OctetStream;
  #puller: Puller | undefined;
  #octets = 0;
  #stopped: { readonly reason: unknown } | undefined;

  constructor(stream: OctetStream) {
    this.#stream = stream;
  }

  /**
   * Gives the next octets, or `undefined` at the end.
   *
   * @throws {RangeError} If there are more or fewer octets than were promised.
   */
  async next(): Promise<Uint8Array | undefined> {
    this.#throwIfStopped();
    this.#puller ??= await this.#open();
    const { done, value } = await this.#puller.next();
    this.#throwIfStopped();
    if (!done) this.#octets += value.length;
    const { size = this.#octets, what } = this.#stream;
    // Octets that were announced and do not come would be a message that is cut off.
    if (this.#octets > size || done && this.#octets < size) {
      const seen = `${this.#octets} octets ${done ? "are all" : "have come already"}`;
      throw new RangeError(`Cannot send ${what} of ${size} octets: ${seen}`);
    }
    return done ? undefined : value;
  }

  /** Lets go of the source, also while it is making up its mind. */
  async stop(reason: unknown): Promise<void> {
    this.#stopped = { reason };
    await (this.#puller?.stop(reason) ?? this.#stream.cancel(reason));
  }

  #throwIfStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped.reason;
  }

  async #open(): Promise<Puller> {
    const puller = await this.#stream.open();
    // Its owner may have gone while it was being opened.
    if (this.#stopped !== undefined) await puller.stop(this.#stopped.reason);
    return puller;
  }
}

/** Where octets come from, one pull at a time. */
export interface Puller {
  next(): Promise<IteratorResult<Uint8Array, undefined>>;
  stop(reason: unknown): Promise<unknown>;
}

function pullerOf(chunks: OctetChunks): Puller {
  if (chunks instanceof ReadableStream) {
    const reader = chunks.getReader();
    return {
      next: async () => {
        const { done, value } = await reader.read();
        return done ? { done, value: undefined } : { done, value };
      },
      stop: (reason) => reader.cancel(reason),
    };
  }
  const iterator = chunks[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    stop: async () => await iterator.return?.(),
  };
}
