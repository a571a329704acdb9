/**
 * What is waited for, on a terminal.
 *
 * @module
 */

import type { ScriptIo } from "../../src/cli/mod.ts";
import type { ProbeEvent } from "../../src/jobs/mod.ts";

/** On a terminal, what is waited for once it takes longer than one likes. */
export class WaitingClock implements Disposable {
  readonly #io: ScriptIo;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #stage = "";
  #since = 0;
  #shown = false;

  /**
   * Starts it, where somebody looks and nothing else is shown there.
   *
   * @param io Where standard error is.
   * @param call Whether it is quiet, and where the transcript goes.
   */
  constructor(
    io: ScriptIo,
    { quiet, transcript }: {
      readonly quiet?: boolean | undefined;
      readonly transcript?: string | undefined;
    },
  ) {
    this.#io = io;
    const wanted = io.err.terminal && !quiet && transcript !== "-";
    this.#timer = wanted ? setInterval(() => this.#show(), 1_000) : undefined;
  }

  /**
   * Hears what happens.
   *
   * @param event What happens.
   */
  hear(event: ProbeEvent): void {
    if (event.type !== "begin") return;
    this.#stage = event.stage;
    this.#since = performance.now();
  }

  /** Stops it, and takes away what it shows. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#shown) this.#io.err.print("\r\x1b[K").catch(() => {}); // nobody looks any more
    this.#shown = false;
  }

  #show(): void {
    const seconds = Math.floor((performance.now() - this.#since) / 1000);
    if (seconds < 2) return;
    this.#shown = true;
    this.#io.err.print(`\r\x1b[Kwaiting at ${this.#stage}, ${seconds} s`).catch(() => {});
  }
}
