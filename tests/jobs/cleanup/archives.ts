/**
 * Archives for tests: one of each kind, and messages to put into them.
 *
 * @module
 */

import type { Archive, ArchivedCopy } from "../../../src/jobs/cleanup/archive/archive.ts";
import type { PolicyArchive } from "../../../src/jobs/cleanup/policy/policy.ts";

/** One archive of each kind, with a day in its path. */
export const KINDS: readonly (PolicyArchive & { readonly kind: string })[] = [
  { kind: "maildir", maildir: "archive/{yyyy}/{mm}" },
  { kind: "eml", eml: "archive/{yyyy}/{mm}" },
  { kind: "mbox", mbox: "archive/{yyyy}-{mm}.mbox" },
];

/** A day of all messages. */
export const DAY: Date = new Date("2026-03-04T05:06:07Z");

/** Messages that are hard to keep. */
export const MESSAGES: Readonly<Record<string, string>> = {
  empty: "",
  "one octet": "x",
  "no final line end": "Subject: a\r\n\r\nbody",
  "final line end": "Subject: a\r\n\r\nbody\r\n",
  "final empty lines": "Subject: a\r\n\r\nbody\r\n\r\n\r\n",
  "final bare CR": "Subject: a\r\n\r\nbody\r",
  "bare LF": "Subject: a\n\nbody\n\n",
  "bare CR": "Subject: a\r\rbody\r",
  "only LF": "\n",
  "only CRLF": "\r\n",
  "NUL octets": "\0\0\r\n\0",
  dots: ".\r\n..\r\n...\r\n.x\r\n\r\n.\r\n",
  "From lines":
    "From me\r\n>From me\r\n>>From me\r\nFrom\r\nFromage\r\n From x\r\n>From\r\n> From x\r\n",
  "From at the end": "a\r\nFrom ",
  "quoted From at the end": "a\r\n>>>From ",
  "a piece of From at the end": "a\r\n>>Fro",
  "quotes at the end": "a\r\n>>>",
  "From after bare LF and CR": "a\nFrom b\n\rFrom c\r",
  "a From_ line of ours": `From ${
    "0".repeat(64)
  }.5@mailwright.invalid Thu Jan  1 00:00:00 1970\r\nhello\r\n\r\n`,
};

/** The octets of a text; U+00XX stands for the octet XX. */
export function octetsOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Puts a message into an archive; it is not durable yet. */
export async function put(
  archive: Archive,
  message: Uint8Array | string,
  { at = message.length, day = DAY }: { readonly at?: number; readonly day?: Date | undefined } =
    {},
): Promise<ArchivedCopy> {
  const octets = typeof message === "string" ? octetsOf(message) : message;
  const writer = await archive.begin(day);
  await writer.write(octets.subarray(0, at));
  if (at < octets.length) await writer.write(octets.subarray(at));
  return await writer.finish();
}

/** Everything of an iterable. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(items);
}

/** The octets of a copy. */
export async function octetsIn(
  archive: Archive,
  copy: ArchivedCopy,
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Blob(await all(archive.read(copy)) as BlobPart[]).bytes();
}
