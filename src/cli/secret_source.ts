/**
 * Where a password or token comes from: an environment variable, a file, a command, standard input
 * or a person; never an argument. The caller gets raw text and wraps it in a Secret at once.
 *
 * @module
 */

import { type ArgumentValue, ValidationError } from "../deps/cliffy.ts";
import { type SecretCommand, type SecretReaders, systemReaders } from "./secret_readers.ts";

/** Where a secret comes from. */
export type SecretSource =
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "file" | "command"; readonly path: string }
  | { readonly kind: "stdin" | "prompt" };

/** How a secret is read. */
export interface ReadSecretOptions {
  /** What a person is asked for. @default {"Password"} */
  readonly question?: string;
  /** How long a command may take. @default {60_000} */
  readonly commandTimeoutMs?: number;
  /** The system, or a stand-in. */
  readonly readers?: SecretReaders;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** A secret could not be read, or what was read cannot be one. */
export class SecretError extends Error {
  /** Which kind of error this is. */
  override readonly name = "SecretError";
}

/** More than any password or token; a file of another kind was named. */
const MOST_OCTETS = 65_536;

/**
 * The type of `--password-from`: `env:NAME`, `file:PATH`, `command:PATH`, `stdin` or `prompt`.
 *
 * @param argument The text and where it was given.
 * @returns The source.
 * @throws {ValidationError} If it is anything else; without the value, which may be the password.
 *
 * @example Usage
 * ```ts
 * import { secretSource } from "./secret_source.ts";
 * import { deepEqual } from "node:assert/strict";
 *
 * const argument = { label: "Option", name: "--password-from", type: "secret", value: "env:PW" };
 * deepEqual(secretSource(argument), { kind: "env", name: "PW" });
 * ```
 */
export function secretSource({ name, value }: ArgumentValue): SecretSource {
  const [, kind, rest = ""] = /^(env|file|command):(.+)$/s.exec(value) ?? [];
  if (kind === "env" && /^[A-Za-z_]\w*$/.test(rest)) return { kind, name: rest };
  if (kind === "file" || kind === "command") return { kind, path: rest };
  if (value === "stdin" || value === "prompt") return { kind: value };
  throw new ValidationError(
    `Cannot read ${name}: expected env:NAME, file:PATH, command:PATH, stdin or prompt`,
  );
}

/**
 * Reads a secret. Of a file, a command and standard input one trailing line end is cut off; any other
 * line break, NUL or byte order mark is refused, as is an empty or very long text.
 *
 * An environment variable is deleted when it has been read. A command gets no environment and no
 * input; what it says on standard error is shown, its output never.
 *
 * @param source Where it comes from.
 * @param options How to read it.
 * @returns The raw text.
 * @throws {SecretError} If there is none, or it cannot be one.
 * @throws {ValidationError} If a person should be asked and there is no terminal.
 *
 * @example Usage
 * ```ts
 * import { readSecret } from "./secret_source.ts";
 * import { systemReaders } from "./secret_readers.ts";
 * import { equal } from "node:assert/strict";
 *
 * const readers = { ...systemReaders, env: () => "open sesame" };
 * equal(await readSecret({ kind: "env", name: "PW" }, { readers }), "open sesame");
 * ```
 */
export async function readSecret(
  source: SecretSource,
  options: ReadSecretOptions = {},
): Promise<string> {
  options.signal?.throwIfAborted();
  try {
    return await read(source, options);
  } catch (cause) {
    // A missing grant and an abort are told as what they are; the rest is a fault of the secret.
    if (
      cause instanceof Deno.errors.NotCapable || cause instanceof ValidationError ||
      (options.signal?.aborted && cause === options.signal.reason)
    ) throw cause;
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new SecretError(`Cannot read the secret from "${show(source)}": ${seen}`, { cause });
  }
}

async function read(source: SecretSource, options: ReadSecretOptions): Promise<string> {
  const { readers = systemReaders, question = "Password", signal } = options;
  switch (source.kind) {
    case "env": {
      const text = readers.env(source.name);
      if (text === undefined) throw new Refusal("the variable is not set");
      return check(text);
    }
    case "prompt":
      return check(await readers.prompt(question, { signal }));
    case "stdin":
      return check(withoutLineEnd(await readAll(readers.stdin())));
    case "file":
      return check(withoutLineEnd(await readFile(source.path, readers)));
    case "command":
      return check(withoutLineEnd(await runCommand(source.path, readers, options)));
  }
}

/** Why a text cannot be the secret; the message never quotes it. */
class Refusal extends Error {}

function check(text: string): string {
  if (text === "") throw new Refusal("it is empty");
  if (/[\r\n]/.test(text)) throw new Refusal("it holds a line break");
  if (text.includes("\0")) throw new Refusal("it holds a NUL");
  if (text.includes("\ufeff")) throw new Refusal("it holds a byte order mark");
  return text;
}

function withoutLineEnd(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("it is not UTF-8"); // no cause: nothing of the text may leave
  }
  return text.replace(/\r?\n$/, "");
}

async function readFile(path: string, readers: SecretReaders): Promise<Uint8Array> {
  const { mode, bytes } = await readers.file(path);
  // Secrets that a container engine or service manager mounts are readable for their one user's
  // group or for all inside, and cannot be changed.
  const mounted = /^\/run\/(secrets|credentials)\/(?!.*\.\.)/.test(path);
  if (!mounted && mode !== null && (mode & 0o077) !== 0) {
    await bytes.cancel();
    const octal = (mode & 0o777).toString(8).padStart(3, "0");
    throw new Refusal(`others can read it (mode ${octal}), run: chmod 600 ${path}`);
  }
  return readAll(bytes);
}

async function runCommand(
  path: string,
  readers: SecretReaders,
  { signal, commandTimeoutMs = 60_000 }: ReadSecretOptions,
): Promise<Uint8Array> {
  const child = readers.command(path);
  const output = child.stdout.getReader();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stopped.catch(() => {}); // nobody may be waiting any more
  const stop = (reason: unknown): void => {
    reject(reason);
    // The output ends here, whoever else may still hold the other end of the pipe.
    output.cancel().catch(() => {});
  };
  const abort = (): void => stop(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const late = new Refusal(`no answer within ${commandTimeoutMs / 1000} s`);
  const timer = setTimeout(stop, commandTimeoutMs, late);
  let ended = false;
  try {
    const [bytes, { code }] = await Promise.race([
      stopped,
      Promise.all([collect(output), child.status]),
    ]);
    ended = true;
    if (code !== 0) throw new Refusal(`the command ended with ${code}`);
    return bytes;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    if (!ended) end(child);
  }
}

function end(child: SecretCommand): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return collect(stream.getReader());
}

async function collect(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const all = new Uint8Array(MOST_OCTETS);
  let size = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return all.subarray(0, size);
    if (size + value.length > MOST_OCTETS) {
      await reader.cancel();
      throw new Refusal(`it is longer than ${MOST_OCTETS} octets`);
    }
    all.set(value, size);
    size += value.length;
  }
}

function show(source: SecretSource): string {
  switch (source.kind) {
    case "env":
      return `env:${source.name}`;
    case "file":
    case "command":
      return `${source.kind}:${source.path}`;
    default:
      return source.kind;
  }
}
