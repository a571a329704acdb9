/** A screen, a keyboard and signals of lists, for tests of the command line. */

import type { EndSignal, Keyboard, SignalSource, Sink } from "../../src/cli/mod.ts";

/** How a {@linkcode Screen} behaves. */
export interface ScreenOptions {
  readonly terminal?: boolean;
  /** How many octets one write takes. */
  readonly most?: number;
}

/** A place to write to, which keeps what was written. */
export class Screen implements Sink {
  readonly #terminal: boolean;
  readonly #most: number;
  #bytes: number[] = [];

  constructor({ terminal = false, most = Infinity }: ScreenOptions = {}) {
    this.#terminal = terminal;
    this.#most = most;
  }

  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.#bytes));
  }

  /** Gives what was written since the last time. */
  take(): string {
    const { text } = this;
    this.#bytes = [];
    return text;
  }

  isTerminal(): boolean {
    return this.#terminal;
  }

  write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, this.#most);
    this.#bytes.push(...taken);
    return Promise.resolve(taken.length);
  }
}

/** A place to write to that is closed. */
export class ClosedPipe implements Sink {
  readonly #why: Error;

  constructor(why: Error = new Deno.errors.BrokenPipe("Broken pipe (os error 32)")) {
    this.#why = why;
  }

  isTerminal(): boolean {
    return false;
  }

  write(): Promise<number> {
    return Promise.reject(this.#why);
  }
}

/** How {@linkcode Keys} behaves. */
export interface KeysOptions {
  /** What comes after the keys. */
  readonly then?: "nothing" | "end";
  /** Called when all keys have been read. */
  readonly drained?: () => void;
  readonly terminal?: boolean;
}

/** A keyboard on which these keys are pressed; then nothing more comes, or the end. */
export class Keys implements Keyboard {
  /** Whether keys are shown, after each change. */
  readonly modes: boolean[] = [];
  readonly #bytes: number[];
  readonly #then: "nothing" | "end";
  readonly #drained: () => void;
  readonly #terminal: boolean;

  constructor(
    keys: string | Uint8Array,
    { then = "end", drained = () => {}, terminal = true }: KeysOptions = {},
  ) {
    this.#bytes = [...(typeof keys === "string" ? new TextEncoder().encode(keys) : keys)];
    this.#then = then;
    this.#drained = drained;
    this.#terminal = terminal;
  }

  isTerminal(): boolean {
    return this.#terminal;
  }

  setRaw(mode: boolean): void {
    this.modes.push(mode);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const byte = this.#bytes.shift();
    if (byte === undefined) {
      this.#drained();
      return this.#then === "end" ? Promise.resolve(null) : new Promise(() => {});
    }
    buffer[0] = byte;
    return Promise.resolve(1);
  }
}

/** Signals that a test sends. */
export class Signals implements SignalSource {
  readonly #listeners = new Map<EndSignal, () => void>();

  get count(): number {
    return this.#listeners.size;
  }

  addSignalListener(signal: EndSignal, listener: () => void): void {
    this.#listeners.set(signal, listener);
  }

  removeSignalListener(signal: EndSignal, listener: () => void): void {
    if (this.#listeners.get(signal) === listener) this.#listeners.delete(signal);
  }

  send(signal: EndSignal): void {
    this.#listeners.get(signal)?.();
  }
}
