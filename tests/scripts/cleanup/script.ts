/** The cleanup script, called as its user calls it, with a folder and a sandbox of its own. */

import { main } from "../../../scripts/cleanup.ts";
import { type Sandbox, startSandbox } from "../../../src/sandbox/mod.ts";
import { called, PASSWORD, type Ran } from "../called.ts";

export { PASSWORD };

/** The one user. */
export const USER = "tim@mail.example";

/** Calls the script; standard input holds the password. */
export async function cleanup(
  args: string[],
  options: NonNullable<Parameters<typeof main>[1]> = {},
): Promise<Ran> {
  return await called((places) => main(args, { ...places, ...options }));
}

/** A mail server, a folder, and what the options of a call need of them. */
export interface Setting {
  readonly box: Sandbox;
  readonly folder: string;
  /** `--server … --user … --password-from stdin --tls-ca …`. */
  readonly server: string[];
  /** The same with `--job` and `--policy`. */
  readonly all: string[];
  /** Writes the policy. */
  policy(text: string, name?: string): Promise<string>;
}

/** Runs something with a mail server and a folder, which is removed. */
export async function inSetting(work: (setting: Setting) => Promise<void>): Promise<void> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "tests/.tmp", prefix: "cleanup-" });
  await using box = await startSandbox({
    users: { [USER]: { password: PASSWORD, token: PASSWORD } },
  });
  const server = [
    ...["--server", box.pop3Url, "--user", USER, "--password-from", "stdin"],
    ...["--tls-ca", `${folder}/ca.pem`],
  ];
  try {
    await Deno.writeTextFile(`${folder}/ca.pem`, box.caCerts.join("\n"));
    await work({
      box,
      folder,
      server,
      all: [...server, "--job", `${folder}/job`, "--policy", `${folder}/policy.toml`],
      async policy(text, name = "policy.toml") {
        const path = `${folder}/${name}`;
        await Deno.writeTextFile(path, text);
        return path;
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
