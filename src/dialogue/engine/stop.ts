/**
 * What ends a step early.
 *
 * @module
 */

import { escapeControls } from "../../wire/mod.ts";
import { MAX_SHOWN } from "../limits.ts";
import { type DialogueFailureId, isBreakdown } from "../result.ts";
import type { Position } from "../step.ts";

/** What is known of a failure where it happens. */
export interface StopFacts {
  /** What went wrong. */
  readonly id: DialogueFailureId;
  /** What was expected. */
  readonly expected: string;
  /** What was seen. */
  readonly actual: string;
  /** In one sentence, where it is not made of the others. */
  readonly message?: string;
  /** Where, if that is not where the step begins. */
  readonly at?: Position;
  /** The limit that held, in milliseconds. */
  readonly limitMs?: number;
  /** How long was waited, in milliseconds. */
  readonly waitedMs?: number;
  /** What had arrived and was not read. */
  readonly unread?: string;
  /** Whether nobody knows any more where a line begins: nothing may be said after it. */
  readonly lost?: boolean;
}

/** Ends a step: something is not as expected. */
export class Stop extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "Stop";
  /** What went wrong. */
  readonly facts: StopFacts;

  /**
   * Makes one.
   *
   * @param facts What went wrong.
   */
  constructor(facts: StopFacts) {
    super(`${facts.id}: expected ${facts.expected}, seen ${facts.actual}`);
    this.facts = facts;
  }

  /** Whether nothing more may be said: the connection is closed at once (G6). */
  get final(): boolean {
    const { id, lost = false } = this.facts;
    return lost || id === "injection" || (isBreakdown(id) && id !== "cleartext-auth");
  }

  /** Whether the dialogue could go on. */
  get mayBeSoft(): boolean {
    return !this.final && !isBreakdown(this.facts.id);
  }
}

/**
 * Text of a peer for a person: escaped, and cut.
 *
 * @param text The text.
 */
export function cut(text: string): string {
  const shown = escapeControls(text);
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}
