/**
 * What is wrong with a journal.
 *
 * @module
 */

/** A journal that cannot be trusted. Nothing has been written to it when it is thrown by opening. */
export class JournalError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "JournalError";
  /** The file. */
  readonly path: string;
  /** The line that is damaged, from 1. */
  declare readonly line?: number;

  /**
   * Makes one.
   *
   * @param path The file.
   * @param message What is wrong.
   * @param options The damaged line, and the cause, if there is one.
   *
   * @example Usage
   * ```ts
   * import { JournalError } from "@mailwright/mailwright/jobs";
   * import { equal } from "node:assert/strict";
   *
   * equal(new JournalError("job/journal.jsonl", "Cannot read it", { line: 3 }).line, 3);
   * ```
   */
  constructor(
    path: string,
    message: string,
    options: ErrorOptions & { readonly line?: number } = {},
  ) {
    super(message, options);
    this.path = path;
    if (options.line !== undefined) this.line = options.line;
  }
}
