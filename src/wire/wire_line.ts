/**
 * One line of a command: the only value the command writer takes.
 *
 * Injection is impossible by type: a {@linkcode WireLine} cannot be made of text that holds a control
 * character, and nothing else can be written as a command.
 *
 * @module
 */

import { escapeControls } from "./escape.ts";

// deno-lint-ignore no-control-regex -- refusing control characters is what it is for
const FORBIDDEN = /[\x00-\x1f\x7f]/;

/**
 * A command line without its CRLF, and the form in which it may be shown.
 *
 * @example Usage
 * ```ts
 * import { WireLine } from "@mailwright/mailwright/wire";
 * import { equal, throws } from "node:assert/strict";
 *
 * const line = new WireLine("PASS hunter2", { shown: "PASS ***" });
 * equal(`${line}`, "PASS ***");
 * throws(() => new WireLine("NOOP\r\nQUIT"), SyntaxError);
 * ```
 */
export class WireLine {
  /** What is written. */
  readonly #text: string;
  /** What a transcript shows: the same, or a stand-in where the line is secret. */
  readonly shown: string;

  /**
   * A line of text.
   *
   * @param text The line without CRLF.
   * @param options `shown` takes the place of a secret line in transcripts and errors.
   * @throws {SyntaxError} If the text holds a control character or a lone surrogate.
   */
  constructor(text: string, options: { readonly shown?: string } = {}) {
    if (FORBIDDEN.test(text) || !text.isWellFormed()) {
      // The shown form, never the line itself: an error must not carry a secret.
      const seen = options.shown ?? escapeControls(text).slice(0, 80);
      throw new SyntaxError(
        `Cannot write the line "${seen}": it holds a control character or half a character`,
      );
    }
    this.#text = text;
    this.shown = options.shown ?? text;
  }

  /** The line as it goes out, for the channel. */
  expose(): string {
    return this.#text;
  }

  /** The shown form, so that printing a line never prints a secret. */
  toString(): string {
    return this.shown;
  }

  /** The shown form. */
  toJSON(): string {
    return this.shown;
  }
}
