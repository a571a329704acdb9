/**
 * Results as data and as text.
 *
 * @module
 */

import type {
  DialogueFailure,
  DialogueRecipient,
  DialogueResult,
  DialogueValue,
} from "./result.ts";

/** Results in the form that is written as JSON. */
export interface DialogueReport {
  /** The form of this value. */
  readonly schema: "mailwright-dialogue-report/1";
  /** One for each result. */
  readonly dialogues: readonly ReportedDialogue[];
}

/** A result without what is too long for a report. */
export interface ReportedDialogue
  extends Pick<DialogueResult, "file" | "name" | "role" | "status" | "delivery" | "ms"> {
  /** The name of the arm that ran. */
  readonly outcome?: string;
  /** What went wrong. */
  readonly failures: readonly DialogueFailure[];
  /** The recipients. */
  readonly recipients: readonly DialogueRecipient[];
  /** What the holes took. */
  readonly vars: Readonly<Record<string, DialogueValue>>;
}

/**
 * Results as data.
 *
 * @param results The results.
 * @returns The report.
 */
export function reportOf(_results: readonly DialogueResult[]): DialogueReport {
  throw new Error("Cannot report yet");
}

/**
 * Results as text: a line for each, what failed and where, totals.
 *
 * @param results The results.
 * @param sources The texts of the files, by name, to show the lines that failed.
 * @returns Lines, each with its end.
 */
export function reportText(
  _results: readonly DialogueResult[],
  _sources: Readonly<Record<string, string>> = {},
): string {
  throw new Error("Cannot report yet");
}

/**
 * One failure as a block with the line that failed and a caret under what was expected.
 *
 * @param failure The failure.
 * @param source The text of the file, if it is at hand.
 * @returns Lines, each with its end.
 */
export function failureText(_failure: DialogueFailure, _source?: string): string {
  throw new Error("Cannot report yet");
}
