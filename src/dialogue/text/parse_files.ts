/**
 * The files of a dialogue: the first one, and those it includes, within their limits (T-I44).
 *
 * @module
 */

import { DialogueSyntaxError, problem } from "../errors.ts";
import { folderOf, insideRoot, relativeTo } from "./parse_path.ts";
import { linesOf, octetsOf, type SourceLine } from "./parse_source.ts";
import type { Words } from "./parse_words.ts";
import type { DialogueProtocol, Position } from "../step.ts";

/** Where a text comes from, and what it may read. */
export interface ParseOptions {
  /** The file, for places and relative paths. @default {""} */
  readonly file?: string;
  /** The name if the text has none. By default that of the file, without its ending. */
  readonly name?: string;
  /** What is spoken, if that is known; by default what the text says, or its first reply. */
  readonly protocol?: DialogueProtocol;
  /** The folder out of which no path leads. By default that of the file. */
  readonly root?: string;
  /**
   * Reads a file that `@include` names. The path is inside the root as it is written; that no
   * symbolic link leads out of it is for the caller to see. Without it nothing can be included. A
   * SyntaxError says that the file may not be read: it is told at the place of the `@include`.
   */
  readonly read?: (path: string) => string;
}

const MAX_INCLUDES = 64;
const MAX_INCLUDED = 4 * 1024 * 1024;
const MAX_INCLUDE_DEPTH = 8;

/** What is left to read of a file. */
export interface Cursor {
  readonly lines: readonly SourceLine[];
  /** The folder of the file, relative to the root. */
  readonly folder: string;
  /** The files and procedures that are being read. */
  readonly inside: readonly string[];
  next: number;
}

/** Reads the files of one dialogue. */
export class Files {
  readonly #read: ParseOptions["read"];
  readonly #root: string;
  /** The folder of the first file, relative to the root. */
  readonly #folder: string;
  readonly #lines = new Map<string, readonly SourceLine[]>();
  #count = 0;
  #octets = 0;

  /** @param options Where the text comes from, and what it may read. */
  constructor({ file = "", root, read }: ParseOptions) {
    const folder = folderOf(file);
    this.#read = read;
    this.#root = root?.replace(/\/$/, "") ?? folder;
    this.#folder = this.#root === folder ? "" : relativeTo(this.#root, folder);
    if (this.#folder.startsWith("..")) {
      throw new TypeError(`Cannot parse the dialogue "${file}": it is not inside "${this.#root}"`);
    }
  }

  /** The begin of the first file. */
  first(lines: readonly SourceLine[], file: string): Cursor {
    this.#lines.set(file, lines);
    return { lines, folder: this.#folder, inside: [file], next: 0 };
  }

  /** A line that was read. */
  line({ file, line }: Position): string {
    return this.#lines.get(file)?.[line - 1]?.text ?? "";
  }

  /** A path that is written in a file, relative to the folder of the first one. */
  path(path: string, { folder }: Cursor, at: Position): string {
    return relativeTo(this.#folder, this.#inside(path, folder, at));
  }

  /** The begin of a file that is included. */
  include(words: Words, cursor: Cursor, at: Position): Cursor {
    const pathAt = words.at;
    const path = words.take(/.+/y)?.[0] ?? words.fail("a path");
    const inside = this.#inside(path, cursor.folder, pathAt);
    const file = this.#root === "" ? inside : `${this.#root}/${inside}`;
    checkCircle(file, cursor, at);
    if (++this.#count > MAX_INCLUDES) problem(at, path, `at most ${MAX_INCLUDES} files`);
    if (cursor.inside.length > MAX_INCLUDE_DEPTH) {
      problem(at, path, `at most ${MAX_INCLUDE_DEPTH} files in each other`);
    }
    if (this.#read === undefined) {
      problem(at, "@include", "a way to read files, which is not given,");
    }
    const read = this.#read;
    const text = textOf(() => read(file), path, pathAt);
    this.#octets += octetsOf(text);
    if (this.#octets > MAX_INCLUDED) problem(at, path, "at most 4 MiB of files");
    const lines = linesOf(text, file);
    this.#lines.set(file, lines);
    return { lines, folder: folderOf(inside), inside: [...cursor.inside, file], next: 0 };
  }

  #inside(path: string, folder: string, at: Position): string {
    return insideRoot(path, folder) ??
      problem(at, path, "a relative path that stays inside the root");
  }
}

/** The text of a file; that it may not be read is a problem where it is named. */
function textOf(read: () => string, path: string, at: Position): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    problem(at, path, "a file that can be read", error.message);
  }
}

/** Refuses a file or a procedure in which the cursor is already. */
export function checkCircle(name: string, cursor: Cursor, at: Position): void {
  if (!cursor.inside.includes(name)) return;
  const expected = "no circle of files or procedures";
  throw new DialogueSyntaxError([{ id: "include-cycle", at, seen: name, expected }]);
}
