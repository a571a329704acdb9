/**
 * Writes to standard output (data) and standard error (talk). Every write is awaited and its failure
 * counts: a closed pipe must not look like success.
 *
 * @module
 */

/** Where text goes: `Deno.stdout`, `Deno.stderr`, or a list in a test. */
export interface Sink {
  /** Writes some of the bytes, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Whether a person looks at it. */
  isTerminal(): boolean;
}

/** Text could not be written, so nobody has seen the rest. */
export class OutputError extends Error {
  /** Which kind of error this is. */
  override readonly name = "OutputError";

  /** Whether the reader has left, as `head` does once it has seen enough: nothing is wrong with that. */
  get left(): boolean {
    return this.cause instanceof Deno.errors.BrokenPipe;
  }
}

/** Writes text, in the order of the calls. After a failure every further call fails as well. */
export class Printer {
  readonly #sink: Sink;
  readonly #name: string;
  readonly #columns: () => number;
  #tail: Promise<void> = Promise.resolve();

  /**
   * Makes a printer.
   *
   * @param sink Where the text goes.
   * @param name What it is called in errors.
   * @param options `columns` says how wide the terminal is, if it is one.
   *
   * @example Usage
   * ```ts
   * import { Printer } from "./print.ts";
   *
   * const out = new Printer(Deno.stdout, "standard output");
   * await out.line("220 ready");
   * ```
   */
  constructor(
    sink: Sink,
    name: string,
    options: { readonly columns?: (() => number) | undefined } = {},
  ) {
    this.#sink = sink;
    this.#name = name;
    this.#columns = options.columns ?? (() => Deno.consoleSize().columns);
  }

  /** Whether a person looks at it. */
  get terminal(): boolean {
    return this.#sink.isTerminal();
  }

  /** Whether colours belong here: on a terminal, unless `NO_COLOR` is set. */
  get colors(): boolean {
    return this.terminal && !Deno.noColor;
  }

  /** How many columns a line may take; no limit where there is no terminal. */
  get columns(): number {
    if (!this.terminal) return Infinity;
    return this.#columns() || 80; // some terminals do not know their size and say 0
  }

  /**
   * Writes text as it is.
   *
   * @param text The text.
   * @throws {OutputError} If not all of it could be written.
   */
  print(text: string): Promise<void> {
    this.#tail = this.#tail.then(() => this.#write(text));
    return this.#tail;
  }

  /**
   * Writes a line.
   *
   * @param text The line, without its end.
   * @throws {OutputError} If not all of it could be written.
   */
  line(text: string = ""): Promise<void> {
    return this.print(`${text}\n`);
  }

  /**
   * Writes a value as one line of JSON.
   *
   * @param value The value.
   * @throws {OutputError} If not all of it could be written.
   */
  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  async #write(text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    try {
      while (bytes.length > 0) bytes = bytes.subarray(await this.#sink.write(bytes));
    } catch (cause) {
      const seen = cause instanceof Error ? cause.message : String(cause);
      throw new OutputError(`Cannot write to ${this.#name}: ${seen}`, { cause });
    }
  }
}

/** Paints text. */
export interface Palette {
  /** Stands out. */
  readonly bold: (text: string) => string;
  /** Stands back. */
  readonly dim: (text: string) => string;
  /** Wrong. */
  readonly red: (text: string) => string;
  /** Right. */
  readonly green: (text: string) => string;
  /** Take care. */
  readonly yellow: (text: string) => string;
  /** Just different. */
  readonly cyan: (text: string) => string;
}

/**
 * Gives the colours, or a palette that leaves text alone. Colour code is loaded only if it is used.
 *
 * @param enabled Whether to paint: {@linkcode Printer.colors} of where the text goes.
 * @returns The palette.
 *
 * @example Usage
 * ```ts
 * import { loadPalette } from "./print.ts";
 * import { equal } from "node:assert/strict";
 *
 * const { red } = await loadPalette(false);
 * equal(red("critical"), "critical");
 * ```
 */
export async function loadPalette(enabled: boolean): Promise<Palette> {
  if (enabled) return await import("../deps/std/colors.ts");
  const same = (text: string): string => text;
  return { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };
}
