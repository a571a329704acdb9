/**
 * The doors to the system through which secrets come in.
 *
 * @module
 */

import { promptSecret } from "./prompt.ts";

/** A running command, as far as its secret is concerned. */
export interface SecretCommand {
  /** What it prints. */
  readonly stdout: ReadableStream<Uint8Array>;
  /** How it ended. */
  readonly status: Promise<{ readonly code: number }>;
  /** Ends it. */
  kill(signal: "SIGKILL"): void;
}

/** Where secrets come from: the system, or a stand-in. */
export interface SecretReaders {
  /** The value of a variable, which is deleted. */
  env(name: string): string | undefined;
  /** A file: its mode, where the system has modes, and its content. */
  file(path: string): Promise<{ mode: number | null; bytes: ReadableStream<Uint8Array> }>;
  /** A command, started without environment and without input. */
  command(path: string): SecretCommand;
  /** Standard input. */
  stdin(): ReadableStream<Uint8Array>;
  /** A person. */
  prompt(question: string, options: { readonly signal?: AbortSignal | undefined }): Promise<string>;
}

/** The system itself. */
export const systemReaders: SecretReaders = {
  env(name) {
    const value = Deno.env.get(name);
    if (value !== undefined) Deno.env.delete(name); // no child and no dump shall find it
    return value;
  },
  async file(path) {
    const file = await Deno.open(path);
    const { mode } = await file.stat(); // of the open file: the name may change hands
    return { mode, bytes: file.readable };
  },
  command(path) {
    return new Deno.Command(path, {
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  },
  stdin() {
    if (Deno.stdin.isTerminal()) throw new Error("standard input is a terminal, use prompt");
    return Deno.stdin.readable;
  },
  prompt: promptSecret,
};
