/**
 * Python's mail libraries as a second opinion. The interpreter of the system is used: packages of the
 * distribution are installed for no other.
 *
 * @module
 */
import { ServersError } from "./errors.ts";
import { run } from "./process.ts";

const PYTHON = "/usr/bin/python3";

/** Runs a program with a text on its standard input and gives what it prints. */
export async function runPython(program: string, stdin: string = ""): Promise<string> {
  return (await run(PYTHON, ["-c", program], { stdin })).stdout;
}

/** Registers a test that runs only where Python has the modules it needs. */
export async function pythonTest(
  name: string,
  modules: readonly string[],
  body: () => Promise<void>,
): Promise<void> {
  const complaint = `NOT RUN, needs ${PYTHON} with ${modules.join(" and ")}`;
  if (await has(modules)) {
    Deno.test({ name, timeout: 600_000, fn: body });
  } else if (Deno.env.get("CI")) {
    Deno.test(`${name} (${complaint})`, () => {
      throw new ServersError(`Cannot run "${name}": ${complaint}`, "");
    });
  } else {
    Deno.test.ignore(`${name} (${complaint})`, () => {});
    await Deno.stderr.write(new TextEncoder().encode(`${complaint}: ${name}\n`));
  }
}

async function has(modules: readonly string[]): Promise<boolean> {
  try {
    const { code } = await run(PYTHON, ["-c", `import ${modules.join(", ")}`], { mayFail: true });
    return code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
