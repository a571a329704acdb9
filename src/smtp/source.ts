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
  let failure: { readonly reason: unknown } | undefined;
  const take = (): M | undefined => {
    try {
      const next = failure === undefined ? iterator.next() : undefined;
      return next?.done === false ? next.value : undefined;
    } catch (reason) {
      failure = { reason }; // for whoever waits: the message under way is not to suffer
      return undefined;
    }
  };
  return {
    take,
    wait: () => {
      const message = take();
      return failure === undefined ? Promise.resolve(message) : Promise.reject(failure.reason);
    },
    close: () => {
      iterator.return?.();
    },
  };
}

class AsyncSource<M extends OutgoingMessage> implements MessageSource<M> {
  readonly #iterator: AsyncIterator<M>;
  #asked: Promise<IteratorResult<M>> | undefined;
  #ready: M | undefined;
  #pending = false;

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
    const closed = this.#iterator.return?.();
    // A generator that is making up its mind about the next message ends when it has done so.
    if (this.#pending) closed?.catch(() => {});
    else await closed;
  }

  #consumed(): void {
    this.#ready = this.#asked = undefined;
    this.#ask();
  }

  #ask(): Promise<IteratorResult<M>> {
    const asked = this.#iterator.next();
    this.#asked = asked;
    this.#pending = true;
    asked.then((next) => {
      this.#pending = false;
      if (!next.done) this.#ready = next.value;
    }, () => this.#pending = false); // thrown to whoever waits
    return asked;
  }
}
