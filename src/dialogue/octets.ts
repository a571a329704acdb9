/**
 * The octets of a step.
 *
 * @module
 */

import { DotStuffer } from "../wire/mod.ts";
import { MAX_FILE_OCTETS } from "./limits.ts";
import type { BytesStep } from "./step.ts";

/** The lone dot and its line end, which are a step of their own. */
const DOT_LINE = 3;

/**
 * The octets of a step, as they are on the wire.
 *
 * @param step The step.
 * @param readFile Reads the file that it names.
 * @throws {TypeError} If it names a file and files are not allowed.
 * @throws {RangeError} If the file is too large.
 */
export async function octetsOf(
  { from, stuffed: isContent }: BytesStep,
  readFile: ((path: string) => Promise<Uint8Array>) | undefined,
): Promise<Uint8Array> {
  const bytes = from instanceof Uint8Array ? from : await fileOf(from.path, readFile);
  return isContent ? stuffed(bytes) : bytes;
}

/** Octets with CRLF ends and doubled dots, without the lone dot. */
export function stuffed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const stuffer = new DotStuffer();
  const content = stuffer.push(bytes).slice(); // it writes into the same place again
  return joined([content, stuffer.end().subarray(0, -DOT_LINE)]);
}

/** Octets one behind the other. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

async function fileOf(
  path: string,
  readFile: ((path: string) => Promise<Uint8Array>) | undefined,
): Promise<Uint8Array> {
  if (readFile === undefined) {
    throw new TypeError(`Cannot read the file "${path}": files are not allowed here`);
  }
  const bytes = await readFile(path);
  if (bytes.length <= MAX_FILE_OCTETS) return bytes;
  throw new RangeError(
    `Cannot send the file "${path}": it is larger than ${MAX_FILE_OCTETS} octets`,
  );
}
