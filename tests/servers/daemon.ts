/**
 * A server that runs in the foreground as a child of the test, its output in a log file.
 *
 * @module
 */
import { ServersError } from "./errors.ts";
import { listening } from "./network.ts";
import { findProgram } from "./process.ts";
import type { RunFolder } from "./run_folder.ts";

/** How a {@linkcode Daemon} is started. */
export interface DaemonOptions {
  /** Ports that it is ready on. */
  readonly ports: readonly number[];
  /** Its arguments. */
  readonly args: readonly string[];
  /** Variables added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running program; its disposal asks it to end and waits for that. */
export class Daemon implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /** Starts a program and waits until it listens on all its ports. */
  static async start(folder: RunFolder, name: string, options: DaemonOptions): Promise<Daemon> {
    const program = findProgram(name) ?? name;
    const child = new Deno.Command("sh", {
      args: ["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh"].concat(
        folder.file("output.log"),
        program,
        options.args,
      ),
      env: { ...options.env },
      cwd: folder.path,
      stdin: "null",
    }).spawn();
    let ended: Deno.CommandStatus | undefined;
    child.status.then((status) => ended = status);
    await using stack = new AsyncDisposableStack();
    const daemon = stack.use(new Daemon(child));
    await listening(options.ports, async () => {
      if (ended) {
        throw new ServersError(
          `Cannot start ${name}: it ended with code ${ended.code}`,
          await folder.log(),
        );
      }
    });
    stack.move();
    return daemon;
  }

  /** Asks the program to end, then waits; what does not end is killed after a minute. */
  async [Symbol.asyncDispose](): Promise<void> {
    signal(this.#child, "SIGTERM");
    const lastWord = setTimeout(() => signal(this.#child, "SIGKILL"), 60_000);
    await this.#child.status;
    clearTimeout(lastWord);
  }
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (error) {
    // It ended between our look and our word.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}
