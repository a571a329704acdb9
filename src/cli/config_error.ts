/**
 * What is wrong with a configuration file, and where.
 *
 * @module
 */

/** A place in a text, counted from 1. */
export interface TextPlace {
  /** The line. */
  readonly line: number;
  /** The column, in UTF-16 code units. */
  readonly column: number;
}

/** A configuration cannot be read: it is not of its format, or says a thing twice. */
export class ConfigError extends Error {
  /** Which kind of error this is. */
  override readonly name = "ConfigError";
  /** The line, counted from 1. */
  readonly line: number;
  /** The column, counted from 1. */
  readonly column: number;

  /**
   * Makes the error.
   *
   * @param file What the file is called.
   * @param place Where it goes wrong.
   * @param reason What was expected or seen there.
   * @param options The cause, if there is one.
   *
   * @example Usage
   * ```ts
   * import { ConfigError } from "./config_error.ts";
   * import { equal } from "node:assert/strict";
   *
   * const error = new ConfigError("policy.toml", { line: 2, column: 5 }, "invalid value");
   * equal(error.message, "policy.toml:2:5: invalid value");
   * ```
   */
  constructor(file: string, { line, column }: TextPlace, reason: string, options?: ErrorOptions) {
    super(`${file}:${line}:${column}: ${reason}`, options);
    this.line = line;
    this.column = column;
  }
}

/**
 * The place behind a text.
 *
 * @param before The text.
 * @returns The place.
 */
export function placeBehind(before: string): TextPlace {
  const lines = before.split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}
