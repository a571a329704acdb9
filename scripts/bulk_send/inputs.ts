/**
 * The files of a call: the list, the message and what is attached to it.
 *
 * @module
 */

import { type SecretReaders, systemReaders, ValidationError } from "../../src/cli/mod.ts";
import {
  type BulkJournal,
  ListError,
  type ListOptions,
  parseMessageFile,
  readList,
  type StoredMessage,
} from "../../src/jobs/mod.ts";
import { parseAddress, Sha256 } from "../../src/message/mod.ts";
import { reading, readOctets } from "../shared/files.ts";
import type { ListCall } from "./calls.ts";

/** What a journal keeps of a message at most. */
const MOST_OCTETS = 32 * 1024 * 1024;
/** A longer list from standard input is better saved: it is read twice. */
const MOST_PIPED = 64 * 1024 * 1024;
const PIECE = 64 * 1024;
const SEPARATORS = { comma: ",", semicolon: ";", tab: "\t" } as const;

/** A message and what is to be said about it. */
export interface LoadedMessage {
  /** The message. */
  readonly message: StoredMessage;
  /** What had to be changed. */
  readonly notes: readonly string[];
  /** The files that belong to it. */
  readonly files: readonly string[];
}

/**
 * Reads a message with all that belongs to it.
 *
 * @param path The file.
 * @returns The message.
 */
export async function loadMessage(path: string): Promise<LoadedMessage> {
  const spec = parseMessageFile(await readOctets("--message", path), path);
  if (spec.kind === "raw") {
    const { from, octets, notes } = spec;
    return { message: { kind: "raw", from, base64: octets.toBase64() }, notes, files: [] };
  }
  const beside = (name: string): string => {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    return name.startsWith("/") ? name : folder + name;
  };
  const its = (what: string): string => `--message "${path}": its ${what}`;
  const html = spec.html === undefined
    ? undefined
    : textOf(spec.html, await readOctets(its("html"), beside(spec.html)));
  const attachments = await Promise.all(
    spec.attachments.map(async (name) => ({
      filename: name.slice(name.lastIndexOf("/") + 1),
      base64: (await readOctets(its("attachment"), beside(name))).toBase64(),
    })),
  );
  const size = attachments.reduce((sum, { base64 }) => sum + base64.length, 0);
  if (size > MOST_OCTETS) {
    throw new ValidationError(
      `Cannot use ${its("attachments")}: they have ${size} octets in base64, ` +
        `more than ${MOST_OCTETS}`,
    );
  }
  const { html: _path, ...rest } = spec;
  const files = [...(spec.html === undefined ? [] : [spec.html]), ...spec.attachments];
  return {
    message: { ...rest, ...(html !== undefined && { html }), attachments },
    notes: [],
    files: files.map(beside),
  };
}

function textOf(path: string, octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (cause) {
    throw new ValidationError(`Cannot use "${path}": it is not UTF-8`, { cause });
  }
}

/** A list that can be read again and again. */
export interface ListSource {
  /** What it is called. */
  readonly path: string;
  /** How it is read. */
  readonly options: ListOptions;
  /** Its octets, once more. */
  open(): AsyncIterable<Uint8Array>;
}

/**
 * Opens a list.
 *
 * @param call What was typed.
 * @param readers Where standard input comes from.
 * @returns The list.
 */
export async function openList(
  call: ListCall,
  readers: SecretReaders = systemReaders,
): Promise<ListSource> {
  const { list: path, separator, emailColumn, allowAddressLiterals } = call;
  const options: ListOptions = {
    format: call.listFormat ?? (/\.(?:jsonl|ndjson)$/i.test(path) ? "jsonl" : "csv"),
    ...(separator !== undefined && { separator: SEPARATORS[separator] }),
    ...(emailColumn !== undefined && { emailColumn }),
    ...(allowAddressLiterals && { allowLiterals: true }),
  };
  if (path !== "-") return { path, options, open: () => piecesOf("--list", path) };
  const pieces: Uint8Array[] = [];
  let octets = 0;
  for await (const piece of readers.stdin()) {
    octets += piece.length;
    if (octets > MOST_PIPED) {
      throw new ValidationError(
        `Cannot read --list from standard input: it is longer than ${MOST_PIPED} octets, save it first`,
      );
    }
    pieces.push(piece);
  }
  return { path, options, open: () => ReadableStream.from(pieces) };
}

/**
 * A file in pieces.
 *
 * @param option The option that names it.
 * @param path The file.
 * @returns Its octets.
 */
export async function* piecesOf(
  option: string,
  path: string,
): AsyncGenerator<Uint8Array> {
  using file = await reading(option, path, () => Deno.open(path));
  while (true) {
    const piece = new Uint8Array(PIECE);
    const read = await reading(option, path, () => file.read(piece));
    if (read === null) return;
    yield piece.subarray(0, read);
  }
}

/** Octets on their way, and what they were. */
export class HashedOctets {
  readonly #octets: AsyncIterable<Uint8Array>;
  readonly #hash = new Sha256();

  /** Takes octets. */
  constructor(octets: AsyncIterable<Uint8Array>) {
    this.#octets = octets;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#octets) {
      this.#hash.update(piece);
      yield piece;
    }
  }

  /** SHA-256 of all of them, hexadecimal; to be asked once. */
  digest(): string {
    return this.#hash.digest().toHex();
  }
}

/**
 * Reads a file with one address on each line, or a list in CSV with a column `email`.
 *
 * @param path The file.
 * @returns The addresses, as rows have them for their key.
 */
export async function* suppressedKeys(path: string): AsyncGenerator<string> {
  const option = "--suppress";
  const wrong = (line: number, seen: string, cause: unknown): ValidationError =>
    new ValidationError(`Cannot use ${option} "${path}": line ${line}: ${seen}`, { cause });
  if (/\.(?:csv|jsonl|ndjson)$/i.test(path)) {
    const format = /\.csv$/i.test(path) ? "csv" : "jsonl";
    try {
      for await (const row of readList(piecesOf(option, path), { format, allowLiterals: true })) {
        if (row instanceof Error) throw row;
        yield row.key;
      }
    } catch (error) {
      throw error instanceof ListError ? wrong(error.line, error.reason, error) : error;
    }
    return;
  }
  const lines = textOf(path, await readOctets(option, path)).split(/\r?\n/);
  for (const [at, line] of lines.entries()) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) continue;
    try {
      yield parseAddress(text, { allowLiterals: true }).key;
    } catch (cause) {
      throw wrong(at + 1, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }
}

/**
 * Reads a file of {@linkcode suppressedKeys} to its end, before anything is made.
 *
 * @param path The file.
 */
export async function checkSuppressed(path: string): Promise<void> {
  for await (const _key of suppressedKeys(path)); // what is wrong with it is thrown
}

/**
 * Lets nothing be sent any more to the addresses of a file.
 *
 * @param journal The journal.
 * @param path The file; nothing is done without one.
 */
export async function suppress(journal: BulkJournal, path: string | undefined): Promise<void> {
  if (path !== undefined) await journal.suppress(suppressedKeys(path), Date.now());
}

/**
 * Does something with a file of an earlier call, which may be gone since.
 *
 * @param act What is done.
 * @returns What it gives; `undefined` if there is no such file.
 */
export async function unlessMissing<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ValidationError && error.cause instanceof Deno.errors.NotFound) {
      return undefined;
    }
    throw error;
  }
}
