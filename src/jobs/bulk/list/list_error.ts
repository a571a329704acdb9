/**
 * What is wrong with a list of recipients, and where.
 *
 * @module
 */

/** Something in a list is not as it must be. */
export class ListError extends SyntaxError {
  /** The class, for programs that compare names. */
  override readonly name = "ListError";
  /** The physical line, the first is 1. */
  readonly line: number;
  /** The column by its name, where one is at fault. */
  readonly column: string | undefined;
  /** What is wrong there. */
  readonly reason: string;

  /**
   * Says what is wrong.
   *
   * @param line The physical line.
   * @param reason What is wrong there.
   * @param column The column, where one is at fault.
   */
  constructor(line: number, reason: string, column?: string) {
    const place = column === undefined ? `line ${line}` : `line ${line}, column "${column}"`;
    super(`Cannot use the list: ${place}: ${reason}`);
    this.line = line;
    this.column = column;
    this.reason = reason;
  }
}
