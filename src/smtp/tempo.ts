/**
 * A clock that complaints slow down and that quiet brings back to speed.
 *
 * @module
 */

import type { Clock } from "../wire/mod.ts";

/** However much a server complains, a little always passes. */
const SLOWEST = 1 / 64;

/**
 * Its time runs like the monotonic clock at speed 1, and slower below. All that is measured in it
 * slows down and recovers together; the speed grows evenly with time.
 */
export class Tempo {
  readonly #clock: Clock;
  readonly #growth: number;
  #speed = 1;
  #seenAt: number;
  #now = 0;

  /**
   * Makes one.
   *
   * @param clock The clock to go by; only its monotonic side is used.
   * @param recoveryMs How long the way from a standstill to full speed takes.
   */
  constructor(clock: Clock, recoveryMs: number) {
    this.#clock = clock;
    this.#growth = 1 / recoveryMs;
    this.#seenAt = clock.monotonic();
  }

  /** How fast its time runs now, at most 1. */
  get speed(): number {
    this.now();
    return this.#speed;
  }

  /** Its time, in milliseconds since it was made. */
  now(): number {
    const at = this.#clock.monotonic();
    const passed = at - this.#seenAt;
    this.#seenAt = at;
    const growing = Math.min(passed, this.#growingMs());
    this.#now += passed - growing + growing * (this.#speed + this.#growth * growing / 2);
    this.#speed = growing < passed ? 1 : Math.min(1, this.#speed + this.#growth * growing);
    return this.#now;
  }

  /**
   * Multiplies the speed.
   *
   * @param factor With what, below 1.
   */
  slowDown(factor: number): void {
    this.#speed = Math.max(SLOWEST, this.speed * factor);
  }

  /**
   * How long the monotonic clock takes for a stretch of this one's time that begins now.
   *
   * @param ms The stretch, as {@linkcode Tempo.now} last saw it begin.
   * @returns Milliseconds of the monotonic clock.
   */
  until(ms: number): number {
    const growing = this.#growingMs();
    const whileGrowing = growing * (this.#speed + 1) / 2;
    if (ms >= whileGrowing) return growing + ms - whileGrowing;
    // The positive root of growth / 2 * t² + speed * t = ms, without cancellation.
    return 2 * ms / (this.#speed + Math.sqrt(this.#speed ** 2 + 2 * this.#growth * ms));
  }

  #growingMs(): number {
    return (1 - this.#speed) / this.#growth;
  }
}
