/**
 * Files that are there as a whole or not at all.
 *
 * @module
 */

import { parentOf } from "../file_path.ts";
import type { FileStore } from "../file_store.ts";

/**
 * Writes a value as a file of JSON: under another name first, so that nobody ever sees a part of it.
 *
 * @param store The files.
 * @param path The file; what is there is replaced.
 * @param value What JSON can hold.
 */
export async function writeWhole(store: FileStore, path: string, value: unknown): Promise<void> {
  const next = `${path}.new`;
  await store.remove(next); // of a run that died
  const file = await store.create(next);
  try {
    await file.write(new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`));
    await file.sync();
  } finally {
    file.close();
  }
  await store.rename(next, path, { replace: true });
  await store.syncFolder(parentOf(path));
}
