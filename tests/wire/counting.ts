/**
 * Counts what is done to octets, so that growth is asserted without a stopwatch.
 *
 * @module
 */

/** What was done. */
export interface Work {
  /** Octets that `indexOf` and `lastIndexOf` looked at, and those that were looked at in fours. */
  examined: number;
  /** Octets that `set` and `copyWithin` moved. */
  moved: number;
}

/**
 * Runs something and counts what it does to octets.
 *
 * @param work What to run.
 * @returns The counts.
 */
export async function countWork(work: () => unknown): Promise<Work> {
  const counts: Work = { examined: 0, moved: 0 };
  const { indexOf, lastIndexOf, set, copyWithin } = Uint8Array.prototype;
  Uint8Array.prototype.indexOf = function (octet, from = 0) {
    const found = indexOf.call(this, octet, from);
    counts.examined += Math.max(0, (found < 0 ? this.length : found + 1) - from);
    return found;
  };
  Uint8Array.prototype.lastIndexOf = function (octet) {
    const found = lastIndexOf.call(this, octet);
    counts.examined += this.length - Math.max(0, found);
    return found;
  };
  Uint8Array.prototype.set = function (source, offset) {
    counts.moved += source.length;
    set.call(this, source, offset);
  };
  Uint8Array.prototype.copyWithin = function (target, start, end) {
    counts.moved += (end ?? this.length) - start;
    return copyWithin.call(this, target, start, end);
  };
  const { Uint32Array } = globalThis;
  globalThis.Uint32Array = new Proxy(Uint32Array, {
    construct: (target, input) => counted(Reflect.construct(target, input), counts),
  });
  try {
    await work();
  } finally {
    globalThis.Uint32Array = Uint32Array;
    Object.assign(Uint8Array.prototype, { indexOf, lastIndexOf, set, copyWithin });
  }
  return counts;
}

function counted(words: Uint32Array, counts: Work): Uint32Array {
  return new Proxy(words, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) counts.examined += 4;
      return Reflect.get(target, key, target);
    },
  });
}
