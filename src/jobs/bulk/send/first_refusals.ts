/**
 * Whether the first rows of a run are refused for who sends: then no address is at fault, and no row
 * fails for it.
 *
 * @module
 */

import type { RowOutcome } from "../journal/journal.ts";
import { wantsLogin } from "./verdict.ts";

/** So many rows, refused alike and nobody let pass, are no chance any more. */
const ALIKE = 3;

/** Looks at refusals until the first recipient is taken. */
export class FirstRefusals {
  readonly #loggedIn: boolean;
  /** The refusal that all have met so far, and the rows that have. */
  #refusal: string | undefined;
  readonly #rows = new Set<number>();
  #over = false;

  /**
   * Nobody was refused yet.
   *
   * @param loggedIn Whether somebody logs in: a server that refuses strangers refuses nobody else then.
   */
  constructor(loggedIn: boolean) {
    this.#loggedIn = loggedIn;
  }

  /**
   * Takes what became of a row.
   *
   * @param outcome What became of it.
   * @param refused Whether it was refused for good. A row that was given up has failed as well.
   * @returns `again`: it goes back for now, as nothing was sent of it. `stop`: the same, and nothing
   * more is begun. `undefined`: it is as it is.
   */
  take(outcome: RowOutcome, refused: boolean): "again" | "stop" | undefined {
    const { id, stage, code, enhanced } = outcome;
    if (this.#over) return undefined;
    if (stage === "data" || stage === "final") this.#over = true; // the recipient was taken
    if (!refused || !this.#mayBlameSender(outcome)) return undefined;
    const refusal = `${stage} ${code} ${enhanced}`;
    this.#refusal ??= refusal;
    if (refusal !== this.#refusal) {
      this.#over = true; // who sends is the same in all rows
      return undefined;
    }
    const before = this.#rows.has(id);
    this.#rows.add(id);
    const certain = before && isPolicy(outcome); // all that there are have been refused
    if (wantsLogin(code) || this.#rows.size >= ALIKE || certain) return "stop";
    return before ? undefined : "again";
  }

  /** RFC 3463 section 3: an address, a mailbox, and the way there have subjects of their own. */
  #mayBlameSender({ stage, code, enhanced }: RowOutcome): boolean {
    if (stage === "mail") return true; // by the server, or by us for what it does not take
    if (stage !== "rcpt" || code === undefined) return false;
    if (wantsLogin(code) || isPolicy({ enhanced })) return true;
    return !this.#loggedIn && (enhanced === undefined || !/^5\.[124]\./.test(enhanced));
  }
}

/** RFC 3463 section 3.8, and the address of who sends in section 3.2. */
function isPolicy({ enhanced = "" }: { readonly enhanced?: string | undefined }): boolean {
  return /^5\.(?:7\.|1\.[78]$)/.test(enhanced);
}
