/**
 * A connection that writes badly on purpose: a few octets at a time, and late.
 *
 * @module
 */

import type { Clock, Connection, Endpoint, Security, StartTlsOptions } from "../../wire/mod.ts";

/** How an end writes. */
export interface Pace {
  /** The most octets of one write; 0: as many as there are. */
  size: number;
  /** How long it waits before each write, in milliseconds. */
  delayMs: number;
}

/** Watches over each write: a peer that does not read must not hold it for ever. */
export interface WriteWatch {
  /** A write begins. */
  readonly begin: () => void;
  /** It is over. */
  readonly end: () => void;
}

/** A connection whose writes follow a pace. The pace may change at any time. */
export class PacedConnection implements Connection {
  readonly #inner: Connection;
  readonly #pace: Pace;
  readonly #clock: Clock;
  readonly #watch: WriteWatch;
  readonly #closed = new AbortController();

  /**
   * Takes a connection over.
   *
   * @param inner The connection.
   * @param pace How it writes.
   * @param clock What delays go by.
   * @param watch Watches over writes, not over delays.
   */
  constructor(inner: Connection, pace: Pace, clock: Clock, watch: WriteWatch) {
    this.#inner = inner;
    this.#pace = pace;
    this.#clock = clock;
    this.#watch = watch;
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
      this.#watch.begin();
      try {
        await this.#inner.write(bytes.subarray(from, to));
      } finally {
        this.#watch.end();
      }
      from = to;
    }
  }

  async startTls(options: StartTlsOptions): Promise<Connection> {
    const upgraded = await this.#inner.startTls(options);
    return new PacedConnection(upgraded, this.#pace, this.#clock, this.#watch);
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
