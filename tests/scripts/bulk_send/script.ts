/** The bulk_send script, called as its user calls it, with a folder and a sandbox of its own. */

import { main } from "../../../scripts/bulk_send.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../../src/sandbox/mod.ts";
import { type Around, called, PASSWORD, type Ran } from "../called.ts";

export { PASSWORD };

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

/** Calls the script. */
export async function bulkSend(args: readonly string[], around?: Around): Promise<Ran> {
  return await called((places) => main([...args], places), around);
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
