/**
 * The octets that BDAT has announced, line by line as a page shows them.
 *
 * @module
 */

import { octetsOf } from "../text/parse_source.ts";
import type { Position } from "../step.ts";
import type { Script } from "./script.ts";

/** One chunk. */
export class Chunk {
  readonly #at: Position;
  readonly #size: number;
  readonly #lines: string[] = [];
  #octets = 0;

  /**
   * @param at Where BDAT stands.
   * @param size How many octets it announces.
   */
  constructor(at: Position, size: number) {
    this.#at = at;
    this.#size = size;
  }

  /** Whether all octets have come. */
  get full(): boolean {
    return this.#octets >= this.#size;
  }

  /** Adds a line. */
  add(raw: string): void {
    // The page writes the line end that is sent.
    const line = raw.replace(/<CR><LF>$|<CRLF>$/, "");
    this.#lines.push(line);
    this.#octets += octetsOf(line) + 2;
  }

  /**
   * Writes it down, as far as it has come.
   *
   * @param script Where to.
   * @param options Whether that is all of it, however many octets were announced.
   */
  write(script: Script, { whole }: { readonly whole: boolean }): void {
    if (!whole && this.#octets !== this.#size) {
      const shown = `BDAT announces ${this.#size} octets, ${this.#octets} are shown`;
      script.note(this.#at, shown);
    }
    if (this.#lines.length === 0) return;
    let tag = "END";
    while (this.#lines.includes(tag)) tag += "_";
    script.sign("commands", `<<raw ${tag}`, this.#at);
    for (const text of [...this.#lines, tag]) script.lines.push({ text, at: this.#at });
  }
}
