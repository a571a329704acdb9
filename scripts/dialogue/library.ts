/**
 * The files of a call, to dialogues. What is no dialogue is a page with sessions in it.
 *
 * @module
 */

import { type SecretReaders, systemReaders } from "../../src/cli/mod.ts";
import {
  type Dialogue,
  type DialogueDialect,
  dialogueFromJson,
  type DialogueStep,
  DialogueSyntaxError,
  importDialogues,
  type ImportedDialogue,
  parseDialogue,
  parseMarkdown,
  type ParseOptions,
  printLineTemplate,
} from "../../src/dialogue/mod.ts";
import { reading } from "../shared/files.ts";
import { fail, NotADialogueError } from "./failure.ts";
import { RootFolder } from "./root_folder.ts";
import { blocksOfSyntax, type TextBlock } from "./text_block.ts";

/** A file that was read. */
export interface LoadedFile {
  /** Its path, as it was typed. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
  /** What it holds; at least one. */
  readonly dialogues: readonly Dialogue[];
  /** The same, where it was written in another notation. */
  readonly imported: readonly ImportedDialogue[];
  /** What its dialogues may read. */
  readonly folder: RootFolder;
}

/** How files are read. */
export interface LibraryOptions {
  /** The folder out of which no path of a file leads. */
  readonly root?: string | undefined;
  /** The notation, if the file is no dialogue. */
  readonly from?: DialogueDialect | undefined;
  /** Whether what lint finds in a page is mended. */
  readonly repair?: boolean | undefined;
  /** Whether names, dates and ids of a page become holes. */
  readonly portable?: boolean | undefined;
  /** Where standard input comes from. */
  readonly readers?: SecretReaders | undefined;
}

const LF = 10;
/** What a page has before a line that was said. */
const MARK = /^[\s>*~-]*(?:[CSRP](?: ?\(\d+\))?:\s*)?/;
/** The largest dialogue and the largest page, in octets. */
const MAX_DIALOGUE = 1024 * 1024;
const MAX_PAGE = 4 * MAX_DIALOGUE;

/** Reads files, and keeps their texts to show lines of them. */
export class Library {
  readonly #options: LibraryOptions;
  readonly #texts = new Map<string, string>();

  /** @param options How files are read. */
  constructor(options: LibraryOptions) {
    this.#options = options;
  }

  /** The texts of all files, by path. */
  get sources(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#texts);
  }

  /** The text of a file. */
  source(path: string): string | undefined {
    return this.#texts.get(path);
  }

  /**
   * Reads several files.
   *
   * @param paths The files; `-` is standard input.
   * @returns The files, in this order.
   * @throws {NotADialogueError} With all that is wrong with all of them.
   */
  async load(paths: readonly string[]): Promise<readonly LoadedFile[]> {
    const files: LoadedFile[] = [];
    const blocks: TextBlock[] = [];
    for (const path of paths) {
      try {
        files.push(await this.#file(path));
      } catch (error) {
        if (!(error instanceof NotADialogueError)) throw error;
        blocks.push(...error.blocks);
      }
    }
    if (blocks.length > 0) throw new NotADialogueError(blocks, this.sources);
    return files;
  }

  /**
   * How a text reads the files that it includes.
   *
   * @param path The first file.
   */
  reading(path: string): Pick<ParseOptions, "root" | "read"> {
    const { root } = this.#options;
    const folder = new RootFolder(path, root);
    return {
      ...(root === undefined ? {} : { root }),
      read: (included) => {
        const text = folder.include(included);
        this.#texts.set(included, text);
        return text;
      },
    };
  }

  async #file(path: string): Promise<LoadedFile> {
    const { root, from } = this.#options;
    const kind = kindOf(path, from);
    const text = await this.#text(path, kind === "page" ? MAX_PAGE : MAX_DIALOGUE);
    if (kind !== "page") this.#texts.set(path, text);
    const folder = new RootFolder(path, root);
    const options = { file: path, ...this.reading(path) };
    const file = { path, text, imported: [], folder };
    try {
      switch (kind) {
        case "dialogue":
          return { ...file, dialogues: [parseDialogue(text, options)] };
        case "markdown":
          return { ...file, dialogues: some(parseMarkdown(text, options), path) };
        case "json":
          return { ...file, dialogues: some(fromJson(text), path) };
        case "page": {
          const imported = some(this.#sessions(text, path), path);
          const dialogues = imported.map(({ dialogue }) => dialogue);
          this.#texts.set(path === "-" ? "stdin" : path, shownPage(text, dialogues));
          return { ...file, imported, dialogues };
        }
      }
    } catch (error) {
      if (error instanceof DialogueSyntaxError) throw new NotADialogueError(blocksOfSyntax(error));
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      throw notADialogue(path, error.message);
    }
  }

  #sessions(text: string, path: string): readonly ImportedDialogue[] {
    const { from, repair = false, portable = false } = this.#options;
    return importDialogues(text, {
      file: path === "-" ? "stdin" : path,
      ...(from === undefined ? {} : { dialect: from }),
      repair,
      portable,
    });
  }

  async #text(path: string, most: number): Promise<string> {
    if (path === "-") return await this.#stdin(most);
    const bytes = await reading("the file", path, async () => {
      using file = await Deno.open(path);
      const { isFile, size } = await file.stat();
      if (!isFile) throw new Error("it is no file");
      // What is too large is not read at all (T-I41).
      return size > most ? undefined : await new Response(file.readable).bytes();
    });
    if (bytes !== undefined) return decoded(bytes, path);
    throw notADialogue(path, `Cannot read "${path}": it has more than ${most} octets`);
  }

  async #stdin(most: number): Promise<string> {
    const { readers = systemReaders } = this.#options;
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of readers.stdin()) {
      size += part.length;
      if (size > most) throw notADialogue("-", `Cannot read "-": it has more than ${most} octets`);
      parts.push(part);
    }
    return decoded(await new Blob(parts.map((part) => part.slice())).bytes(), "-");
  }
}

function kindOf(
  path: string,
  from: DialogueDialect | undefined,
): "dialogue" | "markdown" | "json" | "page" {
  if (from !== undefined) return "page";
  const [, ending] = /\.([A-Za-z]+)$/.exec(path) ?? [];
  switch (ending?.toLowerCase()) {
    case "dialogue":
      return "dialogue";
    case "md":
    case "markdown":
      return "markdown";
    case "json":
      return "json";
    case "ts":
    case "js":
      return fail(`Cannot read "${path}": a program is run, by deno run, and not read`);
    default:
      return "page";
  }
}

function fromJson(text: string): readonly Dialogue[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return [dialogueFromJson(text)];
  return value.map((one) => dialogueFromJson(JSON.stringify(one)));
}

function some<T>(found: readonly T[], path: string): readonly T[] {
  if (found.length > 0) return found;
  throw notADialogue(path, `no dialogue found in "${path}"`);
}

function notADialogue(file: string, message: string): NotADialogueError {
  return new NotADialogueError([{ level: "error", id: "no-dialogue", file, message }]);
}

/** What a report may show of a page: the lines that were said, with holes in place of logins. */
function shownPage(page: string, dialogues: readonly Dialogue[]): string {
  const written = page.split(/\r?\n/);
  const shown = written.map(() => "");
  const show = (step: DialogueStep): void => {
    if (step.kind === "block") return step.arms.forEach((arm) => arm.forEach(show));
    for (const { line } of step.kind === "reply" ? step.lines.map(({ at }) => at) : [step.at]) {
      shown[line - 1] = written[line - 1] ?? "";
    }
    if (step.kind !== "line" || step.template.every(({ kind }) => kind === "text")) return;
    const [mark = ""] = MARK.exec(written[step.at.line - 1] ?? "") ?? [];
    shown[step.at.line - 1] = `${mark}${printLineTemplate(step.template)}`;
  };
  for (const { steps } of dialogues) steps.forEach(show);
  return shown.join("\n");
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notADialogue(path, `Cannot read "${path}": line ${brokenLine(bytes)} is not UTF-8`);
  }
}

/** The first line that is not UTF-8; no octet of a longer character is a line feed. */
function brokenLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let end = -1;
  for (let line = 1;; line++) {
    const from = end + 1;
    end = bytes.indexOf(LF, from);
    try {
      decoder.decode(bytes.subarray(from, end < 0 ? undefined : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
  }
}
