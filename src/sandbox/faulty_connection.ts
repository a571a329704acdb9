/**
 * A connection that goes wrong where a fault says so.
 *
 * @module
 */

import type { Clock, Connection, Endpoint, Security, StartTlsOptions } from "../wire/mod.ts";
import type { FaultEnding, WireFault } from "./faults.ts";
import { concat } from "./octets.ts";

/** A connection that can also be broken; one that cannot is closed. */
export type BreakableConnection = Connection & { reset?(): void };

/** What outlives an upgrade to TLS. */
interface Fate {
  readonly faults: readonly WireFault[];
  /** The faults that are over. */
  readonly over: Set<WireFault>;
  readonly clock: Clock;
  readonly note: (fault: WireFault) => void;
  readonly gone: PromiseWithResolvers<void>;
  current: BreakableConnection;
  sent: number;
  received: number;
  stalled: boolean;
}

/**
 * Wraps a connection.
 *
 * @param below The connection.
 * @param faults What goes wrong.
 * @param options `clock` pauses between the pieces of a split, `note` is told what happens.
 * @returns The connection that goes wrong.
 */
export function faultyConnection(
  below: BreakableConnection,
  faults: readonly WireFault[],
  options: Pick<Fate, "clock" | "note">,
): FaultyConnection {
  return new FaultyConnection(below, {
    ...options,
    faults,
    over: new Set(),
    gone: Promise.withResolvers(),
    current: below,
    sent: 0,
    received: 0,
    stalled: false,
  });
}

/** Behaves as its faults say. */
export class FaultyConnection implements Connection {
  readonly #below: BreakableConnection;
  readonly #fate: Fate;
  #held: Uint8Array[] = [];

  /**
   * Wraps a connection; {@linkcode faultyConnection} is the way to do it.
   *
   * @param below The connection.
   * @param fate What outlives an upgrade.
   */
  constructor(below: BreakableConnection, fate: Fate) {
    this.#below = below;
    this.#fate = fate;
  }

  /** Our end. */
  get local(): Endpoint {
    return this.#below.local;
  }

  /** The client's end. */
  get remote(): Endpoint {
    return this.#below.remote;
  }

  /** What protects the octets. */
  get security(): Security {
    return this.#below.security;
  }

  /** Reads, up to where the next fault waits. */
  async read(buffer: Uint8Array): Promise<number | null> {
    const room = await this.#reach("received");
    const count = await this.#below.read(buffer.subarray(0, room));
    this.#fate.received += count ?? 0;
    return count;
  }

  /** Writes, in the pieces that the faults make of it. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#fate.faults.length === 0 && !this.#fate.stalled) return this.#below.write(bytes);
    // The caller's buffer changes after the write: what is held back is a copy.
    if (this.#held.push(bytes.slice()) < this.#fact("coalesce")) return;
    const whole = concat(this.#held.splice(0));
    const chunk = this.#fact("chunk");
    for (let at = 0; at < whole.length;) {
      const room = await this.#reach("sent");
      const part = whole.subarray(at, at + Math.min(room, chunk || room));
      await this.#below.write(part);
      at += part.length;
      this.#fate.sent += part.length;
    }
    // A fault behind the last octet does not wait for the next write.
    await this.#reach("sent");
  }

  /** Upgrades; the faults stay, and go on counting. */
  async startTls(options: StartTlsOptions): Promise<Connection> {
    await this.#standStill();
    this.#fate.current = await this.#below.startTls(options);
    return new FaultyConnection(this.#fate.current, this.#fate);
  }

  /** Closes. */
  close(): void {
    this.#fate.gone.resolve();
    this.#below.close();
  }

  /**
   * Ends as a fault wants it.
   *
   * @param ending How.
   */
  end(ending: FaultEnding): void {
    const { current } = this.#fate;
    if (ending === "stall") this.#fate.stalled = true;
    else if (ending === "drop" && current.reset !== undefined) current.reset();
    else current.close();
  }

  /** Lets a due fault happen, and tells how many octets there are to the next. */
  async #reach(side: "sent" | "received"): Promise<number> {
    const count = this.#fate[side];
    let room = Infinity;
    for (const fault of this.#fate.faults) {
      const { side: where = "sent", at, then } = fault;
      if (where !== side || at === undefined || then === undefined) continue;
      if (at > count) room = Math.min(room, at - count);
      if (at !== count || this.#fate.over.has(fault)) continue;
      this.#fate.over.add(fault);
      this.#fate.note(fault);
      if (then === "split") await this.#fate.clock.sleep(1); // the system might join the pieces
      else this.end(then);
    }
    await this.#standStill();
    return room;
  }

  /** Nothing more happens here until the connection is closed. */
  async #standStill(): Promise<void> {
    if (!this.#fate.stalled) return;
    await this.#fate.gone.promise;
    throw new Deno.errors.Interrupted("operation canceled");
  }

  #fact(name: "chunk" | "coalesce"): number {
    return this.#fate.faults.find((fault) => fault[name] !== undefined)?.[name] ?? 0;
  }
}
