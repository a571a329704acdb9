/**
 * Which keys were there before, in 24 octets for each: a list may be longer than memory has room for
 * its addresses.
 *
 * @module
 */

/** A cell: two halves of a hash, and a line. */
const CELL = 3;
const FIRST_CELLS = 1024;

/** A set of texts that remembers a line for each, and none of the texts. */
export class KeySet {
  #cells = new Uint32Array(FIRST_CELLS * CELL);
  #size = 0;

  /** How many keys there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a key, unless it is there. Two different keys are taken for one with a chance of 1 in 2^64.
   *
   * @param key The key.
   * @param line Its line, the first is 1.
   * @returns The line with which it was added before; `undefined` if it is new.
   */
  add(key: string, line: number): number | undefined {
    if (this.#size * 2 >= this.#cells.length / CELL) this.#grow();
    const [one, two] = hashesOf(key);
    const at = this.#find(this.#cells, one, two);
    const known = this.#cells[at + 2];
    if (known !== 0) return known;
    this.#cells.set([one, two, line], at);
    this.#size++;
    return undefined;
  }

  /** Where a key is, or where it belongs. A line of 0 is a free cell. */
  #find(cells: Uint32Array, one: number, two: number): number {
    const count = cells.length / CELL;
    let cell = one % count;
    while (cells[cell * CELL + 2] !== 0) {
      if (cells[cell * CELL] === one && cells[cell * CELL + 1] === two) break;
      cell = (cell + 1) % count;
    }
    return cell * CELL;
  }

  #grow(): void {
    const cells = new Uint32Array(this.#cells.length * 2);
    for (let at = 0; at < this.#cells.length; at += CELL) {
      const [one = 0, two = 0, line = 0] = this.#cells.subarray(at, at + CELL);
      if (line !== 0) cells.set([one, two, line], this.#find(cells, one, two));
    }
    this.#cells = cells;
  }
}

/** Two independent hashes of 32 bits (FNV-1a with a final mix). */
function hashesOf(text: string): readonly [number, number] {
  let one = 0x811c9dc5;
  let two = 0x9e3779b9;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 0x01000193);
    two = Math.imul(two ^ unit, 0x85ebca6b) + 0x27d4eb2f;
  }
  return [mixed(one), mixed(two ^ text.length)];
}

function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
