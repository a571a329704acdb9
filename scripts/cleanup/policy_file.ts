/**
 * Policies as files: TOML and JSON, and TypeScript with an export `policy`, also by URL.
 *
 * @module
 */

import { ConfigError, configFormatOf, parseConfig } from "../../src/cli/mod.ts";
import { checkPolicy, type Policy, PolicyError } from "../../src/jobs/mod.ts";

/** A mistake in a policy, with the place. Nothing has been touched. */
export class PolicyFileError extends Error {
  /** The class, for programs that compare names. */
  override readonly name = "PolicyFileError";
}

/** A policy, and where it lies. */
export interface PolicyFile {
  /** The policy, checked. */
  readonly policy: Policy;
  /** The folder that the paths of its archives begin at. */
  readonly base: string;
}

/**
 * Reads a policy.
 *
 * @param path The file, or for TypeScript a URL.
 * @returns The policy. Its archives lie beside it, or for a URL in the folder one is in.
 * @throws {PolicyFileError} If it cannot be read or has a mistake.
 * @throws {Deno.errors.NotCapable} If a grant is missing.
 */
export async function readPolicy(path: string): Promise<PolicyFile> {
  const url = /^(https?|file):\/\//.test(path);
  const script = /\.m?[jt]s$/.test(path);
  const value = script ? await importPolicy(path, url) : await parsePolicy(path);
  try {
    return { policy: checkPolicy(value), base: url ? "." : folderOf(path) };
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    throw new PolicyFileError(`${path}: ${cause.message}`, { cause });
  }
}

async function parsePolicy(path: string): Promise<unknown> {
  const format = configFormatOf(path);
  if (format === undefined) {
    throw new PolicyFileError(`${path}: expected a policy in .toml, .json or .ts`);
  }
  try {
    return await parseConfig(await Deno.readFile(path), { format, file: path });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    if (cause instanceof ConfigError) throw new PolicyFileError(cause.message, { cause });
    const seen = cause instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(cause);
    throw new PolicyFileError(`${path}: ${seen}`, { cause });
  }
}

async function importPolicy(path: string, url: boolean): Promise<unknown> {
  const specifier = url ? path : new URL(encodeURI(path), `file://${Deno.cwd()}/`).href;
  try {
    // deno-lint-ignore layers/imports -- it is a file of the user, known only now
    const module: { readonly policy?: unknown } = await import(specifier);
    if (module.policy === undefined) {
      throw new PolicyFileError(`${path}: expected an export named "policy", got none`);
    }
    return module.policy;
  } catch (cause) {
    if (cause instanceof PolicyFileError) throw cause;
    // Of an import Deno tells a missing grant in words only.
    const message = messageOf(cause);
    if (/^Requires \w+ access/.test(message)) throw new Deno.errors.NotCapable(message, { cause });
    if (message.startsWith("Module not found")) {
      throw new PolicyFileError(`${path}: there is no such file, or one that it imports`, {
        cause,
      });
    }
    const [, line, column] = /:(\d+):(\d+)\s*$/.exec(message) ?? [];
    const place = line === undefined ? "" : `:${line}:${column}`;
    const [first = ""] = message.replace(/^SyntaxError: /, "").split("\n", 1);
    throw new PolicyFileError(`${path}${place}: ${first}`, { cause });
  }
}

function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, at) || "/";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
