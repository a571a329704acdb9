/**
 * Seeded randomness: a test that fails fails again.
 *
 * @module
 */

/** Numbers from 0 up to a limit, always the same ones for a seed (mulberry32). */
export function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** Text of up to `length` characters, each out of a list. */
export function textOf(
  random: (limit: number) => number,
  characters: readonly string[],
  length: number,
): string {
  return Array.from({ length: random(length + 1) }, () => characters[random(characters.length)])
    .join("");
}

/** Octets cut at random places, empty chunks among them. */
export function* chunksOf(
  random: (limit: number) => number,
  bytes: Uint8Array,
): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const size = random(5);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** Octets that count how often one of them is looked at. */
export function counted(bytes: Uint8Array): { readonly bytes: Uint8Array; reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { bytes: proxy, reads: () => reads };
}

/** Text that counts how often a character of it is looked at, or a pattern is tried on it. */
export function countedText(text: string): { readonly text: string; reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(new String(text), {
    get(target, key) {
      if (key === "toString" || typeof key === "string" && /^\d+$/.test(key)) reads++;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  // An object that behaves like text wherever it is read.
  return { text: proxy as unknown as string, reads: () => reads };
}
