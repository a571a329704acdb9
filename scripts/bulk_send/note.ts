/**
 * What is worth a word, and is no failure.
 *
 * @module
 */

import { type ScriptIo, visible } from "../../src/cli/mod.ts";
import type { TalkCall } from "./calls.ts";

/**
 * Says something on standard error.
 *
 * @param io The script.
 * @param call How much is said.
 * @param text What is said.
 */
export async function note({ err }: ScriptIo, { quiet }: TalkCall, text: string): Promise<void> {
  if (!quiet) await err.line(`note: ${visible(text)}`);
}
