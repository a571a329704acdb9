/**
 * A connection that tells when and how much was read and written through it.
 *
 * @module
 */

import type { Connection, Endpoint, Security, StartTlsOptions } from "../../wire/mod.ts";

/** Hears what goes through a connection. */
export interface MeterListener {
  /** These octets have just come. They are valid during the call. */
  readonly onRead: (bytes: Uint8Array) => void;
  /** These octets are about to be written; they are as they go out, secrets included. */
  readonly onWrite: (bytes: Uint8Array) => void;
}

/** What a connection becomes by TLS. */
export type Upgrade = (plain: Connection, options: StartTlsOptions) => Promise<Connection>;

/** A connection that is listened to, before and after TLS. */
export class MeteredConnection implements Connection {
  readonly #inner: Connection;
  readonly #listener: MeterListener;
  readonly #upgrade: Upgrade;

  /**
   * Listens to a connection.
   *
   * @param inner The connection.
   * @param listener Who listens.
   * @param upgrade How TLS is started on it.
   */
  constructor(inner: Connection, listener: MeterListener, upgrade: Upgrade) {
    this.#inner = inner;
    this.#listener = listener;
    this.#upgrade = upgrade;
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

  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#inner.read(buffer);
    if (count !== null) this.#listener.onRead(buffer.subarray(0, count));
    return count;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#listener.onWrite(bytes);
    return this.#inner.write(bytes);
  }

  async startTls(options: StartTlsOptions): Promise<Connection> {
    const upgraded = await this.#upgrade(this.#inner, options);
    return new MeteredConnection(upgraded, this.#listener, this.#upgrade);
  }

  close(): void {
    this.#inner.close();
  }
}
