/**
 * Reads what a dialogue names, out of one folder only: a dialogue may come from a stranger (T-I44).
 *
 * @module
 */

/** The largest file of a bytes step, in octets. */
const MAX_OCTETS = 50 * 1024 * 1024;
/** The largest file that is included, in octets. */
const MAX_INCLUDED = 1024 * 1024;

/** The folder of the first file, or another one. */
export class RootFolder {
  readonly #file: string;
  readonly #root: string | undefined;

  /**
   * Nothing is read yet.
   *
   * @param file The first file.
   * @param root The folder, if it is another one than that of the file.
   */
  constructor(file: string, root: string | undefined) {
    this.#file = file;
    this.#root = root;
  }

  /**
   * Reads a file that is included.
   *
   * @param path The file, as it is seen from the working folder.
   * @returns Its text.
   * @throws {SyntaxError} If it may not be read, or cannot be: a fault of the dialogue.
   */
  readonly include = (path: string): string => {
    return this.#within(path, MAX_INCLUDED, (real) => Deno.readTextFileSync(real));
  };

  /**
   * Reads the file of a bytes step.
   *
   * @param path The file, relative to the folder of the first one.
   * @returns Its octets.
   * @throws {SyntaxError} If it may not be read, or cannot be: a fault of the dialogue.
   */
  readonly octets = (path: string): Promise<Uint8Array> => {
    return this.#within(this.#beside(path), MAX_OCTETS, (real) => Deno.readFile(real));
  };

  /**
   * Looks whether the file of a bytes step could be read.
   *
   * @param path The file, relative to the folder of the first one.
   * @throws {SyntaxError} If it may not be read, or cannot be: a fault of the dialogue.
   */
  check(path: string): void {
    this.#within(this.#beside(path), MAX_OCTETS, () => {});
  }

  #beside(path: string): string {
    return `${this.#file.slice(0, this.#file.lastIndexOf("/") + 1)}${path}`;
  }

  #within<T>(path: string, most: number, read: (real: string) => T): T {
    try {
      // The path that is read is the one that was looked at: its links are gone.
      const real = Deno.realPathSync(path);
      if (!real.startsWith(this.#begin())) refuse(path, "it leads out of the root");
      const { isFile, size } = Deno.statSync(real);
      if (!isFile) refuse(path, "it is no file");
      if (size > most) refuse(path, `it has more than ${most} octets`);
      return read(real);
    } catch (cause) {
      if (cause instanceof SyntaxError || cause instanceof Deno.errors.NotCapable) throw cause;
      const seen = cause instanceof Deno.errors.NotFound
        ? "there is no such file"
        : cause instanceof Error
        ? cause.message
        : String(cause);
      throw new SyntaxError(`Cannot read "${path}": ${seen}`, { cause });
    }
  }

  /** What a path begins with that lies inside. */
  #begin(): string {
    // The grant of a file is no grant of its folder, which is not asked for therefore.
    const real = this.#root === undefined
      ? Deno.realPathSync(this.#file).replace(/[/\\][^/\\]*$/, "")
      : Deno.realPathSync(this.#root);
    return /[/\\]$/.test(real) ? real : `${real}${Deno.build.os === "windows" ? "\\" : "/"}`;
  }
}

function refuse(path: string, why: string): never {
  throw new SyntaxError(`Cannot read "${path}": ${why}`);
}
