/**
 * Configuration files as plain values: TOML and JSON. What a key means is the caller's business; that
 * no key stands there twice, and where a text goes wrong, is known only here.
 *
 * @module
 */

import { ConfigError, placeBehind } from "./config_error.ts";
import { parseJson } from "./json.ts";

export { ConfigError, type TextPlace } from "./config_error.ts";

/** What a configuration may be written in. */
export type ConfigFormat = "toml" | "json";

/**
 * Tells the format of a file by the end of its name.
 *
 * @param path The path of the file.
 * @returns The format; `undefined` if it is neither.
 *
 * @example Usage
 * ```ts
 * import { configFormatOf } from "./config.ts";
 * import { equal } from "node:assert/strict";
 *
 * equal(configFormatOf("/etc/cleanup/policy.toml"), "toml");
 * equal(configFormatOf("policy.yaml"), undefined);
 * ```
 */
export function configFormatOf(path: string): ConfigFormat | undefined {
  if (path.endsWith(".toml")) return "toml";
  return path.endsWith(".json") ? "json" : undefined;
}

/**
 * Reads a configuration. The code that knows TOML is loaded here, not with the script.
 *
 * @param octets The content of the file, in UTF-8.
 * @param options The format, and what the file is called in errors.
 * @returns Tables, lists, texts, numbers, booleans; `null` in JSON, dates in TOML.
 * @throws {ConfigError} If it is not of that format, or a key stands there twice.
 *
 * @example Usage
 * ```ts
 * import { parseConfig } from "./config.ts";
 * import { rejects } from "node:assert/strict";
 *
 * const octets = new TextEncoder().encode('{ "limit": 5,\n  "limit": 6 }');
 * await rejects(parseConfig(octets, { format: "json", file: "limits.json" }), {
 *   name: "ConfigError",
 *   message: 'limits.json:2:3: expected another key: this one is there already, got "limit"',
 * });
 * ```
 */
export async function parseConfig(
  octets: Uint8Array,
  { format, file }: { readonly format: ConfigFormat; readonly file: string },
): Promise<unknown> {
  const text = decode(octets, file);
  return format === "json" ? parseJson(text, file) : await parseTomlText(text, file);
}

/** The text, without the mark that some editors put before it. */
function decode(octets: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (cause) {
    const [valid = ""] = new TextDecoder().decode(octets).split("\ufffd", 1);
    throw new ConfigError(file, placeBehind(valid), "expected UTF-8", { cause });
  }
}

async function parseTomlText(text: string, file: string): Promise<unknown> {
  const { parseToml, TomlError } = await import("../deps/toml.ts"); // most scripts read none
  try {
    return parseToml(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    // Behind the first line of its message stands a drawing of the place.
    const [first = ""] = cause.message.split("\n", 1);
    const reason = first.replace(/^Invalid TOML document: /, "");
    throw new ConfigError(file, cause, `expected TOML: ${reason}`, { cause });
  }
}
