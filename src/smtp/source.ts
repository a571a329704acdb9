/**
 * Messages from anything that can be iterated, one ahead of what is being sent.
 *
 * @module
 */

import type { MessageSource, OutgoingMessage } from "./delivery.ts";

/**
 * Makes a source of an iterable. Of an async one the next message is asked for while the one before is
 * under way, so that it can share a write with its end.
 *
 * @param messages The messages.
 * @returns The source.
 */
export function pulled<M extends OutgoingMessage>(
  messages: Iterable<M> | AsyncIterable<M>,
): MessageSource<M> {
  return Symbol.asyncIterator in messages ? new AsyncSource(messages) : syncSource(messages);
}

function syncSource<M extends OutgoingMessage>(messages: Iterable<M>): MessageSource<M> {
  const iterator = messages[Symbol.iterator]();
  const take = (): M | undefined => {
    const next = iterator.next();
    return next.done ? undefined : next.value;
  };
  return {
    take,
    // A throwing iterator rejects, as an async one does.
    wait: () => new Promise((resolve) => resolve(take())),
    close: () => {
      iterator.return?.();
    },
  };
}

class AsyncSource<M extends OutgoingMessage> implements MessageSource<M> {
  readonly #iterator: AsyncIterator<M>;
  #asked: Promise<IteratorResult<M>> | undefined;
  #ready: M | undefined;

  constructor(messages: AsyncIterable<M>) {
    this.#iterator = messages[Symbol.asyncIterator]();
  }

  take(): M | undefined {
    const ready = this.#ready;
    if (ready === undefined) return undefined;
    this.#consumed();
    return ready;
  }

  async wait(): Promise<M | undefined> {
    const next = await (this.#asked ?? this.#ask());
    if (next.done) return undefined;
    this.#consumed();
    return next.value;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  #consumed(): void {
    this.#ready = this.#asked = undefined;
    this.#ask();
  }

  #ask(): Promise<IteratorResult<M>> {
    const asked = this.#iterator.next();
    this.#asked = asked;
    asked.then((next) => {
      if (!next.done) this.#ready = next.value;
    }, () => {}); // thrown to whoever waits
    return asked;
  }
}
