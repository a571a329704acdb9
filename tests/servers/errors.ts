/**
 * What goes wrong with somebody else's program.
 *
 * @module
 */

/** A server or tool failed; its own words follow the message. */
export class ServersError extends Error {
  override readonly name = "ServersError";
  /** What the program printed or logged. */
  readonly log: string;

  constructor(message: string, log: string, options?: ErrorOptions) {
    super(log === "" ? message : `${message}\n${log}`, options);
    this.log = log;
  }
}
