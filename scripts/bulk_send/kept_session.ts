/**
 * One session of a run, for `--save-dialogue`: its beginning and its end, however long it is.
 *
 * @module
 */

import type { Said } from "../shared/transcript.ts";

/** Those behind are told the same way. */
const MOST_MESSAGES = 3;

/** What is said on the first connection: up to its third message, and its QUIT. */
export class KeptSession {
  readonly #events: Said[] = [];
  /** The connection that was the first to say something. */
  #first: object | undefined;
  #messages = 0;
  #keeps = true;
  /** Of each command without its answer yet, whether it was kept. The greeting comes unasked. */
  readonly #asked: boolean[] = [true];

  /** What was kept. */
  get events(): readonly Said[] {
    return this.#events;
  }

  /**
   * Listens to one more connection.
   *
   * @returns Who hears what is said there; `undefined` if another one was first.
   */
  listen(): ((event: Said) => void) | undefined {
    if (this.#first !== undefined) return undefined;
    const own = {};
    return (event) => {
      this.#first ??= own;
      if (this.#first === own && this.#isKept(event)) this.#events.push(event);
    };
  }

  #isKept({ kind, end, text }: Said): boolean {
    if (kind !== "line") return this.#keeps;
    return end === "C" ? this.#command(text) : this.#answer(text);
  }

  #command(text: string): boolean {
    if (/^MAIL /i.test(text)) this.#keeps = ++this.#messages <= MOST_MESSAGES;
    else if (/^QUIT$/i.test(text)) this.#keeps = true;
    this.#asked.push(this.#keeps);
    return this.#keeps;
  }

  /** Commands may be ahead of their answers, so what is left out is told by what is answered. */
  #answer(text: string): boolean {
    const keeps = this.#asked[0] ?? true; // or the server speaks unasked, as it hangs up
    const goesOn = /^\d{3}-/.test(text) || text.startsWith("354"); // the message is answered, too
    if (!goesOn) this.#asked.shift();
    return keeps;
  }
}
