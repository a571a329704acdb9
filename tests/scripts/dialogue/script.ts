/** The dialogue script, called as its user calls it; files in a folder of their own. */

import { equal } from "node:assert/strict";
import { type DialogueIo, main } from "../../../scripts/dialogue.ts";
import { systemReaders } from "../../../src/cli/mod.ts";
import { Screen, Signals } from "../../cli/fakes.ts";

/** The secret of all tests; it must be seen nowhere. */
export const PASSWORD = "marker-Pa55wort";
/** What it looks like where it is sent. */
export const ENCODED: readonly string[] = [PASSWORD, btoa(PASSWORD), btoa(`\0ann\0${PASSWORD}`)];

/** What a call has come to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a call finds on standard input. */
export interface Input {
  /** The text; by default the password. */
  readonly stdin?: string;
  /** What is typed into a session. */
  readonly typed?: ReadableStream<Uint8Array> | string;
  /** Whose signals it hears. */
  readonly signals?: Signals;
}

/** Calls the script. */
export async function dialogue(args: string[], input: Input = {}): Promise<Ran> {
  return await started(args, input).ended;
}

/** A call that is under way. */
export interface Started {
  /** Resolves when standard error holds such a text, with what it has found. */
  heard(text: RegExp): Promise<RegExpExecArray>;
  /** What it has come to. */
  readonly ended: Promise<Ran>;
  /** Signals that the test sends. */
  readonly signals: Signals;
}

/** Calls the script, and goes on. */
export function started(args: string[], input: Input = {}): Started {
  const stdout = new Screen();
  const stderr = new Talk();
  const { signals = new Signals(), stdin = `${PASSWORD}\n`, typed = "" } = input;
  const readers = {
    ...systemReaders,
    stdin: () => new Blob([stdin]).stream(),
    env: () => PASSWORD,
  };
  const stream = typeof typed === "string" ? new Blob([typed]).stream() : typed;
  const io: DialogueIo = { stdout, stderr, signals, readers, input: stream };
  const ended = main(args, io).then((code) => {
    stderr.end();
    equal(signals.count, 0);
    for (const text of [stdout.text, stderr.text]) {
      for (const word of ENCODED) equal(text.includes(word), false, `a secret in: ${text}`);
    }
    return { code, out: stdout.text, err: stderr.text };
  });
  return { heard: (text) => stderr.heard(text), ended, signals };
}

/** A server that is under way. */
export interface Serving extends Started {
  /** Where. */
  readonly port: number;
}

/** Serves a file; behind `smtps://` or `pop3s://` inside TLS. */
export async function serving(
  args: string[],
  { scheme = "", ...input }: Input & { readonly scheme?: string } = {},
): Promise<Serving> {
  const call = started(["serve", ...args, "--listen", `${scheme}127.0.0.1:0`], input);
  return { ...call, port: await portOf(call) };
}

/** The port that a call says it listens on. */
export async function portOf(call: Started): Promise<number> {
  return Number((await call.heard(/listening on (?:\w+:\/\/)?127\.0\.0\.1:(\d+)[,\n]/))[1]);
}

/** Runs something with a folder, which is removed. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "tests/.tmp", prefix: "dialogue-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes files. */
export async function write(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
}

/** Standard error, to wait for. */
class Talk extends Screen {
  #changed = Promise.withResolvers<void>();
  #over = false;

  async heard(wanted: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const found = wanted.exec(this.text);
      if (found !== null) return found;
      if (this.#over) throw new Error(`Cannot hear ${wanted}: "${this.text}" is all that came`);
      await this.#changed.promise;
    }
  }

  end(): void {
    this.#over = true;
    this.#wake();
  }

  override async write(bytes: Uint8Array): Promise<number> {
    const count = await super.write(bytes);
    this.#wake();
    return count;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
