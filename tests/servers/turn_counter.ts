/**
 * How often a session has to wait for an answer before it can say more: what a distant server costs.
 *
 * @module
 */
import type { TranscriptListener } from "@mailwright/mailwright/wire";

/**
 * Counts turns. A window that slides writes more often than it waits, so that writes tell too much:
 * what counts is the longest chain in which each command was said behind the answer to the one before.
 */
export class TurnCounter {
  /** The place in the chain of each command that is not answered yet. */
  readonly #open: number[] = [];
  #answered = 0;
  /** The longest chain so far. */
  turns = 0;

  /** Hears the session. */
  readonly hear: TranscriptListener = ({ kind, end, text }) => {
    if (kind !== "line") return;
    if (end === "C") {
      const place = this.#answered + 1;
      this.#open.push(place);
      this.turns = Math.max(this.turns, place);
    } else if (/^[+-]/.test(text)) {
      this.#answered = this.#open.shift() ?? this.#answered;
    }
  };
}
