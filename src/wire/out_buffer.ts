/**
 * Commands and small content gather here and leave in one write.
 *
 * @module
 */

const CR = 13;
const LF = 10;
/** The most that is kept for later writes, in octets. */
const KEPT = 64 * 1024;

const encoder = new TextEncoder();

/** Two buffers that take turns: one gathers while the other is being written. */
export class OutBuffer {
  #octets: Uint8Array = new Uint8Array(2048);
  #other: Uint8Array | undefined;
  #taken: Uint8Array | undefined;
  #length = 0;

  /** How many octets are gathered. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a line and CRLF.
   *
   * @param text The line, without an end.
   */
  line(text: string): void {
    // Three octets are the most that one UTF-16 unit becomes in UTF-8.
    this.#reserve(text.length * 3 + 2);
    this.#length += encode(text, this.#octets, this.#length);
    this.#octets[this.#length++] = CR;
    this.#octets[this.#length++] = LF;
  }

  /**
   * Adds octets as they are.
   *
   * @param bytes The octets; they are copied.
   */
  content(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#octets.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Forgets what is gathered. */
  clear(): void {
    this.#length = 0;
  }

  /**
   * Takes what is gathered out and begins anew. The octets stay as they are until they are given back.
   *
   * @returns The octets.
   */
  take(): Uint8Array {
    const bytes = this.#octets.subarray(0, this.#length);
    this.#taken = this.#octets;
    this.#octets = this.#other ?? new Uint8Array(2048);
    this.#other = undefined;
    this.#length = 0;
    return bytes;
  }

  /**
   * Gives back what was taken, when it is written.
   *
   * @param bytes The octets.
   */
  giveBack({ buffer }: Uint8Array): void {
    // Of several that were taken the last is enough: one gathers while one is being written.
    if (buffer !== this.#taken?.buffer) return;
    if (buffer.byteLength <= KEPT) this.#other = this.#taken;
    this.#taken = undefined;
  }

  #reserve(more: number): void {
    const need = this.#length + more;
    if (need <= this.#octets.length) return;
    const larger = new Uint8Array(Math.max(need, this.#octets.length * 2));
    larger.set(this.#octets.subarray(0, this.#length));
    this.#octets = larger;
  }
}

/** Most lines are short and ASCII: a call into the platform costs more than writing them here. */
function encode(text: string, into: Uint8Array, at: number): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return encoder.encodeInto(text, into.subarray(at)).written;
    into[at + index] = code;
  }
  return text.length;
}
