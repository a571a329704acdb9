/**
 * What was said, as files: lines of JSON, or a dialogue that can be played again.
 *
 * @module
 */

import { Printer } from "../../src/cli/mod.ts";
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
 * Opens a file that only its owner may read, and replaces none unless that is wanted. Who opens it
 * before anything is sent finds out in time.
 *
 * @param path The file.
 * @param options What may be replaced, and the option that named the file.
 * @returns The file, empty.
 */
export async function openNew(path: string, options: SaveOptions): Promise<Deno.FsFile> {
  const { force = false, option = "--save-dialogue" } = options;
  const how = force ? { create: true, truncate: true } : { createNew: true };
  return await reading(option, path, async () => {
    try {
      return await Deno.open(path, { write: true, mode: 0o600, ...how });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      throw new Error("it exists already; --force replaces it", { cause: error });
    }
  });
}

/**
 * Writes a file as {@linkcode openNew} opens it.
 *
 * @param path The file.
 * @param text What it holds.
 * @param options What may be replaced, and the option that named the file.
 */
export async function writeNew(path: string, text: string, options: SaveOptions): Promise<void> {
  using file = await openNew(path, options);
  await new Printer(file, path).print(text);
}
