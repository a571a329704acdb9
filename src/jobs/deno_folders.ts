/**
 * Folders of the disk, made so that their names last.
 *
 * @module
 */

import { isPlainPath, joinPath, parentOf, stepsTo } from "./file_path.ts";
import type { FileEntry } from "./file_store.ts";

const OWNER_FOLDER = 0o700;

/** Makes a folder with its parents; see the file store. */
export async function makeFolder(
  path: string,
  { below }: { readonly below?: string } = {},
): Promise<void> {
  const steps = stepsOf(path, below);
  for (const step of steps) {
    await makeStep(step, { links: below === undefined, last: step === steps.at(-1) });
  }
}

/** One step of a path: a folder that is there afterwards, its name durable. */
async function makeStep(
  path: string,
  { links, last }: { readonly links: boolean; readonly last: boolean },
): Promise<void> {
  let info: Deno.FileInfo | undefined;
  try {
    info = await unlessMissing(links ? Deno.stat(path) : Deno.lstat(path));
  } catch (error) {
    // Of a folder above that may not be seen, the next step tells whether it is there.
    if (links && !last && error instanceof Deno.errors.NotCapable) return;
    throw error;
  }
  if (info !== undefined && !info.isDirectory) {
    throw new Deno.errors.NotADirectory(
      `Cannot make folder "${path}": it is a ${kindOf(info)}, not a folder`,
    );
  }
  let parent: Deno.FsFile;
  try {
    parent = await Deno.open(parentOf(path));
  } catch (error) {
    // Who withholds the parent has made this folder himself.
    if (info !== undefined && error instanceof Deno.errors.NotCapable) return;
    throw error;
  }
  using _closed = parent;
  if (info === undefined) await Deno.mkdir(path, { recursive: true, mode: OWNER_FOLDER });
  await parent.sync();
}

/** Every folder on the way, the outermost first: below `below`, or from the root or here. */
function stepsOf(path: string, below: string | undefined): string[] {
  if (below === undefined) {
    const plain = path.replace(/\/+$/, "");
    return plain.startsWith("/") ? stepsTo(plain, "/") : stepsTo(plain, ".");
  }
  const start = joinPath(below, "");
  if (!path.startsWith(start) || !isPlainPath(path.slice(start.length))) {
    throw new TypeError(`Cannot make folder "${path}": it is not below "${below}"`);
  }
  return stepsTo(path, below);
}

/** What is at a path, in a word. */
export function kindOf(
  info: { isFile: boolean; isDirectory: boolean; isSymlink: boolean },
): FileEntry["kind"] {
  if (info.isSymlink) return "link";
  if (info.isFile) return "file";
  return info.isDirectory ? "folder" : "other";
}

/** What was looked for; `undefined` if it is missing. */
export async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
