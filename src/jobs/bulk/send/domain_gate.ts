/**
 * Not too much at once to one domain.
 *
 * @module
 */

/** Something that goes to a domain. */
export interface Bound {
  /** The address. */
  readonly recipient: string;
}

/** Lets a few pass to each domain, and keeps the others until one of them has come back. */
export class DomainGate<R extends Bound> {
  readonly #most: number;
  readonly #inside = new Map<string, number>();
  readonly #waiting = new Map<string, R[]>();
  readonly #free: R[] = [];
  #parked = 0;

  /**
   * Makes a gate.
   *
   * @param most How many may be inside for one domain.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many wait outside. */
  get parked(): number {
    return this.#parked;
  }

  /** What was kept and may pass now; it is inside then. */
  take(): R | undefined {
    const next = this.#free.shift();
    if (next !== undefined) this.#parked--;
    return next;
  }

  /**
   * Lets something in, or keeps it.
   *
   * @param item What wants to pass.
   * @returns Whether it is inside.
   */
  admit(item: R): boolean {
    const domain = domainOf(item);
    const inside = this.#inside.get(domain) ?? 0;
    if (inside < this.#most) {
      this.#inside.set(domain, inside + 1);
      return true;
    }
    const waiting = this.#waiting.get(domain);
    if (waiting === undefined) this.#waiting.set(domain, [item]);
    else waiting.push(item);
    this.#parked++;
    return false;
  }

  /**
   * Something has come back: the next to its domain takes its place.
   *
   * @param item What was inside.
   */
  leave(item: R): void {
    const domain = domainOf(item);
    const waiting = this.#waiting.get(domain);
    const next = waiting?.shift();
    if (next !== undefined) {
      this.#free.push(next); // it takes over the place
      if (waiting?.length === 0) this.#waiting.delete(domain);
      return;
    }
    const inside = (this.#inside.get(domain) ?? 1) - 1;
    if (inside === 0) this.#inside.delete(domain);
    else this.#inside.set(domain, inside);
  }

  /** Takes all that wait away. */
  *clear(): Generator<R> {
    yield* this.#free.splice(0);
    for (const waiting of this.#waiting.values()) yield* waiting.splice(0);
    this.#waiting.clear();
    this.#parked = 0;
  }
}

function domainOf({ recipient }: Bound): string {
  return recipient.slice(recipient.lastIndexOf("@") + 1);
}
