/**
 * What is wrong with an archive.
 *
 * @module
 */

/** A message could not be archived, so nothing of its batch may be deleted. */
export class ArchiveError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "ArchiveError";
  /** The archive, as the policy names it. */
  readonly archive: string;

  /**
   * Makes one.
   *
   * @param archive The archive, as the policy names it.
   * @param message What happened.
   * @param options The cause, if there is one.
   *
   * @example Usage
   * ```ts
   * import { ArchiveError } from "@mailwright/mailwright/jobs";
   * import { equal } from "node:assert/strict";
   *
   * equal(new ArchiveError("lists", 'Cannot write "archive/lists": disk full').archive, "lists");
   * ```
   */
  constructor(archive: string, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.archive = archive;
  }
}
