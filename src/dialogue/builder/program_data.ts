/**
 * What a program holds while it is built, and what may be added to it.
 *
 * @module
 */

import type { DialogueReply } from "../result.ts";
import type { DialogueProtocol, SecretDeclaration, Step, Template } from "../step.ts";
import { NAME, namesOf } from "../template.ts";
import type { Exchange } from "./answers.ts";
import { checkText } from "./builder_text.ts";
import type { CaptureKind } from "./captures.ts";
import type { Chain } from "./chain.ts";
import type { ProgramPhase } from "./program_types.ts";
import type { DialogueSecret } from "./program_types.ts";

/** A function that acts once a step was played. */
export interface LiveStep {
  /** The step. */
  readonly after: Step;
  /** What is done with the replies so far; the steps it gives are played next. */
  readonly act: (
    replies: readonly DialogueReply[],
    dryRun: boolean,
  ) => Promise<readonly Step[] | undefined>;
}

/** A program. It is never changed. */
export interface ProgramData {
  /** What is spoken. */
  readonly protocol: DialogueProtocol;
  /** Its name in reports. */
  readonly name: string;
  /** Where the session is. */
  readonly phase: ProgramPhase;
  /** What its holes take. */
  readonly captures: Readonly<Record<string, CaptureKind>>;
  /** The names of its outcomes. */
  readonly outcomes: readonly string[];
  /** The users of its logins, by the names of their holes. */
  readonly users: Readonly<Record<string, string>>;
  /** The secrets it needs. */
  readonly secrets: readonly SecretDeclaration[];
  /** How many calls there were. */
  readonly calls: number;
  /** What is said and heard. */
  readonly steps: Chain<Step>;
  /** The last command, whose reply may still be described. */
  readonly open: Exchange | undefined;
  /** In a batch: the commands before that. */
  readonly group: Chain<Exchange>;
  /** Its functions. */
  readonly live: readonly LiveStep[];
  /** The loop or batch in which it is built. */
  readonly turn: object | undefined;
}

/**
 * The program with the holes of a line.
 *
 * @param data The program.
 * @param templates The lines.
 * @throws {TypeError} If a hole has the name of another thing.
 */
export function withHoles(data: ProgramData, ...templates: readonly Template[]): ProgramData {
  let { captures } = data;
  for (const part of templates.flat()) {
    if (part.kind === "text") continue;
    const kind = part.kind === "hole" && part.int ? "number" : "string";
    for (const name of part.kind === "hole" ? namesOf(part) : []) {
      if (name in data.users || data.secrets.some((secret) => secret.name === name)) {
        throw new TypeError(`Cannot capture "${name}": it is the name of a login`);
      }
      const before = captures[name];
      if (before !== undefined && before !== kind) {
        throw new TypeError(`Cannot capture "${name}" as a ${kind}: it is a ${before} already`);
      }
      if (before === undefined) captures = { ...captures, [name]: kind };
    }
  }
  return captures === data.captures ? data : { ...data, captures };
}

/**
 * The program with a secret.
 *
 * @param data The program.
 * @param secret The secret.
 * @throws {TypeError} If the name is that of another thing.
 */
export function withSecret(data: ProgramData, { name, sample }: DialogueSecret): ProgramData {
  const known = data.secrets.find((secret) => secret.name === name);
  if (name in data.captures || name in data.users) {
    throw new TypeError(`Cannot use the secret "${name}": a hole has this name`);
  }
  if (known !== undefined && known.sample !== sample) {
    throw new TypeError(`Cannot use the secret "${name}": it has two samples`);
  }
  if (known !== undefined) return data;
  const declared = { name, ...(sample === undefined ? {} : { sample }) };
  return { ...data, secrets: [...data.secrets, declared] };
}

/**
 * The program with the user of a login.
 *
 * @param data The program.
 * @param user The user.
 * @returns The program, and the name of the hole that has the user.
 */
export function withUser(
  data: ProgramData,
  user: string,
): { readonly data: ProgramData; readonly name: string } {
  checkText(user);
  const known = Object.entries(data.users).find(([, value]) => value === user);
  if (known !== undefined) return { data, name: known[0] };
  const taken = (name: string): boolean =>
    name in data.users || name in data.captures ||
    data.secrets.some((secret) => secret.name === name);
  let name = "user";
  for (let number = 2; taken(name); number++) name = `user${number}`;
  return { data: { ...data, users: { ...data.users, [name]: user } }, name };
}

/**
 * Refuses a name that is none.
 *
 * @param what What it names.
 * @param name The name.
 * @throws {TypeError} If it is none.
 */
export function checkName(what: string, name: string): void {
  if (NAME.test(name)) return;
  throw new TypeError(`Cannot name ${what} "${name}": expected a letter, then letters and digits`);
}
