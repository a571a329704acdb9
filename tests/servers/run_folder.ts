/**
 * A folder for one running server: configuration, spool, sockets and logs. Its disposal proves
 * that no process of the server is left, keeps the logs for a failing test, and removes it.
 *
 * @module
 */
import { ServersError } from "./errors.ts";
import { keepLog } from "./log_book.ts";
import { list } from "./maildir.ts";
import { LONGEST_SOCKET } from "./network.ts";
import { poll } from "./poll.ts";
import { run } from "./process.ts";

const HOME = new URL("../.tmp/servers", import.meta.url).pathname;
// What is appended to it: our folder's name, and below that a server's longest socket.
const NAMES = "/name-0123456789abcdef".length + "/run/token-login/imap-urlauth".length;

// Names a process when its command line, environment or working folder mentions the folder.
const SCAN = `read -r folder
printf '%s\\n' "$folder" | grep -lsaFf - /proc/[0-9]*/cmdline /proc/[0-9]*/environ
find /proc/[0-9]*/cwd /proc/[0-9]*/root -maxdepth 0 -lname "$folder*" 2>/dev/null
true`;

/** A folder of our own, readable by the accounts that servers run as. */
export class RunFolder implements AsyncDisposable {
  /** Absolute path, without a slash at its end. */
  readonly path: string;
  readonly #name: string;
  readonly #looks: number | undefined;

  private constructor(name: string, path: string, looks: number | undefined) {
    this.#name = name;
    this.path = path;
    this.#looks = looks;
  }

  /**
   * Makes the folder: below the checkout, or in /tmp where that is too deep or closed to others. At
   * its end it looks so often whether the server is gone; without a number, as long as for anything.
   */
  static async make(name: string, looks?: number): Promise<RunFolder> {
    await Deno.mkdir(HOME, { recursive: true });
    const dir = HOME.length + NAMES <= LONGEST_SOCKET && await isOpen(HOME) ? HOME : "/tmp";
    const path = await Deno.makeTempDir({ dir, prefix: `${name.slice(0, 4)}-` });
    await Deno.chmod(path, 0o755);
    return new RunFolder(name, path, looks);
  }

  /** The absolute path of a file in the folder. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Writes a text file and gives its absolute path. */
  async write(name: string, text: string, mode = 0o644): Promise<string> {
    await Deno.writeTextFile(this.file(name), text, { mode });
    return this.file(name);
  }

  /** Makes a folder in the folder, for the account given, and gives its absolute path. */
  async folder(name: string, owner?: { uid: number; gid: number }): Promise<string> {
    await Deno.mkdir(this.file(name), { recursive: true });
    if (owner) await Deno.chown(this.file(name), owner.uid, owner.gid);
    return this.file(name);
  }

  /** All logs (files ending in .log, here or in `logs`) as one text. */
  async log(): Promise<string> {
    const files = [...await list(this.path), ...await list(this.file("logs"))];
    const logs = files.filter((path) => path.endsWith(".log"));
    return (await Promise.all(logs.map((path) => Deno.readTextFile(path)))).join("\n");
  }

  /** The processes that belong to the folder. */
  async processes(): Promise<number[]> {
    const found = await run("sh", ["-c", SCAN], { stdin: `${this.path}\n` });
    return [...new Set(found.stdout.match(/(?<=^\/proc\/)\d+/gm) ?? [])].map(Number);
  }

  /** Waits until the server has ended, then removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await poll(
        `${this.#name} to end`,
        async () => (await this.processes()).length === 0 || undefined,
        this.#looks,
      );
    } catch (cause) {
      const left = await this.processes();
      for (const pid of left) await run("kill", ["-KILL", `${pid}`], { mayFail: true });
      throw new ServersError(
        `Cannot stop ${this.#name}: processes ${left.join(", ")} were left and killed`,
        await this.log(),
        { cause },
      );
    } finally {
      keepLog(this.#name, await this.log());
      await Deno.remove(this.path, { recursive: true });
    }
  }
}

async function isOpen(path: string): Promise<boolean> {
  const parents = path.split("/").map((_, i, names) => names.slice(0, i + 1).join("/") || "/");
  const modes = await Promise.all(parents.map(async (folder) => (await Deno.stat(folder)).mode));
  return modes.every((mode) => ((mode ?? 0) & 0o001) !== 0);
}
