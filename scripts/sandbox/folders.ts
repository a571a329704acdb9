/**
 * Folders of messages: those that a maildrop begins with, and those that arrived.
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";
import { reading } from "../shared/files.ts";

const CR = 13;
const LF = 10;

/**
 * Reads the messages of a folder.
 *
 * @param folder The folder, with files `*.eml`.
 * @returns Their octets in the order of their names, with CRLF at the end of each line.
 * @throws {ValidationError} If there is none.
 */
export async function readMails(folder: string): Promise<Uint8Array[]> {
  return await reading("--fill", folder, async () => {
    const names = [];
    for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".eml")) names.push(name);
    if (names.length === 0) {
      throw new ValidationError(`Cannot use --fill "${folder}": it holds no file *.eml`);
    }
    const files = names.sort().map((name) => Deno.readFile(`${folder}/${name}`));
    return (await Promise.all(files)).map(withCrlf);
  });
}

/** On disk lines mostly end in LF, on the wire in CRLF. Other octets stay as they are. */
function withCrlf(octets: Uint8Array): Uint8Array {
  const isBare = (octet: number, at: number): boolean => octet === LF && octets[at - 1] !== CR;
  const whole = new Uint8Array(octets.length + octets.filter(isBare).length);
  let to = 0;
  for (const [at, octet] of octets.entries()) {
    if (isBare(octet, at)) whole[to++] = CR;
    whole[to++] = octet;
  }
  return whole;
}

/** A folder that takes what arrives. */
export class ArrivalFolder {
  readonly #folder: string;
  #count = 0;

  /**
   * Makes one.
   *
   * @param folder The folder.
   */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Sees to it that the folder is there. */
  async open(): Promise<void> {
    await reading("--save", this.#folder, () => Deno.mkdir(this.#folder, { recursive: true }));
  }

  /**
   * Keeps a message, beside those of earlier runs.
   *
   * @param content Its octets.
   * @returns The file.
   */
  async save(content: Uint8Array): Promise<string> {
    while (true) {
      const path = `${this.#folder}/${String(++this.#count).padStart(4, "0")}.eml`;
      try {
        await Deno.writeFile(path, content, { createNew: true, mode: 0o600 });
        return path;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  }
}
