/**
 * A connection that writes badly on purpose: a few octets at a time, and late.
 *
 * @module
 */

import type { Clock, Connection, Endpoint, Security, StartTlsOptions } from "../wire/mod.ts";

/** How an end writes. */
export interface Pace {
  /** The most octets of one write; 0: as many as there are. */
  size: number;
  /** How long it waits before each write, in milliseconds. */
  delayMs: number;
}

/** A connection whose writes follow a pace. The pace may change at any time. */
export class PacedConnection implements Connection {
  readonly #inner: Connection;
  readonly #pace: Pace;
  readonly #clock: Clock;
  readonly #closed = new AbortController();

  /**
   * Takes a connection over.
   *
   * @param inner The connection.
   * @param pace How it writes.
   * @param clock What delays go by.
   */
  constructor(inner: Connection, pace: Pace, clock: Clock) {
    this.#inner = inner;
    this.#pace = pace;
    this.#clock = clock;
  }

  get local(): Endpoint {
    return this.#inner.local;
  }

  get remote(): Endpoint {
    return this.#inner.remote;
  }

  get security(): Security {
    return this.#inner.security;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#inner.read(buffer);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const { size, delayMs } = this.#pace;
      if (delayMs > 0) await this.#clock.sleep(delayMs, { signal: this.#closed.signal });
      const to = size > 0 ? from + size : bytes.length;
      await this.#inner.write(bytes.subarray(from, to));
      from = to;
    }
  }

  async startTls(options: StartTlsOptions): Promise<Connection> {
    return new PacedConnection(await this.#inner.startTls(options), this.#pace, this.#clock);
  }

  close(): void {
    this.#closed.abort();
    this.#inner.close();
  }

  /** Breaks the connection, where it can be broken; else it is closed. */
  drop(): void {
    if ("reset" in this.#inner && typeof this.#inner.reset === "function") this.#inner.reset();
    this.close();
  }
}
