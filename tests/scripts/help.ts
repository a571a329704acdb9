/** What a script prints for `--help` and `--version`: its parser writes that to standard output itself. */

import { equal } from "node:assert/strict";
import { mock } from "node:test";

/** Calls a script that must end well, and gives what it has printed. */
export async function helpOf(
  main: (args: string[]) => Promise<number>,
  args: readonly string[],
): Promise<string> {
  let text = "";
  const write = mock.method(Deno.stdout, "write", (bytes: Uint8Array) => {
    text += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  });
  try {
    equal(await main([...args]), 0);
    return text;
  } finally {
    write.mock.restore();
  }
}
