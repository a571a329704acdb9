/**
 * What went wrong, as an exit number.
 *
 * @module
 */

import { EXIT, SecretError, ValidationError } from "../../src/cli/mod.ts";
import type { DialogueResult } from "../../src/dialogue/mod.ts";
import { hasCause } from "../shared/causes.ts";
import type { TextBlock } from "./text_block.ts";

const NUMBERS = EXIT.dialogue;

/** Files that are no dialogues, or that cannot be played: nothing was run. */
export class NotADialogueError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "NotADialogueError";
  /** What is wrong, and where. */
  readonly blocks: readonly TextBlock[];

  /** The texts of the files, by path, to show lines of them. */
  readonly sources: Readonly<Record<string, string>>;

  /**
   * Makes one.
   *
   * @param blocks What is wrong; at least one thing.
   * @param sources The texts of the files, by path.
   */
  constructor(blocks: readonly TextBlock[], sources: Readonly<Record<string, string>> = {}) {
    super(blocks[0]?.message ?? "Cannot read a dialogue");
    this.blocks = blocks;
    this.sources = sources;
  }
}

/** The call cannot be carried out. */
export function fail(why: string): never {
  throw new ValidationError(why);
}

/**
 * The exit number of an error.
 *
 * @param error What was thrown.
 * @returns The number; `undefined` if nothing is known about it.
 */
export function exitOfError(error: unknown): number | undefined {
  if (error instanceof NotADialogueError) return NUMBERS.syntax;
  const usage = error instanceof ValidationError || error instanceof SecretError ||
    hasCause(error, Deno.errors.NotCapable);
  return usage ? NUMBERS.usage : undefined;
}

/** An error for programs. */
export interface ErrorValue {
  /** What this is. */
  readonly schema: "mailwright-dialogue-error/1";
  /** What went wrong. */
  readonly message: string;
  /** What is wrong with files, and where. */
  readonly problems: readonly Omit<TextBlock, "length">[];
}

/**
 * An error as plain data, for `--json`.
 *
 * @param error What was thrown.
 * @param message What is said about it.
 * @returns The data.
 */
export function errorValue(error: unknown, message: string): ErrorValue {
  const blocks = error instanceof NotADialogueError ? error.blocks : [];
  const problems = blocks.map(({ length: _, ...block }) => block);
  return { schema: "mailwright-dialogue-error/1", message, problems };
}

/**
 * The exit number of results.
 *
 * @param results What came of the dialogues.
 * @returns The worst of them.
 */
export function exitOfResults(results: readonly DialogueResult[]): number {
  if (results.some(({ status }) => status === "error")) return NUMBERS.failure;
  return results.some(({ status }) => status === "failed") ? NUMBERS.expectation : NUMBERS.ok;
}
