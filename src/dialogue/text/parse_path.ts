/**
 * Where a file of a dialogue may be: inside the root, and nowhere else (T-I44).
 *
 * @module
 */

/** The folder of a file, without a slash at its end; nothing for a plain name. */
export function folderOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf("/"), 0));
}

/** A path without `.` and `..`; nothing if it leads out of where it begins. */
function normal(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") {
      parts.push(part);
    }
  }
  return parts.join("/");
}

/**
 * Resolves a path of a dialogue.
 *
 * @param path As it is written.
 * @param folder The folder it is relative to, relative to the root.
 * @returns The path relative to the root, or nothing if it is none inside of it.
 */
export function insideRoot(path: string, folder: string): string | undefined {
  // A scheme or a drive, a root, or a separator that only some systems know.
  if (/^[A-Za-z][A-Za-z0-9+.-]*:|^\/|\\/.test(path)) return undefined;
  const whole = normal(folder === "" ? path : `${folder}/${path}`);
  return whole === "" || path.endsWith("/") ? undefined : whole;
}

/** A path relative to the root as one that is relative to a folder in it. */
export function relativeTo(folder: string, path: string): string {
  const from = folder === "" ? [] : folder.split("/");
  const to = path.split("/");
  let same = 0;
  while (same < from.length && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
}
