/**
 * Lines that somebody types, one at a time.
 *
 * @module
 */

/** The lines of a stream, each without its end. */
export class LineInput {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";
  #lines: string[] = [];

  /** @param stream What is typed, UTF-8. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line; nothing at the end. */
  async next(): Promise<string | undefined> {
    while (this.#lines.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) {
        const last = this.#rest;
        this.#rest = "";
        return last === "" ? undefined : last;
      }
      this.#lines = (this.#rest + value).split("\n");
      this.#rest = this.#lines.pop() ?? "";
    }
    return this.#lines.shift()?.replace(/\r$/, "");
  }

  /** Whoever still types types for nobody. */
  async end(): Promise<void> {
    await this.#reader.cancel();
  }
}
