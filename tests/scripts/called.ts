/** A script, called as its user calls it: what it reads is given, what it prints is kept. */

import { equal } from "node:assert/strict";
import { type ScriptOptions, type SecretReaders, systemReaders } from "../../src/cli/mod.ts";
import { Screen, Signals } from "../cli/fakes.ts";

/** The password of the one user; it must be seen nowhere. */
export const PASSWORD = "marker-Pa55wort";

/** What a call has come to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What is around a call. */
export interface Around {
  /** What standard input holds. @default The password. */
  readonly stdin?: string;
  /** Signals that arrive. */
  readonly signals?: Signals;
  /** Whether standard error is a terminal. */
  readonly terminal?: boolean;
}

/** What takes the place of the system. */
export type Places =
  & Pick<Required<ScriptOptions>, "stdout" | "stderr" | "signals">
  & { readonly readers: SecretReaders };

/** Calls a script. It must show no password, and stop listening to signals. */
export async function called(
  main: (places: Places) => Promise<number>,
  { stdin = `${PASSWORD}\n`, signals = new Signals(), terminal = false }: Around = {},
): Promise<Ran> {
  const stdout = new Screen();
  const stderr = new Screen({ terminal });
  const readers = {
    ...systemReaders,
    stdin: () => new Blob([stdin]).stream(),
    env: () => PASSWORD,
  };
  const code = await main({ stdout, stderr, signals, readers });
  equal(signals.count, 0);
  for (const text of [stdout.text, stderr.text]) equal(text.includes(PASSWORD), false);
  return { code, out: stdout.text, err: stderr.text };
}
