/** The bulk_send script, called as its user calls it, with a folder and a sandbox of its own. */

import { equal } from "node:assert/strict";
import { main } from "../../../scripts/bulk_send.ts";
import { systemReaders } from "../../../src/cli/mod.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../../src/sandbox/mod.ts";
import { Screen, Signals } from "../../cli/fakes.ts";

/** The password of the one user; it must be seen nowhere. */
export const PASSWORD = "marker-Pa55wort";
/** The one user. */
export const USER = "ann@here.example";

/** A list of three, one of them twice. */
export const LIST: string = "email,name\n" +
  "ann@there.example,Ann\n" +
  'ben@there.example,"Ben ""B"" Müller"\n' +
  "carol@other.example,Carol\n" +
  "ann@THERE.example,Ann\n";

/** A message for them. */
export const MESSAGE: string =
  "---\nfrom: News <news@here.example>\nsubject: Hello {{name}}\n---\n" +
  "Dear {{name}},\n\nwelcome.\n";

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

/** Calls the script. */
export async function bulkSend(
  args: readonly string[],
  { stdin = `${PASSWORD}\n`, signals = new Signals(), terminal = false }: Around = {},
): Promise<Ran> {
  const stdout = new Screen();
  const stderr = new Screen({ terminal });
  const readers = {
    ...systemReaders,
    stdin: () => new Blob([stdin]).stream(),
    env: () => PASSWORD,
  };
  const code = await main([...args], { stdout, stderr, signals, readers });
  equal(signals.count, 0);
  for (const text of [stdout.text, stderr.text]) equal(text.includes(PASSWORD), false);
  return { code, out: stdout.text, err: stderr.text };
}

/** A mail server, a folder, and what the options of a call need of them. */
export interface Setting {
  readonly box: Sandbox;
  readonly folder: string;
  /** `--list … --message …`. */
  readonly input: string[];
  /** `--server … --tls-ca …`. */
  readonly server: string[];
  /** `--journal …`. */
  readonly journal: string[];
  /** All of them. */
  readonly all: string[];
  /** Writes a file into the folder, and gives its path. */
  write(name: string, text: string | Uint8Array): Promise<string>;
  /** Who got a message, in order. */
  recipients(): string[];
}

/** Runs something with a mail server and a folder, which is removed. */
export async function inSetting(
  work: (setting: Setting) => Promise<void>,
  options: SandboxOptions = {},
): Promise<void> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "tests/.tmp", prefix: "bulk-" });
  await using box = await startSandbox({ users: { [USER]: PASSWORD }, ...options });
  const write = async (name: string, text: string | Uint8Array): Promise<string> => {
    const path = `${folder}/${name}`;
    await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
    return path;
  };
  const input = [
    ...["--list", await write("people.csv", LIST)],
    ...["--message", await write("welcome.md", MESSAGE)],
  ];
  const ca = await write("ca.pem", box.caCerts.join("\n"));
  const server = ["--server", box.smtpUrl, "--tls-ca", ca];
  const journal = ["--journal", `${folder}/welcome.db`];
  try {
    await work({
      ...{ box, folder, input, server, journal, write },
      all: [...input, ...server, ...journal],
      recipients: () =>
        box.ledger.entries.flatMap(({ kind, recipients = [] }) =>
          kind === "stored" ? recipients : []
        ),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A list of so many people. */
export function people(count: number): string {
  const rows = Array.from({ length: count }, (_, at) => `p${at}@there.example,P ${at}\n`);
  return `email,name\n${rows.join("")}`;
}

/** Copies a journal as a process leaves it that dies now, and gives the options for the copy. */
export async function journalOfTheDead(folder: string): Promise<string[]> {
  await Deno.mkdir(`${folder}/left`);
  for (const end of ["", "-wal", "-shm", ".mark"]) {
    await Deno.copyFile(`${folder}/welcome.db${end}`, `${folder}/left/welcome.db${end}`);
  }
  return ["--journal", `${folder}/left/welcome.db`];
}
