/**
 * SHA-256 piece by piece (FIPS 180-4). Web Crypto wants all octets at once; a large body is never held
 * as a whole, so its hash is counted here.
 *
 * @module
 */

const BLOCK = 64;

/** The first 32 bits of the fractional part of a root of each of the first primes. */
function primeRoots(count: number, root: (n: number) => number): Int32Array {
  const words = new Int32Array(count);
  let found = 0;
  for (let n = 2; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) prime &&= n % d !== 0;
    if (prime) words[found++] = root(n) % 1 * 2 ** 32;
  }
  return words;
}

const START = primeRoots(8, Math.sqrt);
const ROUNDS = primeRoots(64, Math.cbrt);

/** A hash that is being counted. */
export class Sha256 {
  readonly #state = START.slice();
  readonly #words = new Int32Array(BLOCK);
  readonly #held = new Uint8Array(BLOCK);
  #octets = 0;

  /** Takes octets. */
  update(bytes: Uint8Array): this {
    let held = this.#octets % BLOCK;
    this.#octets += bytes.length;
    let at = 0;
    if (held > 0) {
      at = Math.min(BLOCK - held, bytes.length);
      this.#held.set(bytes.subarray(0, at), held);
      held += at;
      if (held < BLOCK) return this;
      this.#block(this.#held, 0);
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#block(bytes, at);
    this.#held.set(bytes.subarray(at));
    return this;
  }

  /** Ends the octets and gives the hash; nothing is taken after it. */
  digest(): Uint8Array<ArrayBuffer> {
    const octets = this.#octets;
    const held = octets % BLOCK;
    const padding = new Uint8Array((held < BLOCK - 8 ? BLOCK : 2 * BLOCK) - held);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, BigInt(octets) * 8n);
    this.update(padding);
    const digest = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, index) => digest.setInt32(index * 4, word));
    return new Uint8Array(digest.buffer);
  }

  #block(bytes: Uint8Array, start: number): void {
    const w = this.#words;
    const state = this.#state;
    for (let i = 0; i < 16; i++) {
      const at = start + 4 * i;
      // `as number`, here and below: every index is inside of its array
      w[i] = bytes[at] as number << 24 | bytes[at + 1] as number << 16 |
        bytes[at + 2] as number << 8 | bytes[at + 3] as number;
    }
    for (let i = 16; i < BLOCK; i++) {
      const x = w[i - 15] as number;
      const y = w[i - 2] as number;
      const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
      const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
      w[i] = w[i - 16] as number + s0 + (w[i - 7] as number) + s1;
    }
    let a = state[0] as number;
    let b = state[1] as number;
    let c = state[2] as number;
    let d = state[3] as number;
    let e = state[4] as number;
    let f = state[5] as number;
    let g = state[6] as number;
    let h = state[7] as number;
    for (let i = 0; i < BLOCK; i++) {
      const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
      const choice = e & f ^ ~e & g;
      const t1 = h + s1 + choice + (ROUNDS[i] as number) + (w[i] as number) | 0;
      const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
      const majority = a & b ^ a & c ^ b & c;
      h = g;
      g = f;
      f = e;
      e = d + t1 | 0;
      d = c;
      c = b;
      b = a;
      a = t1 + s0 + majority | 0;
    }
    state[0] = state[0] as number + a;
    state[1] = state[1] as number + b;
    state[2] = state[2] as number + c;
    state[3] = state[3] as number + d;
    state[4] = state[4] as number + e;
    state[5] = state[5] as number + f;
    state[6] = state[6] as number + g;
    state[7] = state[7] as number + h;
  }
}
