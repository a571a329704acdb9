/**
 * What is wrong with the journal of a bulk job.
 *
 * @module
 */

/**
 * Why a journal cannot be used.
 *
 * - `busy`: another runner has it.
 * - `storage`: the disk is full or broken. Nothing that was not confirmed is durable.
 * - `damaged`: it is not whole, or lacks what it once had.
 * - `foreign`: it is no journal, of another version, or another one than was here before.
 * - `missing`: it is not there, though a run has been.
 * - `moved`: it is a copy of a journal: another machine may have gone on with the original.
 * - `state`: a row or job is not what the caller takes it for.
 */
export type BulkJournalProblem =
  | "busy"
  | "storage"
  | "damaged"
  | "foreign"
  | "missing"
  | "moved"
  | "state";

/** A journal of a bulk job cannot be used. */
export class BulkJournalError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "BulkJournalError";
  /** What is wrong. */
  readonly problem: BulkJournalProblem;

  /**
   * Says what is wrong.
   *
   * @param problem What is wrong.
   * @param message In words.
   * @param options The cause.
   */
  constructor(problem: BulkJournalProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}
