/**
 * How far a script has come: one line that is redrawn on a terminal, a plain line now and then
 * elsewhere. It draws when it is told of progress and never by itself.
 *
 * @module
 */

import { cutToWidth, visible } from "./plain_text.ts";
import type { Printer } from "./print.ts";

/** What progresses. */
export interface ProgressOptions {
  /** What is being done. */
  readonly label: string;
  /** How much there is to do, if known. */
  readonly total?: number;
  /** How much was done before. @default {0} */
  readonly before?: number;
  /** What is counted. @default {"items"} */
  readonly unit?: "items" | "bytes";
  /** Milliseconds that never go back. @default {performance.now} */
  readonly now?: () => number;
}

/** Words for numbers. */
interface Words {
  readonly bytes: (count: number) => string;
  readonly duration: (ms: number) => string;
}

/** One reading: so much was done at that time. */
interface Reading {
  readonly at: number;
  readonly done: number;
}

const TERMINAL_MS = 100;
const PLAIN_MS = 10_000;
/** The rate is that of the last ten seconds: neither nervous nor stale. */
const RATE_MS = 10_000;
const ERASE_LINE = "\r\x1b[K";

/** Shows progress on a printer. */
export interface Progress {
  /**
   * Tells how much is done, and draws if it is time to.
   *
   * @param done How much is done by now.
   * @param detail What else is told on the line.
   */
  update(done: number, detail?: string): Promise<void>;
  /**
   * Prints a line above the progress.
   *
   * @param text The line.
   */
  note(text: string): Promise<void>;
  /**
   * Shows the end. It must be called before anything else is printed there.
   *
   * @param done How much was done in all.
   */
  finish(done: number): Promise<void>;
}

class LineProgress implements Progress {
  readonly #printer: Printer;
  readonly #options: ProgressOptions;
  readonly #words: Words;
  readonly #now: () => number;
  readonly #start: number;
  #readings: Reading[];
  #detail = "";
  #drawnAt = -Infinity;
  #drawn = "";

  constructor(printer: Printer, options: ProgressOptions, words: Words) {
    this.#printer = printer;
    this.#options = options;
    this.#words = words;
    this.#now = options.now ?? (() => performance.now());
    this.#start = this.#now();
    this.#readings = [this.#first()];
  }

  async update(done: number, detail: string = ""): Promise<void> {
    this.#detail = detail;
    const at = this.#now();
    const every = this.#printer.terminal ? TERMINAL_MS : PLAIN_MS;
    if (at - this.#drawnAt < every) return;
    this.#readings.push({ at, done });
    const old = this.#readings.findLastIndex((reading) => at - reading.at >= RATE_MS);
    if (old > 0) this.#readings.splice(0, old);
    this.#drawnAt = at;
    await this.#draw();
  }

  async note(text: string): Promise<void> {
    if (!this.#printer.terminal) return await this.#printer.line(text);
    await this.#printer.print(`${ERASE_LINE}${text}\n`);
    if (this.#drawnAt > -Infinity) await this.#draw();
  }

  async finish(done: number): Promise<void> {
    const at = this.#now();
    this.#readings = [this.#first(), { at, done }];
    await this.#draw();
    if (this.#printer.terminal) await this.#printer.print("\n");
  }

  #first(): Reading {
    return { at: this.#start, done: this.#options.before ?? 0 };
  }

  async #draw(): Promise<void> {
    const line = visible(this.#line());
    if (this.#printer.terminal) {
      // One column stays free: a full line would wrap and could not be redrawn.
      await this.#printer.print(ERASE_LINE + cutToWidth(line, this.#printer.columns - 1));
    } else if (line !== this.#drawn) {
      this.#drawn = line;
      await this.#printer.line(line);
    }
  }

  #line(): string {
    const { label, total } = this.#options;
    const first = this.#readings[0];
    const last = this.#readings.at(-1);
    if (first === undefined || last === undefined) return label;
    const seconds = (last.at - first.at) / 1000;
    const rate = seconds >= 1 ? (last.done - first.done) / seconds : 0;
    const fields = [label];
    if (total === undefined) {
      fields.push(this.#count(last.done));
    } else {
      const share = total > 0 ? Math.floor(last.done / total * 100) : 100;
      fields.push(`${this.#count(last.done)} of ${this.#count(total)}`, `${share}%`);
    }
    if (rate > 0) fields.push(`${this.#count(rate)}/s`);
    if (total === undefined || last.done >= total) {
      fields.push(`in ${this.#time(last.at - this.#start)}`);
    } else if (rate > 0) {
      fields.push(`${this.#time((total - last.done) / rate * 1000)} left`);
    }
    if (this.#detail !== "") fields.push(this.#detail);
    return fields.join("  ");
  }

  #count(count: number): string {
    if (this.#options.unit === "bytes") return this.#words.bytes(Math.round(count));
    return count < 10 && !Number.isInteger(count) ? count.toFixed(1) : Math.round(count).toString();
  }

  #time(ms: number): string {
    const seconds = Math.ceil(ms / 1000) * 1000;
    return seconds === 0 ? "0s" : this.#words.duration(seconds);
  }
}

/**
 * Starts showing progress. The code that words it is loaded here, not with the script.
 *
 * @param printer Where to draw: standard error.
 * @param options What progresses.
 * @returns The progress; nothing is drawn yet.
 *
 * @example Usage
 * ```ts
 * import { Printer } from "./print.ts";
 * import { startProgress } from "./progress.ts";
 *
 * const progress = await startProgress(new Printer(Deno.stderr, "standard error"), {
 *   label: "sending",
 *   total: 2,
 * });
 * await progress.update(1);
 * await progress.finish(2);
 * ```
 */
export async function startProgress(
  printer: Printer,
  options: ProgressOptions,
): Promise<Progress> {
  const [{ formatBytes }, { formatDuration }] = await Promise.all([
    import("../deps/std/bytes.ts"),
    import("../deps/std/duration.ts"),
  ]);
  return new LineProgress(printer, options, {
    bytes: formatBytes,
    duration: (ms) => formatDuration(ms, { ignoreZero: true }),
  });
}
