/**
 * Two connected ends without a network: for tests, for a program that is its own server, for TURN.
 *
 * @module
 */

import type { Connection, Endpoint, Security, StartTlsOptions } from "./connection.ts";
import { TlsError, type TlsFailure } from "./errors.ts";

/** How a pair of ends behaves. */
export interface MemoryPairOptions {
  /** How many unread octets one direction holds before a write waits. @default {1_048_576} */
  readonly capacity?: number;
  /** The most octets one read gives, however many there are. @default {Infinity} */
  readonly chunk?: number;
}

/**
 * Makes two connected ends: what one writes, the other reads.
 *
 * TLS is a marker here, without cryptography: both ends must call `startTls`, and octets that were
 * written before and not read make it fail, as they would in a real handshake.
 *
 * @param options Sizes.
 * @returns The end that opened the connection and the end that accepted it.
 *
 * @example Usage
 * ```ts
 * import { memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * await client.write(new TextEncoder().encode("NOOP"));
 * const buffer = new Uint8Array(16);
 * equal(await server.read(buffer), 4);
 * client.close();
 * server.close();
 * ```
 */
export function memoryPair(options: MemoryPairOptions = {}): [Connection, Connection] {
  const up = new Pipe(options);
  const down = new Pipe(options);
  const upgrade = new Upgrade(options);
  return [
    new MemoryConnection(down, up, upgrade, 0, "clear"),
    new MemoryConnection(up, down, upgrade, 1, "clear"),
  ];
}

const HERE: Endpoint = { transport: "memory" };

/** One direction: a bounded queue of octets. */
class Pipe {
  readonly #capacity: number;
  readonly #chunk: number;
  readonly #queue: Uint8Array[] = [];
  #size = 0;
  #readerGone = false;
  #writerGone = false;
  #waiting: (() => void)[] = [];

  constructor({ capacity = 1024 * 1024, chunk = Infinity }: MemoryPairOptions) {
    this.#capacity = capacity;
    this.#chunk = chunk;
  }

  get size(): number {
    return this.#size;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (true) {
      if (this.#readerGone) throw new Deno.errors.Interrupted("operation canceled");
      if (this.#size > 0) break;
      if (this.#writerGone) return null;
      await this.#change();
    }
    let count = 0;
    const most = Math.min(buffer.length, this.#chunk);
    for (let head = this.#queue[0]; head !== undefined && count < most; head = this.#queue[0]) {
      const part = head.subarray(0, most - count);
      buffer.set(part, count);
      count += part.length;
      if (part.length === head.length) this.#queue.shift();
      else this.#queue[0] = head.subarray(part.length);
    }
    this.#size -= count;
    this.#changed();
    return count;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    while (true) {
      if (this.#writerGone) throw new Deno.errors.Interrupted("operation canceled");
      if (this.#readerGone) throw new Deno.errors.BrokenPipe("the other end is closed");
      if (this.#size === 0 || this.#size + bytes.length <= this.#capacity) break;
      await this.#change();
    }
    this.#queue.push(bytes.slice());
    this.#size += bytes.length;
    this.#changed();
  }

  closeReader(): void {
    this.#readerGone = true;
    this.#changed();
  }

  closeWriter(): void {
    this.#writerGone = true;
    this.#changed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The place where both ends meet to become "TLS". */
class Upgrade {
  readonly #options: MemoryPairOptions;
  readonly #arrived: (PromiseWithResolvers<Connection> | undefined)[] = [undefined, undefined];
  #failure: TlsError | undefined;

  constructor(options: MemoryPairOptions) {
    this.#options = options;
  }

  /** An end is ready for the handshake, with so many unread octets that were written before. */
  join(side: 0 | 1, stale: number): Promise<Connection> {
    const mine = Promise.withResolvers<Connection>();
    const other = this.#arrived[1 - side];
    this.#arrived[side] = mine;
    if (stale > 0) this.#fail("not-tls", "plain octets were in the way");
    if (this.#failure !== undefined) {
      mine.reject(this.#failure);
    } else if (other !== undefined) {
      const up = new Pipe(this.#options);
      const down = new Pipe(this.#options);
      const again = new Upgrade(this.#options);
      const ends: [Connection, Connection] = [
        new MemoryConnection(down, up, again, 0, "verified"),
        new MemoryConnection(up, down, again, 1, "verified"),
      ];
      mine.resolve(ends[side]);
      other.resolve(ends[side === 0 ? 1 : 0]);
    }
    return mine.promise;
  }

  /** An end wrote in the clear: the other must not be waiting for a handshake. */
  disturb(side: 0 | 1): void {
    if (this.#arrived[1 - side] !== undefined) {
      this.#fail("not-tls", "plain octets were in the way");
    }
  }

  /** An end is gone. */
  leave(): void {
    this.#fail("closed", "the other end closed");
  }

  #fail(failure: TlsFailure, seen: string): void {
    this.#failure ??= new TlsError(`Cannot start TLS: ${seen}`, { failure });
    for (const waiting of this.#arrived) waiting?.reject(this.#failure);
  }
}

class MemoryConnection implements Connection {
  readonly local: Endpoint = HERE;
  readonly remote: Endpoint = HERE;
  readonly security: Security;
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  readonly #upgrade: Upgrade;
  readonly #side: 0 | 1;

  constructor(
    incoming: Pipe,
    outgoing: Pipe,
    upgrade: Upgrade,
    side: 0 | 1,
    security: Security,
  ) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#upgrade = upgrade;
    this.#side = side;
    this.security = security;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#incoming.read(buffer);
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#upgrade.disturb(this.#side);
    return this.#outgoing.write(bytes);
  }

  startTls(_options: StartTlsOptions): Promise<Connection> {
    if (this.security !== "clear") {
      return Promise.reject(
        new TlsError("Cannot start TLS on a TLS connection", { failure: "unsupported" }),
      );
    }
    return this.#upgrade.join(this.#side, this.#incoming.size);
  }

  close(): void {
    this.#outgoing.closeWriter();
    this.#incoming.closeReader();
    this.#upgrade.leave();
  }
}
