/**
 * Remarks on a session while it goes on: comments, and what a reply must be. They stand in its
 * dialogue where they were made.
 *
 * @module
 */

import {
  type DialogueStep,
  parseDialogue,
  printDialogue,
  toDialogue,
} from "../../src/dialogue/mod.ts";
import type { Said } from "../shared/transcript.ts";
import { fail } from "./failure.ts";

interface Remark {
  /** How many events came before it. */
  readonly at: number;
  /** A comment, or the codes of the reply before it. */
  readonly note?: string;
  readonly codes?: readonly string[];
}

const CODES = /^(?:[2-5]xx|\d{3}|\+OK|-ERR|\{\d{3}(?:\|\d{3})*\})$/;

/** Remarks on one session. */
export class Remarks {
  readonly #events: readonly Said[];
  readonly #remarks: Remark[] = [];

  /** @param events The events, as they come. */
  constructor(events: readonly Said[]) {
    this.#events = events;
  }

  /** Whether a code is as it was expected. */
  static fits(expected: string, code: string): boolean {
    return codesOf(expected).some((one) =>
      one === code || (one.endsWith("xx") && one[0] === code[0] && code.length === 3)
    );
  }

  /** Writes a comment down. */
  note(text: string): void {
    this.#remarks.push({ at: this.#events.length, note: text });
  }

  /**
   * Says what the last reply must be.
   *
   * @param code `250`, `2xx`, `{250|251}`, `+OK`.
   */
  expect(code: string): void {
    if (!CODES.test(code)) {
      fail(`Cannot expect "${code}": expected a code, such as 250, 2xx, {250|251} or +OK`);
    }
    this.#remarks.push({ at: this.#events.length, codes: codesOf(code) });
  }

  /**
   * The dialogue with the remarks.
   *
   * @param options Whether times are kept.
   * @returns Its text.
   */
  text({ times = false }: { readonly times?: boolean | undefined }): string {
    const whole = toDialogue(this.#events, { times });
    const steps = [...whole.steps];
    const notes: { before: number; text: string }[] = [];
    for (const { at, note, codes } of this.#remarks) {
      const before = toDialogue(this.#events.slice(0, at), { times }).steps.length;
      if (note !== undefined) notes.push({ before, text: note });
      const step = steps[before - 1];
      if (codes !== undefined && step !== undefined) steps[before - 1] = expecting(step, codes);
    }
    const text = printDialogue({ ...whole, steps });
    const places = parseDialogue(text).steps.map(({ at }) => at.line);
    const lines = text.split("\n");
    for (const { before, text: note } of notes.reverse()) {
      const line = places[before];
      // What times a step belongs to it.
      const timed = line !== undefined && lines[line - 2]?.startsWith("#+") ? 1 : 0;
      lines.splice(line === undefined ? lines.length - 1 : line - 1 - timed, 0, `# ${note}`);
    }
    return lines.join("\n");
  }
}

function codesOf(code: string): readonly string[] {
  return code.replace(/^\{|\}$/g, "").split("|");
}

function expecting(step: DialogueStep, codes: readonly string[]): DialogueStep {
  if (step.kind !== "reply") return step;
  const lines = step.lines.map((line) =>
    line.kind === "line" && line.code.length > 0 ? { ...line, code: codes } : line
  );
  return { ...step, lines };
}
