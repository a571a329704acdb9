/**
 * Questions to a person at a terminal: a secret, yes or no. Where standard input is no terminal
 * nobody is asked.
 *
 * @module
 */

import { ValidationError } from "../deps/cliffy.ts";
import type { Sink } from "./print.ts";

/** A keyboard: `Deno.stdin`, or a list of keys in a test. */
export interface Keyboard {
  /** Whether a person sits there. */
  isTerminal(): boolean;
  /** Whether keys come one by one and unseen. */
  setRaw(mode: boolean, options?: { cbreak: boolean }): void;
  /** Reads what was typed. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** Whom to ask, and until when. */
export interface PromptOptions {
  /** Where the answer is typed. @default {Deno.stdin} */
  readonly keyboard?: Keyboard | undefined;
  /** Where the question is shown; never standard output, that is for data. @default {Deno.stderr} */
  readonly screen?: Pick<Sink, "write"> | undefined;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

const ENTER = [10, 13, 4]; // LF, CR, and Ctrl-D, which ends a line that is read key by key
const INTERRUPT = 3; // Ctrl-C comes as a key where the terminal makes no signal of it
const ERASE = [8, 127];
const ERASE_ALL = 21;

/**
 * Asks for a secret. What is typed is not shown, not even its length.
 *
 * The keys are read without blocking, so that signals are heard meanwhile.
 *
 * @param question The question.
 * @param options Whom to ask, and until when.
 * @returns What was typed, which may be nothing.
 * @throws {ValidationError} If standard input is no terminal, or the answer is no text.
 */
export async function promptSecret(question: string, options: PromptOptions = {}): Promise<string> {
  const { keyboard, ask } = atTerminal(question, options);
  // Before the question, for who knows it types at once. Windows knows no cbreak: there Ctrl-C comes
  // as a key.
  using ends = new SilentEnds(options.signal);
  keyboard.setRaw(true, { cbreak: Deno.build.os !== "windows" });
  try {
    await ask(`${question}: `);
    return decode(await readKeys(keyboard, ends.signal), question);
  } finally {
    keyboard.setRaw(false);
    await ask("\n");
  }
}

/**
 * Asks a yes-or-no question until the answer is one of the two; nothing means no.
 *
 * @param question The question.
 * @param options Whom to ask, and until when.
 * @returns Whether the answer was yes.
 * @throws {ValidationError} If standard input is no terminal.
 */
export async function confirm(question: string, options: PromptOptions = {}): Promise<boolean> {
  const { keyboard, ask } = atTerminal(question, options);
  while (true) {
    await ask(`${question} [y/N] `);
    const answer = new TextDecoder().decode(await readKeys(keyboard, options.signal)).trim();
    if (/^y(es)?$/i.test(answer)) return true;
    if (/^(no?)?$/i.test(answer)) return false;
  }
}

/** Signals that would end the process while keys are not shown, and so leave the terminal like that. */
class SilentEnds implements Disposable {
  static readonly #names: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? []
    : ["SIGHUP", "SIGQUIT"];
  readonly #end = new AbortController();
  readonly #listeners = SilentEnds.#names.map((name) => {
    const listener = () =>
      this.#end.abort(new Deno.errors.Interrupted(`Cannot go on: ${name} was received`));
    Deno.addSignalListener(name, listener);
    return [name, listener] as const;
  });
  /** Aborted by one of them, or by the given signal. */
  readonly signal: AbortSignal;

  constructor(given: AbortSignal | undefined) {
    this.signal = AbortSignal.any([this.#end.signal, ...given === undefined ? [] : [given]]);
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) Deno.removeSignalListener(name, listener);
  }
}

function atTerminal(question: string, options: PromptOptions) {
  const { keyboard = Deno.stdin, screen = Deno.stderr, signal } = options;
  signal?.throwIfAborted();
  if (!keyboard.isTerminal()) {
    throw new ValidationError(`Cannot ask "${question}": standard input is no terminal`);
  }
  const ask = async (text: string): Promise<void> => {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await screen.write(bytes));
  };
  return { keyboard, ask };
}

/** Reads up to Enter, one key at a time: what follows belongs to the next question. */
async function readKeys(keyboard: Keyboard, signal?: AbortSignal): Promise<Uint8Array> {
  signal?.throwIfAborted(); // the question may have taken its time
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {}); // nobody may be waiting
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const typed: number[] = [];
  const key = new Uint8Array(1);
  try {
    while (true) {
      const count = await Promise.race([aborted, keyboard.read(key)]);
      const [code = 0] = key;
      if (count === null || ENTER.includes(code)) return Uint8Array.from(typed);
      if (code === INTERRUPT) throw new Deno.errors.Interrupted("Ctrl-C was pressed");
      if (ERASE.includes(code)) eraseCharacter(typed);
      else if (code === ERASE_ALL) typed.length = 0;
      else typed.push(code);
    }
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Takes back one character, which is several octets outside ASCII. */
function eraseCharacter(typed: number[]): void {
  let last = typed.pop();
  while (last !== undefined && (last & 0xc0) === 0x80) last = typed.pop();
}

function decode(bytes: Uint8Array, question: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ValidationError(`Cannot ask "${question}": the answer is not UTF-8`, { cause });
  }
}
