/**
 * A root folder (chroot) for programs whose paths are compiled in: copies of them and of the
 * libraries that they ask for.
 *
 * @module
 */
import { run, UNPACKED, UNPACKED_LIBRARIES } from "./process.ts";
import type { RunFolder } from "./run_folder.ts";

// The character devices of Linux, and their numbers.
const DEVICES = { null: [1, 3], random: [1, 8], urandom: [1, 9] };

/**
 * Makes the root folder below the folder of a server. Needs root.
 *
 * @param folder Where to.
 * @param programs Programs and libraries: what install.sh has unpacked by its path there, others by
 *   their path on this machine.
 * @param folders Empty folders to be made in it.
 * @returns Its absolute path.
 */
export async function makeRoot(
  folder: RunFolder,
  programs: readonly string[],
  folders: readonly string[],
): Promise<string> {
  const root = await folder.folder("root");
  for (const name of ["dev", "etc", "tmp", ...folders]) await folder.folder(`root/${name}`);
  await Deno.chmod(`${root}/tmp`, 0o1777);
  for (const [name, numbers] of Object.entries(DEVICES)) {
    await run("mknod", ["-m", "666", `${root}/dev/${name}`, "c", ...numbers.map(String)]);
  }
  const { stdout } = await run("ldd", programs, { env: { LD_LIBRARY_PATH: UNPACKED_LIBRARIES } });
  const libraries = stdout.match(/(?<=\s)\/\S+(?= \()/g) ?? [];
  for (const source of new Set([...programs, ...libraries])) {
    const target = root + source.replace(UNPACKED, "");
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(source, target);
  }
  return root;
}
