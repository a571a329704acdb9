/**
 * Everything that can be wrong before a dialogue is played is found before anything is dialled.
 *
 * @module
 */

import { readSecret, type ScriptIo, type SecretReaders } from "../../src/cli/mod.ts";
import {
  type Dialogue,
  type DialogueStep,
  lintDialogue,
  type PlayOptions,
} from "../../src/dialogue/mod.ts";
import { Secret } from "../../src/smtp/mod.ts";
import type { NamedSource, PlayCall, Variable } from "./calls.ts";
import { fail, NotADialogueError } from "./failure.ts";
import type { Library, LoadedFile } from "./library.ts";
import { blocksOfFindings, type TextBlock } from "./text_block.ts";

/** Where secrets come from. */
export interface PrepareContext {
  /** The script. */
  readonly io: ScriptIo;
  /** The system, or a stand-in. */
  readonly readers: SecretReaders | undefined;
}

/** A dialogue that can be played. */
export interface Part {
  /** The file it is from. */
  readonly file: LoadedFile;
  /** What is played. */
  readonly dialogue: Dialogue;
}

/**
 * Chooses dialogues by name.
 *
 * @param files The files.
 * @param filter What a name must hold.
 * @returns The dialogues; at least one.
 */
export function chosen(files: readonly LoadedFile[], filter: string | undefined): readonly Part[] {
  const all = files.flatMap((file) => file.dialogues.map((dialogue) => ({ file, dialogue })));
  const some = all.filter(({ dialogue: { name } }) => name.includes(filter ?? ""));
  if (some.length > 0) return some;
  return fail(`Cannot choose "${filter}": no dialogue has such a name (${namesOf(all)})`);
}

/**
 * The one dialogue of a file.
 *
 * @param file The file.
 * @param filter What its name must hold.
 * @returns The dialogue.
 */
export function theOne(file: LoadedFile, filter: string | undefined): Part {
  const [first, second] = chosen([file], filter);
  if (first === undefined || second !== undefined) {
    const names = namesOf(chosen([file], filter));
    return fail(`Cannot take "${file.path}": it holds several dialogues, --filter one of ${names}`);
  }
  return first;
}

function namesOf(parts: readonly Part[]): string {
  return parts.slice(0, 10).map(({ dialogue: { name } }) => `"${name}"`).join(", ");
}

/**
 * Refuses dialogues that one end cannot play.
 *
 * @param parts The dialogues.
 * @param role Which end.
 * @param vars What is bound from the beginning.
 * @param library The texts of the files.
 * @throws {NotADialogueError} With all that is wrong with all of them.
 */
export function checkPlayable(
  parts: readonly Part[],
  role: "client" | "server" | "both",
  vars: Readonly<Record<string, string>>,
  library: Library,
): void {
  const blocks: TextBlock[] = [];
  const unfit = { client: "not-playable", server: "not-servable", both: "" }[role];
  for (const { file, dialogue } of parts) {
    const bound = { ...dialogue, vars: { ...dialogue.vars, ...vars } };
    const findings = lintDialogue(bound).filter(({ id, level }) =>
      level === "error" || id === unfit
    ).map((finding) => ({ ...finding, level: "error" as const }));
    blocks.push(...blocksOfFindings(findings));
    if (role !== "both") blocks.push(...fileBlocks(dialogue.steps, file));
  }
  if (blocks.length > 0) throw new NotADialogueError(blocks, library.sources);
}

/** Files of bytes steps that may not be read, or cannot be. */
function fileBlocks(steps: readonly DialogueStep[], file: LoadedFile): TextBlock[] {
  return steps.flatMap((step): TextBlock[] => {
    if (step.kind === "block") return step.arms.flatMap((arm) => fileBlocks(arm, file));
    if (step.kind !== "bytes" || !("path" in step.from)) return [];
    try {
      file.folder.check(step.from.path);
      return [];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return [{ level: "error", id: "no-file", at: step.at, message: error.message }];
    }
  });
}

/**
 * Variables of a call.
 *
 * @param call What was typed.
 * @param parts The dialogues they are for.
 * @returns The variables by name.
 */
export function variablesOf(
  { var: variables = [] }: { readonly var?: readonly Variable[] },
  parts: readonly Part[],
): Record<string, string> {
  for (const [name] of variables) {
    if (parts.some(({ dialogue }) => dialogue.secrets.some((secret) => secret.name === name))) {
      fail(`Cannot take --var ${name}: it is a secret, use --secret ${name}=prompt`);
    }
  }
  return Object.fromEntries(variables);
}

/**
 * Reads the secrets of a call.
 *
 * @param sources Where they come from.
 * @param parts The dialogues they are for.
 * @param context The rest.
 * @returns The secrets by name.
 */
export async function secretsOf(
  sources: readonly NamedSource[],
  parts: readonly Part[],
  { io, readers }: PrepareContext,
): Promise<Record<string, Secret>> {
  const known = new Set(parts.flatMap(({ dialogue }) => dialogue.secrets.map(({ name }) => name)));
  const secrets: [string, Secret][] = [];
  for (const [name, source] of sources) {
    if (!known.has(name)) fail(`Cannot take --secret ${name}: no dialogue has such a secret`);
    const question = `The secret "${name}"`;
    const text = await readSecret(source, {
      question,
      signal: io.signal,
      ...(readers && { readers }),
    });
    secrets.push([name, new Secret(text)]);
  }
  return Object.fromEntries(secrets);
}

/** Tells which secrets a client still needs. */
export function checkSecrets(sources: readonly NamedSource[], parts: readonly Part[]): void {
  const given = new Set(sources.map(([name]) => name));
  for (const { dialogue } of parts) {
    const missing = dialogue.secrets.find(({ name }) => !given.has(name));
    if (missing === undefined) continue;
    const { name } = missing;
    fail(
      `Cannot run "${dialogue.name}": the secret "${name}" is missing, add --secret ` +
        `${name}=prompt, or =env:NAME, =file:PATH, =command:PATH, =stdin`,
    );
  }
}

/**
 * The options that both ends share.
 *
 * @param call What was typed.
 * @returns The options, without vars, secrets and files.
 */
export function playOptions(call: PlayCall): PlayOptions {
  const { match, timeout, total, keepGoing, outcome, maxBytes } = call;
  return {
    ...(match === undefined ? {} : { match }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(total === undefined ? {} : { total }),
    ...(keepGoing === undefined ? {} : { keepGoing }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    throwOnFailure: false,
  };
}
