/**
 * The quoting of mboxrd: a line of any number of `>` and then `From ` gets one more `>`, so that no
 * line of a message begins with `From `; taking one away restores every octet. Lines end where mail
 * readers end them, at LF. A message comes in pieces of any size.
 *
 * @module
 */

import { joined } from "../octets.ts";

const LF = 0x0a;
const QUOTE = 0x3e;
const QUOTES = Uint8Array.of(QUOTE);
const FROM = new TextEncoder().encode("From ");

/** Puts quotes in or takes them out. */
export class MboxQuoting {
  readonly #adds: boolean;
  /** Whether the line so far may be a line to quote. */
  #candidate = true;
  /** The letters of `From ` that were seen and not given yet. */
  #letters = 0;
  /** Taking out: whether a `>` was seen and not given yet. */
  #quote = false;

  constructor(direction: "quote" | "unquote") {
    this.#adds = direction === "quote";
  }

  /** Takes the next octets and gives what is certain by now. */
  push(octets: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let given = 0;
    // Whether the line cannot be told from here: it began before, or does not end its quotes here.
    let open = this.#letters > 0 || this.#quote;
    const give = (end: number): void => {
      if (end > given) parts.push(octets.subarray(given, end));
      given = end;
    };
    for (let at = 0; at < octets.length;) {
      if (!this.#candidate) {
        const end = octets.indexOf(LF, at);
        if (end < 0) break;
        this.#candidate = true;
        open = false;
        at = end + 1;
        continue;
      }
      const from = open ? -1 : lineFrom(octets, at);
      open = from < 0;
      if (from >= 0) {
        // The whole beginning of the line is here: nothing has to be held back.
        const quoted = isFrom(octets, from);
        if (quoted && this.#adds) {
          give(at);
          parts.push(QUOTES);
        } else if (quoted && from > at) {
          give(at);
          given = at + 1;
        }
        this.#candidate = false;
        at = from;
      } else if (octets[at] === QUOTE && this.#letters === 0) {
        if (!this.#adds && !this.#quote) {
          give(at);
          this.#quote = true;
          given = at + 1;
        }
        at += 1;
      } else if (octets[at] === FROM[this.#letters]) {
        give(at);
        this.#letters += 1;
        at += 1;
        given = at;
        if (this.#letters === FROM.length) {
          this.#quote = this.#adds;
          parts.push(this.end());
        }
      } else {
        give(at);
        parts.push(this.end());
      }
    }
    give(octets.length);
    return joined(parts);
  }

  /** Gives what was held back: the message ends here, or the line is decided. */
  end(): Uint8Array {
    const held = joined([
      ...(this.#quote ? [Uint8Array.of(QUOTE)] : []),
      FROM.subarray(0, this.#letters),
    ]);
    this.#quote = false;
    this.#letters = 0;
    this.#candidate = false;
    return held;
  }
}

/** Where the quotes of a line end; -1 if it cannot be told here what follows them. */
function lineFrom(octets: Uint8Array, start: number): number {
  let at = start;
  while (octets[at] === QUOTE) at += 1;
  return at + FROM.length <= octets.length ? at : -1;
}

function isFrom(octets: Uint8Array, at: number): boolean {
  return FROM.every((letter, index) => octets[at + index] === letter);
}
