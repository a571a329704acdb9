/**
 * Bodies of multi-line replies: octets as the server sent them, pulled, never held back.
 *
 * @module
 */

import { ClosedError, TimeoutError } from "../wire/mod.ts";
import { BodyCutter } from "./body_cutter.ts";
import { Pop3MessageTooLongError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
/** How much is read on for nothing before closing the connection is the better way, in octets. */
const DROP_LIMIT = 8 * 1024 * 1024;
/** How much room is made for a message at once: its listed size is not to be trusted. */
const MAX_ROOM = 1024 * 1024;

/** Reads one body: finds its end and undoes its dots. */
export class BodyReader {
  readonly #exchange: Exchange;
  readonly #what: string;
  readonly #limit: number;
  readonly #hint: number;
  readonly #cutter: BodyCutter;
  #gathered: Uint8Array = NOTHING;
  #octets = 0;
  #waitedMs = 0;
  /** Whether the last line so far ends in a dot, which some servers take for the end (Q11). */
  #maybeOver = false;

  /**
   * A reader behind a positive status.
   *
   * @param exchange Where it comes from.
   * @param what What it is, for errors.
   * @param limit How long it may be, in octets.
   * @param hint How long it will probably be, in octets.
   */
  constructor(exchange: Exchange, what: string, limit: number, hint: number = 0) {
    this.#exchange = exchange;
    this.#what = what;
    this.#limit = limit;
    this.#hint = hint;
    this.#cutter = new BodyCutter(exchange.bodyEnd);
  }

  /** Whether the end was seen. */
  get ended(): boolean {
    return this.#cutter.ended;
  }

  /** How many octets of content were taken. */
  get octets(): number {
    return this.#octets;
  }

  /** Whether a lone LF was seen. */
  get bareLf(): boolean {
    return this.#cutter.bareLf;
  }

  /**
   * The next run of content that is here.
   *
   * @returns A view that is valid until the next read; empty if more must be read, or at the end.
   * @throws {Pop3MessageTooLongError} If it is too long.
   */
  take(): Uint8Array {
    if (this.ended) return NOTHING;
    const { channel } = this.#exchange;
    const run = this.#cutter.cut(channel.peek());
    this.#exchange.heard(channel.take(this.#cutter.consumed));
    this.#octets += run.length;
    if (run.length > 0) this.#maybeOver = run.at(-3) === DOT && run.at(-1) === LF;
    if (this.#octets > this.#limit) {
      throw this.#exchange.fail(new Pop3MessageTooLongError(this.#what, this.#limit));
    }
    return run;
  }

  /**
   * Reads once.
   *
   * @throws {WireError} If nothing comes.
   */
  async more(): Promise<void> {
    const { clock, timers } = this.#exchange;
    const left = timers.message - this.#waitedMs;
    const began = clock.monotonic();
    try {
      if (left < timers.read) await this.#exchange.fill(this.#what, left);
      else await this.#exchange.fill(`next octets of ${this.#what}`, timers.read);
    } catch (error) {
      if (error instanceof TimeoutError && this.#maybeOver) error.message += HINT;
      throw error;
    }
    this.#waitedMs += clock.monotonic() - began;
  }

  /**
   * The next run of content.
   *
   * @returns A view that is valid until the next read; empty at the end.
   * @throws {WireError} If it does not come.
   */
  async next(): Promise<Uint8Array> {
    let run = this.take();
    while (run.length === 0 && !this.ended) {
      await this.more();
      run = this.take();
    }
    return run;
  }

  /**
   * All that is here, or the next to come.
   *
   * @returns A view that is valid until the next call; empty at the end.
   * @throws {WireError} If it does not come.
   */
  async piece(): Promise<Uint8Array> {
    const first = await this.next();
    const { buffered } = this.#exchange.channel;
    if (this.ended || buffered === 0) return first;
    // Doubled dots cut it into many runs; together they cost whoever takes them less.
    if (this.#gathered.length < first.length + buffered) {
      this.#gathered = new Uint8Array(first.length + buffered);
    }
    let length = 0;
    for (let run = first; run.length > 0; run = this.take()) {
      this.#gathered.set(run, length);
      length += run.length;
    }
    return this.#gathered.subarray(0, length);
  }

  /**
   * The content as a whole.
   *
   * @returns The octets.
   * @throws {WireError} If the end does not come.
   */
  async whole(): Promise<Uint8Array<ArrayBuffer>> {
    const first = this.take();
    if (this.ended) return first.slice();
    let room = new Uint8Array(Math.max(first.length * 2, Math.min(this.#hint, MAX_ROOM) + 1024));
    let length = 0;
    for (let run = first; !this.ended || run.length > 0; run = await this.next()) {
      if (length + run.length > room.length) {
        const larger = new Uint8Array(Math.max(length + run.length, room.length * 2));
        larger.set(room.subarray(0, length));
        room = larger;
      }
      room.set(run, length);
      length += run.length;
    }
    // Whoever keeps a message does not keep the room for what was only announced.
    return length < room.length / 2 ? room.slice(0, length) : room.subarray(0, length);
  }

  /**
   * Reads on to the end and forgets it all.
   *
   * @throws {ClosedError} If there is too much of it: the connection is then closed.
   */
  async drop(): Promise<void> {
    for (let dropped = 0; !this.ended;) {
      dropped += (await this.next()).length;
      if (dropped > DROP_LIMIT) {
        throw this.#exchange.fail(
          new ClosedError(
            `Cannot pass over ${this.#what}: more than ${DROP_LIMIT} octets are left`,
          ),
        );
      }
    }
  }
}

const DOT = 46;
const LF = 10;
const HINT = "; what has arrived ends in a dot behind other text: " +
  "some servers send the final dot without a line end before it (Exchange 2000)";
