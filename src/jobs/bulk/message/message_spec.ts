/**
 * The message of a job as a file: a text with front matter, or a raw message.
 *
 * @module
 */

import { addressesOf, describeContent, parseHeaderBlock } from "../../../message/mod.ts";
import {
  type FrontMatterEntry,
  FrontMatterProblem,
  type PlacedText,
  readFrontMatter,
} from "./front_matter.ts";
import { MessageFileError } from "./message_file_error.ts";

/** A message that is written for each row. */
export interface WrittenSpec {
  /** What it is. */
  readonly kind: "written";
  /** Who writes. */
  readonly from: string;
  /** What it is about; a template. */
  readonly subject: string;
  /** Where answers go. */
  readonly replyTo?: string;
  /** The plain text; a template. */
  readonly text: string;
  /** The file with the HTML; a template. */
  readonly html?: string;
  /** The files that are attached. */
  readonly attachments: readonly string[];
  /** Further fields: names, and values that are templates. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A message that goes to every row as it is. */
export interface RawSpec {
  /** What it is. */
  readonly kind: "raw";
  /** The message; lines end in CRLF. */
  readonly octets: Uint8Array;
  /** The address in From. */
  readonly from: string;
  /** What had to be changed, in words. */
  readonly notes: readonly string[];
}

/** A message as its file has it. */
export type MessageSpec = WrittenSpec | RawSpec;

const TEXTS = ["from", "subject", "reply-to", "html"] as const;
const KEYS: readonly string[] = [...TEXTS, "attachments", "headers"];

/**
 * Reads a message.
 *
 * @param octets The file.
 * @param file What it is called; `.eml` at its end means a raw message.
 * @returns The message.
 * @throws {MessageFileError} If it cannot be used.
 *
 * @example Usage
 * ```ts
 * import { parseMessageFile } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const text = "---\nfrom: News <news@here.example>\nsubject: Hello {{name}}\n---\nDear {{name}},\n";
 * const spec = parseMessageFile(new TextEncoder().encode(text), "welcome.md");
 * equal(spec.kind === "written" && spec.subject, "Hello {{name}}");
 * ```
 */
export function parseMessageFile(octets: Uint8Array, file: string): MessageSpec {
  return /\.eml$/i.test(file) ? rawSpec(octets, file) : writtenSpec(octets, file);
}

function writtenSpec(octets: Uint8Array, file: string): WrittenSpec {
  const fail = (line: number | undefined, reason: string): never => {
    throw new MessageFileError(file, line, reason);
  };
  let source: string;
  try {
    source = new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (cause) {
    throw new MessageFileError(file, undefined, "it is not UTF-8", { cause });
  }
  const { entries, body } = parsed(source, file);
  const texts = new Map<string, PlacedText>();
  let attachments: readonly PlacedText[] = [];
  let headers: readonly (readonly [PlacedText, PlacedText])[] = [];
  for (const { key, value } of entries) {
    if (!KEYS.includes(key.text)) {
      fail(key.line, `"${key.text}" is no key, expected ${KEYS.join(", ")}`);
    }
    if (key.text === "headers") {
      headers = value.kind === "map" ? value.entries : fail(key.line, "headers are name: value");
    } else if (key.text === "attachments") {
      attachments = value.kind === "list" ? value.items : fail(key.line, "attachments are a list");
    } else if (value.kind === "text") texts.set(key.text, value.value);
    else fail(key.line, `"${key.text}" is one text`);
  }
  const need = (key: string): string => texts.get(key)?.text ?? fail(1, `"${key}:" is missing`);
  const from = need("from");
  const subject = need("subject");
  const replyTo = texts.get("reply-to")?.text;
  const html = texts.get("html")?.text;
  if (body.trim() === "" && html === undefined) {
    fail(undefined, "it says nothing: the text is empty, and there is no HTML");
  }
  return {
    kind: "written",
    from,
    subject,
    ...(replyTo !== undefined && { replyTo }),
    text: body,
    ...(html !== undefined && { html }),
    attachments: attachments.map(({ text }) => text),
    headers: headers.map(([name, value]) => [name.text, value.text] as const),
  };
}

function parsed(
  source: string,
  file: string,
): { readonly entries: readonly FrontMatterEntry[]; readonly body: string } {
  try {
    return readFrontMatter(source);
  } catch (error) {
    if (!(error instanceof FrontMatterProblem)) throw error;
    throw new MessageFileError(file, error.line, error.message, { cause: error });
  }
}

/** A raw message is sent octet for octet: what would have to be repaired is refused (T-I26, T-I27). */
function rawSpec(octets: Uint8Array, file: string): RawSpec {
  const fail = (reason: string): never => {
    throw new MessageFileError(file, undefined, reason);
  };
  const { bareCr, bareLf, nul } = describeContent(octets);
  if (nul) fail("it holds NUL");
  if (bareCr) fail("it holds a carriage return without a line feed");
  const notes: string[] = [];
  let message = octets;
  if (bareLf) {
    if (hasCrlf(octets)) fail("some of its lines end in CRLF and some in LF");
    message = withCrlf(octets);
    notes.push("its lines end in LF, and are sent with CRLF");
  }
  const { longestLine, eightBit, signed } = describeContent(message);
  if (longestLine > 998) fail("a line is longer than 998 octets");
  if (eightBit) fail("it holds octets above 127: encode it as quoted-printable or base64");
  const header = parseHeaderBlock(message, { complete: true });
  if (header.broken.length > 0 || header.unparsable !== undefined || header.fields.length === 0) {
    fail("it does not begin with a header");
  }
  const authors = header.getAll("from").flatMap(addressesOf);
  const [author] = authors;
  if (header.getAll("from").length !== 1 || authors.length !== 1 || author === undefined) {
    return fail("it has not exactly one From with one address");
  }
  for (const name of ["bcc", "return-path", "resent-bcc"]) {
    if (header.get(name) !== undefined) fail(`"${name}" must not be sent`);
  }
  if (bareLf && signed) {
    fail("it is signed, and other line ends would break the signature");
  }
  for (const name of signed ? ["date", "to", "message-id"] : []) {
    if (header.get(name) === undefined) fail(`it is signed, and "${name}" would have to be added`);
  }
  if (new TextDecoder().decode(message).includes("{{")) {
    fail('it holds "{{": a raw message goes to everybody as it is');
  }
  return { kind: "raw", octets: message, from: author.address, notes };
}

const CR = 13;
const LF = 10;

function hasCrlf(octets: Uint8Array): boolean {
  return octets.some((octet, at) => octet === LF && octets[at - 1] === CR);
}

function withCrlf(octets: Uint8Array): Uint8Array {
  const lines = octets.reduce((count, octet) => count + (octet === LF ? 1 : 0), 0);
  const all = new Uint8Array(octets.length + lines);
  let at = 0;
  for (const octet of octets) {
    if (octet === LF) all[at++] = CR;
    all[at++] = octet;
  }
  return all;
}
