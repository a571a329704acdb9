/**
 * Files that options name.
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";

/**
 * Reads a file that an option names.
 *
 * @param option The option.
 * @param path The file.
 * @returns Its text.
 */
export async function readText(option: string, path: string): Promise<string> {
  return await reading(option, path, () => Deno.readTextFile(path));
}

/**
 * Reads certificates that an option names.
 *
 * @param option The option.
 * @param path The file.
 * @returns Its text.
 */
export async function readCertificate(option: string, path: string): Promise<string> {
  const text = await readText(option, path);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new ValidationError(`Cannot use ${option} "${path}": it holds no certificate in PEM`);
}

/**
 * Reads a file that an option names.
 *
 * @param option The option.
 * @param path The file.
 * @returns Its octets.
 */
export async function readOctets(option: string, path: string): Promise<Uint8Array> {
  return await reading(option, path, () => Deno.readFile(path));
}

/**
 * Does something with a file that an option names; what fails is a fault of the call.
 *
 * @param option The option.
 * @param path The file.
 * @param act What is done.
 * @returns What it gives.
 */
export async function reading<T>(
  option: string,
  path: string,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof ValidationError) throw cause;
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const seen = cause instanceof Deno.errors.NotFound
      ? "there is no such file or folder"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw new ValidationError(`Cannot use ${option} "${path}": ${seen}`, { cause });
  }
}
