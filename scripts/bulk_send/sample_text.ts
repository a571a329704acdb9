/**
 * A message as people will read it, to be looked at before it is sent.
 *
 * @module
 */

import { visible } from "../../src/cli/mod.ts";
import type { SampleMessage } from "../../src/jobs/mod.ts";
import {
  decodeBase64,
  decodeQuotedPrintable,
  type ParsedMessage,
  parseMessage,
} from "../../src/message/mod.ts";

/** A part that holds no other parts. */
interface Leaf {
  /** Its type, without parameters. */
  readonly type: string;
  /** What it is called, if it is a file. */
  readonly filename: string | undefined;
  /** What it holds. */
  readonly octets: Uint8Array;
}

/**
 * Shows a message: its header, its texts, and what is attached. The octets themselves are what
 * `--dry-run` writes.
 *
 * @param sample The message.
 * @returns The lines.
 */
export function sampleText({ line, recipient, octets }: SampleMessage): string {
  const message = parseMessage(octets);
  const header = message.header.fields
    .filter(({ name }) => !/^(?:mime-version|content-.*)$/i.test(name))
    .map(({ name, text }) => `${name}: ${text}\n`).join("");
  const body = [...leavesOf(message)].map(leafText).join("\n");
  const lines = `${header}\n${body}`.split(/\r?\n/).map((each) => `  ${visible(each)}`.trimEnd());
  return `\nline ${line}, to ${visible(recipient)}:\n\n${lines.join("\n").trimEnd()}\n`;
}

function leafText({ type, filename, octets }: Leaf): string {
  if (filename !== undefined || !type.startsWith("text/")) {
    return `(${type}, ${octets.length} octets${filename === undefined ? "" : `: ${filename}`})\n`;
  }
  return `${type === "text/plain" ? "" : `(${type})\n`}${
    new TextDecoder().decode(octets).trimEnd()
  }\n`;
}

/** What we send is in ASCII, or in UTF-8 as a whole. */
function* leavesOf({ header, body }: ParsedMessage): Generator<Leaf> {
  const value = (name: string): string => header.get(name)?.value ?? "";
  const [type = ""] = (value("content-type") || "text/plain").toLowerCase().split(/[\s;]/);
  if (!type.startsWith("multipart/")) {
    const filename = filenameIn(value("content-disposition"));
    return yield { type, filename, octets: decoded(value("content-transfer-encoding"), body) };
  }
  const boundary = /;\s*boundary=(?:"([^"]*)"|([^\s;]*))/i.exec(value("content-type"));
  // RFC 2046 section 5.1.1: nobody reads what stands before the first delimiter.
  const text = `\r\n${new TextDecoder().decode(body)}`;
  const [, ...parts] = text.split(`\r\n--${boundary?.[1] ?? boundary?.[2]}`);
  for (const part of parts) {
    if (part.startsWith("--")) return;
    yield* leavesOf(parseMessage(new TextEncoder().encode(part.replace(/^[ \t]*\r\n/, ""))));
  }
}

function decoded(encoding: string, octets: Uint8Array): Uint8Array {
  if (/^base64$/i.test(encoding)) return decodeBase64(octets);
  return /^quoted-printable$/i.test(encoding) ? decodeQuotedPrintable(octets) : octets;
}

/** RFC 2183; RFC 2231 where it is not ASCII. */
function filenameIn(disposition: string): string | undefined {
  const [, coded, quoted, plain] =
    /;\s*filename(?:\*=utf-8''([^\s;]*)|="((?:[^"\\]|\\.)*)"|=([^\s;]*))/i.exec(disposition) ?? [];
  return coded === undefined ? quoted?.replace(/\\(.)/g, "$1") ?? plain : decodeURIComponent(coded);
}
