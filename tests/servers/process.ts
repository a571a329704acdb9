/**
 * Other people's programs: where they are, running one to its end, the accounts they use.
 *
 * @module
 */
import { ServersError } from "./errors.ts";

/** The folder that install.sh unpacks conflicting packages into. */
export const UNPACKED: string = new URL("../.tmp/servers/root", import.meta.url).pathname;

/** Where its shared libraries are, for `LD_LIBRARY_PATH`. */
export const UNPACKED_LIBRARIES: string = ["lib", "usr/lib"].flatMap((folder) =>
  ["", "/x86_64-linux-gnu", "/aarch64-linux-gnu"].map((machine) =>
    `${UNPACKED}/${folder}${machine}`
  )
).join(":");

// Debian keeps daemons out of an ordinary user's PATH.
const FOLDERS = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", `${UNPACKED}/usr/sbin`];

/** What a program answered. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@linkcode run}. */
export interface RunOptions {
  /** Text for the program's standard input. */
  readonly stdin?: string;
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Answer a failure as data; otherwise it is thrown. @default {false} */
  readonly mayFail?: boolean;
}

/** Finds a program by its file name or absolute path, or gives undefined. */
export function findProgram(name: string): string | undefined {
  if (name.startsWith("/")) return isFile(name) ? name : undefined;
  const path = Deno.env.get("PATH")?.split(":") ?? [];
  return [...path, ...FOLDERS].map((folder) => `${folder}/${name}`).find(isFile);
}

/** Runs a program to its end. */
export async function run(
  name: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const child = new Deno.Command(findProgram(name) ?? name, {
    args: [...args],
    env: { ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [output] = await Promise.all([child.output(), feed(child.stdin, options.stdin)]);
  const text = new TextDecoder();
  const ran = {
    code: output.code,
    stdout: text.decode(output.stdout),
    stderr: text.decode(output.stderr),
  };
  if (ran.code !== 0 && !options.mayFail) {
    throw new ServersError(
      `Cannot run "${name} ${args.join(" ")}": exit code ${ran.code}`,
      ran.stdout + ran.stderr,
    );
  }
  return ran;
}

/** The numbers of a system account. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Looks an account up by name. */
export async function account(name: string): Promise<Account> {
  const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, name])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // absent or unreadable: either way it cannot be run
  }
}

async function feed(stdin: WritableStream<Uint8Array>, text = ""): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // A program that ends without reading its input says in its exit code how it went.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
