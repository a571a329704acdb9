/**
 * What a page says might be said instead: the other arms of an `@alt`.
 *
 * @module
 */

import type { SourceLine } from "../text/parse_source.ts";
import type { Position } from "../step.ts";
import { literal, printTemplate } from "../template.ts";
import type { Script } from "./script.ts";

/** The most arms that one page may have: blocks are in each other. */
const MAX_ARMS = 8;

/** Arms that are open: what comes belongs to the first one; the others wait here. */
export class Arms {
  readonly #others: SourceLine[][] = [];

  /** Whether there can be no more. */
  get full(): boolean {
    return this.#others.length === MAX_ARMS;
  }

  /**
   * Opens one.
   *
   * @param script Where the reply stands.
   * @param from Its first line there.
   * @param text What might be said instead of it.
   * @param at Where that stands.
   * @param login Whether it answers a login.
   */
  open(script: Script, from: number, text: string, at: Position, login: boolean): void {
    const refused = /^[45-]/.test(text);
    this.#others.push([
      { text: `${script.replies}: ${printTemplate(literal(text))}`, at },
      { text: `@outcome ${refused ? (login ? "badPassword" : "refused") : "accepted"}`, at },
    ]);
    const begin = script.lines[from]?.at ?? at;
    script.lines.splice(from, 0, { text: "@alt {", at: begin });
    script.lines.push({ text: `@outcome ${refused ? "ok" : "other"}`, at });
    script.see(at);
  }

  /** Closes all. */
  close(script: Script, at: Position): void {
    for (const other of this.#others.reverse()) {
      script.lines.push({ text: "} or {", at }, ...other, { text: "}", at });
    }
  }
}
