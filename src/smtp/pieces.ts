/**
 * Octets from whatever gives them, for as long as somebody wants them.
 *
 * @module
 */

/** Where the octets come from, one pull at a time. */
interface Puller {
  next(): Promise<IteratorResult<Uint8Array>>;
  stop(reason: unknown): Promise<unknown>;
}

/**
 * Pulls octets from a source. When nobody wants them any more, the source is let go of; also while it
 * is making up its mind, for a source that never answers must not hold up an abort.
 *
 * @param source The source.
 * @param gone Fires when nobody wants the octets any more.
 * @returns The octets, as the source gives them.
 */
export async function* pieces(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const puller = source instanceof ReadableStream ? streamPuller(source) : iteratorPuller(source);
  let giveUp: (reason: unknown) => void = () => {};
  const abort = (): void => giveUp(gone.reason);
  let state: "asked" | "answered" | "ended" = "answered";
  gone.addEventListener("abort", abort, { once: true });
  try {
    while (true) {
      gone.throwIfAborted();
      state = "asked";
      const { done, value } = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        giveUp = reject;
        puller.next().then(resolve, reject);
      });
      state = done ? "ended" : "answered";
      if (done) return;
      yield value;
    }
  } finally {
    gone.removeEventListener("abort", abort);
    if (state !== "ended") {
      const stopped = puller.stop(gone.reason).catch(() => {}); // how it ends is its own affair
      if (state === "answered") await stopped;
    }
  }
}

function streamPuller(stream: ReadableStream<Uint8Array>): Puller {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      if (!done) return { done, value };
      reader.releaseLock();
      return { done, value: undefined };
    },
    stop: async (reason) => {
      await reader.cancel(reason);
      reader.releaseLock();
    },
  };
}

function iteratorPuller(source: AsyncIterable<Uint8Array>): Puller {
  const iterator = source[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    stop: async () => await iterator.return?.(),
  };
}
