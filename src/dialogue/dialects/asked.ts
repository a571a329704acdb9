/**
 * The commands of a page, and which of them has no reply yet.
 *
 * @module
 */

/** Commands in their order; of the end of a message its dot. */
export class Asked {
  readonly #commands: string[] = [];
  /** The first of them that has no reply. */
  #next = 0;
  /** The recipients that were accepted since the last message. */
  #recipients = 0;

  /** Whether one waits for its reply. */
  get waiting(): boolean {
    return this.#next < this.#commands.length;
  }

  /** The command that the next reply answers. */
  get first(): string {
    return this.#commands[this.#next] ?? "";
  }

  /** Adds a command. */
  add(command: string): void {
    this.#commands.push(command);
  }

  /**
   * Adds the end of a message.
   *
   * @param command The dot, or the last BDAT.
   * @param forEach Whether it has one reply for each recipient (RFC 2033 section 4.2).
   */
  addEnd(command: string, forEach: boolean): void {
    const replies = forEach ? Math.max(1, this.#recipients) : 1;
    for (let reply = 0; reply < replies; reply++) this.#commands.push(command);
    this.#recipients = 0;
  }

  /**
   * The first command has its reply.
   *
   * @param accepted Whether that is positive.
   */
  answer(accepted: boolean): string | undefined {
    const command = this.#commands[this.#next];
    if (command === undefined) return undefined;
    this.#next++;
    if (accepted && command.startsWith("RCPT ")) this.#recipients++;
    return command;
  }

  /** Nothing waits any more. */
  forget(): void {
    this.#next = this.#commands.length;
  }
}
