/**
 * Message numbers, which live for one session (RFC 1939 section 5).
 *
 * A number is an object of the session that listed it: a stored one cannot be made into it, and one of
 * another session is not among them, even if the digits are the same.
 *
 * @module
 */

import { Pop3LocalError } from "./errors.ts";

/** The number of a message, as a listing of this session gave it. */
export class MsgNo {
  /** The number itself: for people, never for another session. */
  readonly value: number;
  /** Private, so that nothing else of the same shape has the type. */
  readonly #listed: true = true;

  /**
   * Only a listing makes them.
   *
   * @param value The number.
   */
  constructor(value: number) {
    this.value = value;
  }

  /** The digits. */
  toString(): string {
    return `${this.value}`;
  }

  /** The number, for reports. It cannot be turned back. */
  toJSON(): number {
    return this.value;
  }
}

/** The numbers that the listings of one session have named. */
export class Numbering {
  readonly #known = new Map<number, MsgNo>();

  /**
   * The number of a line of a listing.
   *
   * @param value The number on the line.
   * @returns The one object for it.
   */
  listed(value: number): MsgNo {
    let no = this.#known.get(value);
    if (no === undefined) this.#known.set(value, no = new MsgNo(value));
    return no;
  }

  /**
   * A number that was listed before.
   *
   * @param value The number.
   * @returns The object for it.
   * @throws {Pop3LocalError} If no listing of this session has it.
   */
  get(value: number): MsgNo {
    const no = this.#known.get(value);
    if (no !== undefined) return no;
    throw new Pop3LocalError(
      `Cannot use the message number "${value}": no listing of this session has it`,
    );
  }

  /**
   * Makes sure that a number belongs here.
   *
   * @param no The number.
   * @returns The number.
   * @throws {Pop3LocalError} If it does not: by type it cannot be, yet data of another run may be cast.
   */
  check(no: MsgNo): MsgNo {
    if (no instanceof MsgNo && this.#known.get(no.value) === no) return no;
    throw new Pop3LocalError(
      `Cannot use the message number "${no}": it was not listed in this session`,
    );
  }
}
