/**
 * What onlookers see of the octets of a run: of a login and of its echoes only how many they were.
 *
 * @module
 */

import { redactor, type Secret } from "../../smtp/mod.ts";
import type { SeenOctets } from "./render/octets.ts";

const LF = 10;

/** Hides the octets of a login, and whatever a server repeats of its secrets later. */
export class OctetVeil {
  readonly #show: (octets: SeenOctets) => void;
  readonly #hide: (text: string) => string;
  /** Whether the server has heard a secret, and may repeat it. */
  #told = false;
  /** Reads whose last line has not ended: a secret may stand on the border between two. */
  #held: Uint8Array[] = [];
  /** Whether a secret may end in what is held. */
  #begun = false;

  /**
   * A veil that is open.
   *
   * @param show Who looks on.
   * @param secrets What must not be seen.
   */
  constructor(show: (octets: SeenOctets) => void, secrets: readonly Secret[]) {
    this.#show = show;
    const redactors = secrets.map(redactor);
    this.#hide = (text) => redactors.reduce((seen, redact) => redact(seen), text);
  }

  /**
   * Octets that were written.
   *
   * @param bytes The octets.
   * @param login Whether they belong to a login.
   */
  written(bytes: Uint8Array, login: boolean): void {
    this.release();
    this.#pass("C", bytes, login);
  }

  /**
   * Octets that were read. After a login they are shown once their last line has ended.
   *
   * @param bytes The octets; they are copied if they are kept.
   * @param login Whether they belong to a login.
   */
  read(bytes: Uint8Array, login: boolean): void {
    if (login || !this.#told) {
      this.release();
      return this.#pass("S", bytes, login);
    }
    this.#held.push(bytes.slice());
    if (!bytes.includes(LF)) return;
    this.#release(bytes.at(-1) === LF ? [] : this.#held.slice(-1));
  }

  /** Shows what is held: nothing more is waited for. */
  release(): void {
    this.#release([]);
  }

  #release(open: Uint8Array[]): void {
    const shown = this.#held.slice(0, this.#held.length - open.length);
    if (shown.length === 0) return;
    const repeats = this.#repeats();
    const secret = repeats || this.#begun;
    this.#held = open;
    this.#begun = repeats && open.length > 0;
    for (const bytes of shown) this.#pass("S", bytes, secret);
  }

  /** Whether a secret is in what is held, be it UTF-8 or Latin-1. */
  #repeats(): boolean {
    const decoder = new TextDecoder();
    const text = this.#held.map((bytes) => decoder.decode(bytes, { stream: true })).join("");
    if (this.#hide(text) !== text) return true;
    if (!text.includes("\ufffd")) return false;
    const latin1 = this.#held.map((bytes) => bytes.reduce(withOctet, "")).join("");
    return this.#hide(latin1) !== latin1;
  }

  #pass(end: "C" | "S", bytes: Uint8Array, secret: boolean): void {
    this.#told ||= secret;
    this.#show({ end, count: bytes.length, ...(secret ? {} : { bytes }) });
  }
}

function withOctet(text: string, octet: number): string {
  return text + String.fromCharCode(octet);
}
