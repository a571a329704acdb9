/**
 * What was said, as files: lines of JSON, or a dialogue that can be played again.
 *
 * @module
 */

import { type DialogueResult, printDialogue, toDialogue } from "../../src/dialogue/mod.ts";
import { reading } from "./files.ts";

/** One thing that was said. */
export type Said = DialogueResult["transcript"][number];

/**
 * An event as a line of JSON; octets are base64.
 *
 * @param event The event.
 * @returns The line, with its end.
 */
export function transcriptLine({ bytes, ...event }: Said): string {
  const octets = bytes === undefined ? {} : { bytes: bytes.toBase64() };
  return `${JSON.stringify({ ...event, ...octets })}\n`;
}

/** How a dialogue is saved. */
export interface SaveOptions {
  /** Its name. */
  readonly name?: string | undefined;
  /** Whether times are kept. */
  readonly times?: boolean | undefined;
  /** Whether an existing file is replaced. */
  readonly force?: boolean | undefined;
  /** The option that named the file, for messages. @default {"--save-dialogue"} */
  readonly option?: string;
}

/**
 * Saves a session as a dialogue. Transcripts hold no secrets, but addresses and content: only the
 * owner may read the file.
 *
 * @param path The file.
 * @param events What was said on one connection.
 * @param options Name, times, what may be replaced.
 */
export async function saveDialogue(
  path: string,
  events: readonly Said[],
  options: SaveOptions = {},
): Promise<void> {
  await writeNew(path, dialogueText(events, options), options);
}

/**
 * A session as the text of a dialogue.
 *
 * @param events What was said on one connection.
 * @param options Name and times.
 * @returns The text.
 */
export function dialogueText(events: readonly Said[], { name, times }: SaveOptions = {}): string {
  return printDialogue(toDialogue(events, {
    ...(name === undefined ? {} : { name }),
    ...(times === undefined ? {} : { times }),
  }));
}

/**
 * Writes a file that only its owner may read, and replaces none unless that is wanted.
 *
 * @param path The file.
 * @param text What it holds.
 * @param options What may be replaced, and the option that named the file.
 */
export async function writeNew(
  path: string,
  text: string,
  { force = false, option = "--save-dialogue" }: SaveOptions,
): Promise<void> {
  await reading(option, path, async () => {
    using file = await opened(path, force ? { create: true, truncate: true } : { createNew: true });
    await new Blob([text]).stream().pipeTo(file.writable);
  });
}

async function opened(path: string, how: Deno.OpenOptions): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { write: true, mode: 0o600, ...how });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new Error("it exists already; --force replaces it", { cause: error });
  }
}
