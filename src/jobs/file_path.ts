/**
 * Paths of a file store as text. Nothing here looks at the disk.
 *
 * @module
 */

/** The folder that a path is in: `.` for a bare name. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf("/");
  if (at < 0) return ".";
  return at === 0 ? "/" : path.slice(0, at);
}

/** A path of plain steps under a folder; `.` or nothing is the folder that others start from. */
export function joinPath(folder: string, path: string): string {
  if (folder === "." || folder === "") return path;
  return folder.endsWith("/") ? folder + path : `${folder}/${path}`;
}

/** Whether every step of a path is a plain name: not empty, not `.` or `..`, no control octets. */
export function isPlainPath(path: string): boolean {
  return path.split("/").every((step) =>
    // deno-lint-ignore no-control-regex
    step !== "" && step !== "." && step !== ".." && !/[\x00-\x1f\x7f\\]/.test(step)
  );
}

/** The folders on the way to a path and the path itself, the outermost first, without `from`. */
export function stepsTo(path: string, from: string): string[] {
  const names = path.slice(joinPath(from, "").length).split("/");
  return names.map((_, at) => joinPath(from, names.slice(0, at + 1).join("/")));
}
