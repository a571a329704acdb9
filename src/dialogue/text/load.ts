/**
 * Dialogues whose included files take time to read.
 *
 * @module
 */

import { parseDialogue, type ParseOptions } from "./parse.ts";
import { DialogueSyntaxError } from "../errors.ts";
import type { Dialogue } from "../step.ts";

/** Where a text comes from, and how the files it includes are read. */
export interface LoadOptions extends Omit<ParseOptions, "read"> {
  /**
   * Reads a file that `@include` names. The path is inside the root as it is written; that no
   * symbolic link leads out of it is for the caller to see.
   */
  readonly read: (path: string) => Promise<string>;
  /** Stops between two files. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a dialogue and the files it includes.
 *
 * @param text Its text.
 * @param options Where it comes from, and how the files are read.
 * @returns Its form.
 * @throws {DialogueSyntaxError} As `parseDialogue`.
 *
 * @example Usage
 * ```ts
 * import { loadDialogue } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * const files = new Map([["hello.dialogue", "C: EHLO me\nS: 250 mx\n"]]);
 * const { steps } = await loadDialogue("S: 220 mx\n@include hello.dialogue\n", {
 *   read: (path) => Promise.resolve(files.get(path) ?? ""),
 * });
 * deepEqual(steps.map(({ kind, at }) => `${kind} ${at.file}`), [
 *   "reply ",
 *   "line hello.dialogue",
 *   "reply hello.dialogue",
 * ]);
 * ```
 */
export async function loadDialogue(text: string, options: LoadOptions): Promise<Dialogue> {
  const { read, signal, ...rest } = options;
  const files = new Map<string, string>();
  for (;;) {
    const missing = new Set<string>();
    const known = (path: string) => {
      const file = files.get(path);
      if (file === undefined) missing.add(path);
      return file ?? "";
    };
    try {
      const dialogue = parseDialogue(text, { ...rest, read: known });
      if (missing.size === 0) return dialogue;
    } catch (error) {
      // What a missing file leaves open may look like a mistake.
      if (!(error instanceof DialogueSyntaxError) || missing.size === 0) throw error;
    }
    // Each turn finds the files of one more level, and the levels are bounded.
    for (const path of missing) {
      signal?.throwIfAborted();
      files.set(path, await read(path));
    }
  }
}
