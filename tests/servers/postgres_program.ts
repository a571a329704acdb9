/**
 * Where Debian keeps the programs of PostgreSQL: in a folder for each version.
 *
 * @module
 */
const HOME = "/usr/lib/postgresql";

/** Gives the path of a program, of the newest version that is installed. */
export async function postgresProgram(name: string): Promise<string | undefined> {
  try {
    const versions = (await Array.fromAsync(Deno.readDir(HOME))).map((each) => Number(each.name));
    for (const version of versions.sort((a, b) => b - a)) {
      const path = `${HOME}/${version}/bin/${name}`;
      if (await Deno.stat(path).then(() => true, () => false)) return path;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return undefined;
}
