/**
 * How far a cleanup is, on standard error: one line for each stage. Where nobody looks on, a stage
 * is told only if it takes long.
 *
 * @module
 */

import { type Printer, type Progress, startProgress } from "../../src/cli/mod.ts";
import type { CleanupProgress } from "../../src/jobs/mod.ts";

const LABELS: Readonly<Record<Exclude<CleanupProgress["stage"], "connect">, string>> = {
  list: "listing",
  headers: "reading headers",
  retrieve: "retrieving",
  mark: "marking",
  commit: "committing",
  verify: "verifying",
  restore: "restoring",
};

/** A stage that takes no longer is not worth a line where nobody looks on. */
const LONG_MS = 10_000;

/** Shows the progress of one job. */
export class JobProgress {
  readonly #printer: Printer;
  readonly #shown: boolean;
  /** What is drawn is awaited here, one after the other. */
  #drawn: Promise<void> = Promise.resolve();
  #drawing = false;
  #stage: Stage | undefined;

  /**
   * Shows nothing yet.
   *
   * @param printer Standard error.
   * @param options Whether to show anything at all.
   */
  constructor(printer: Printer, { quiet }: { readonly quiet: boolean }) {
    this.#printer = printer;
    this.#shown = !quiet;
  }

  /**
   * Hears how far it is.
   *
   * @param progress How far.
   */
  hear(progress: CleanupProgress): void {
    const { stage: kind } = progress;
    if (!this.#shown || kind === "connect") return; // there is nothing to count
    if (this.#stage?.kind !== kind) {
      this.#close();
      if (progress.total === 0) return; // it is over at once, or nobody knows
      this.#stage = new Stage(this.#printer, kind, progress);
    }
    const stage = this.#stage;
    stage.last = progress;
    if (this.#drawing) return; // what comes meanwhile is told with the next one
    this.#drawing = true;
    this.#then(async () => {
      this.#drawing = false;
      await stage.draw();
    });
  }

  /** Ends the line of the last stage, before anything else is printed. */
  async end(): Promise<void> {
    this.#close();
    await this.#drawn;
  }

  #close(): void {
    const stage = this.#stage;
    this.#stage = undefined;
    if (stage !== undefined) this.#then(() => stage.finish());
  }

  #then(work: () => Promise<void>): void {
    this.#drawn = this.#drawn.then(work);
    this.#drawn.catch(() => {}); // thrown to who waits for the end
  }
}

/** One stage: bytes and rate where messages are read, else a count. */
class Stage {
  readonly kind: keyof typeof LABELS;
  last: CleanupProgress;
  readonly #printer: Printer;
  readonly #began = performance.now();
  #progress: Promise<Progress> | undefined;

  constructor(printer: Printer, kind: keyof typeof LABELS, first: CleanupProgress) {
    this.kind = kind;
    this.last = first;
    this.#printer = printer;
  }

  async draw(): Promise<void> {
    const long = performance.now() - this.#began >= LONG_MS;
    if (!this.#printer.terminal && !long) return;
    const { total, totalOctets } = this.last;
    this.#progress ??= startProgress(this.#printer, {
      label: LABELS[this.kind],
      ...(totalOctets === undefined ? { total } : { total: totalOctets, unit: "bytes" }),
    });
    await (await this.#progress).update(this.#done());
  }

  async finish(): Promise<void> {
    if (this.#progress !== undefined) await (await this.#progress).finish(this.#done());
  }

  #done(): number {
    return this.last.totalOctets === undefined ? this.last.done : this.last.octets;
  }
}
