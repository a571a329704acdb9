/**
 * Who holds a lock, for the message to the one that must wait.
 *
 * @module
 */

import { escapeControls } from "../wire/mod.ts";
import type { FileStore } from "./file_store.ts";

/**
 * Tells of the run that holds a lock.
 *
 * @param store Where the lock is.
 * @param path The lock file.
 * @returns `": pid 71 since …"`; other words if the holder has not yet written its whole line.
 */
export async function lockHolder(store: FileStore, path: string): Promise<string> {
  const line = new TextDecoder().decode(await store.read(path));
  return line.endsWith("\n") ? `: ${escapeControls(line.trim())}` : ", which began just now";
}
