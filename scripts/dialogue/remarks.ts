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

  /** Writes a comment down. */
  note(text: string): void {
    this.#remarks.push({ at: this.#events.length, note: text });
  }

  /**
   * Says what the last reply must be.
   *
   * @param code `250`, `2xx`, `{250|251}`, `+OK`.
   * @param last The code that it has.
   * @returns Whether it is so.
   */
  expect(code: string, last: string | undefined): boolean {
    if (!CODES.test(code)) {
      fail(`Cannot expect "${code}": expected a code, such as 250, 2xx, {250|251} or +OK`);
    }
    if (last === undefined) fail(`Cannot expect "${code}": no reply has come yet`);
    const codes = codesOf(code);
    if (/^[+-]/.test(code) !== /^[+-]/.test(last)) {
      fail(`Cannot expect "${code}": the replies here are such as ${last}`);
    }
    this.#remarks.push({ at: this.#events.length, codes });
    return fits(codes, last);
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

/** Whether a code is as it was expected. */
function fits(codes: readonly string[], code: string): boolean {
  return codes.some((one) => one === code || (one.endsWith("xx") && one[0] === code[0]));
}

function expecting(step: DialogueStep, codes: readonly string[]): DialogueStep {
  if (step.kind !== "reply") return step;
  const [first] = step.lines;
  const said = first?.kind === "line" ? first.code[0] ?? "" : "";
  if (!fits(codes, said)) {
    // The text of another reply says nothing about this one.
    return {
      ...step,
      lines: [{ kind: "line", at: step.at, code: codes, more: false, optional: false }],
    };
  }
  const lines = step.lines.map((line) =>
    line.kind === "line" && line.code.length > 0 ? { ...line, code: codes } : line
  );
  return { ...step, lines };
}
