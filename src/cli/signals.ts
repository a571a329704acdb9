/**
 * SIGINT and SIGTERM as an abort signal: the first one asks to stop, the second one means it.
 *
 * @module
 */

import { INTERRUPTED } from "./exit.ts";

/** A signal that ends a script. */
export type EndSignal = keyof typeof INTERRUPTED;

/** Where signals come from: the process, or a test. */
export interface SignalSource {
  /** Calls the listener at each signal. */
  addSignalListener(signal: EndSignal, listener: () => void): void;
  /** Stops calling it. */
  removeSignalListener(signal: EndSignal, listener: () => void): void;
}

/** A script was told to stop. */
export class InterruptedError extends Error {
  /** Which kind of error this is. */
  override readonly name = "InterruptedError";
  /** What the script exits with. */
  readonly exitNumber: number;

  /**
   * Makes the error.
   *
   * @param signal Who said so.
   */
  constructor(signal: EndSignal) {
    super(`Cannot go on: ${signal} was received`);
    this.exitNumber = INTERRUPTED[signal];
  }
}

/**
 * Listens until it is disposed of.
 *
 * @example Usage
 * ```ts
 * import { Interruption } from "./signals.ts";
 * import { equal } from "node:assert/strict";
 *
 * using interruption = new Interruption();
 * equal(interruption.signal.aborted, false);
 * ```
 */
export class Interruption implements Disposable {
  readonly #source: SignalSource;
  readonly #listeners: (readonly [EndSignal, () => void])[];
  readonly #stop = new AbortController();
  readonly #leave = Promise.withResolvers<number>();

  /**
   * Starts to listen.
   *
   * @param source Where signals come from.
   */
  constructor(source: SignalSource = Deno) {
    this.#source = source;
    // Windows has no SIGTERM that a program could hear.
    const signals: EndSignal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
    this.#listeners = signals.map((signal) => [signal, () => this.#receive(signal)]);
    for (const [signal, listener] of this.#listeners) source.addSignalListener(signal, listener);
  }

  /** Aborted by the first signal, with an {@linkcode InterruptedError}. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** The exit number once the second signal came: there is no time left to be tidy. */
  get leave(): Promise<number> {
    return this.#leave.promise;
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) {
      this.#source.removeSignalListener(signal, listener);
    }
  }

  #receive(signal: EndSignal): void {
    if (this.#stop.signal.aborted) this.#leave.resolve(INTERRUPTED[signal]);
    else this.#stop.abort(new InterruptedError(signal));
  }
}
