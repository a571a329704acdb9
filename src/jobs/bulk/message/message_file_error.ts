/**
 * What is wrong with the file of a message, and where.
 *
 * @module
 */

/** The file of a message cannot be used. */
export class MessageFileError extends SyntaxError {
  /** Which kind of error this is. */
  override readonly name = "MessageFileError";
  /** The file. */
  readonly file: string;
  /** The line, the first is 1; `undefined` where the whole file is at fault. */
  readonly line: number | undefined;

  /**
   * Says what is wrong.
   *
   * @param file The file, as it is called in the message.
   * @param line The line, where one is at fault.
   * @param reason What is wrong there.
   * @param options The cause.
   */
  constructor(file: string, line: number | undefined, reason: string, options?: ErrorOptions) {
    const place = line === undefined ? "" : `line ${line}: `;
    super(`Cannot use the message "${file}": ${place}${reason}`, options);
    this.file = file;
    this.line = line;
  }
}
