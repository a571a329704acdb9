/**
 * The logs of the servers that a test used, printed when the test fails.
 *
 * A server notes its log when it stops; which test it belongs to follows from the asynchronous
 * context, so `await using` needs no further argument.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";

const LAST_LINES = 200;
const book = new AsyncLocalStorage<string[]>();

/** Keeps the end of a log for the test that is running. */
export function keepLog(name: string, log: string): void {
  book.getStore()?.push(`--- ${name}\n${log.split("\n").slice(-LAST_LINES).join("\n")}`);
}

/** Runs a test body; prints the kept logs when it throws or when `failed` says so. */
export async function withLogs(body: () => Promise<void>, failed: () => boolean): Promise<void> {
  const logs: string[] = [];
  try {
    await book.run(logs, body);
  } catch (error) {
    await print(logs);
    throw error;
  }
  if (failed()) await print(logs);
}

async function print(logs: readonly string[]): Promise<void> {
  await Deno.stderr.write(new TextEncoder().encode(`${logs.join("\n")}\n`));
}
