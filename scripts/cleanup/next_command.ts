/**
 * What to type next: the call that was made, with another verb.
 *
 * @module
 */

import { shellWord } from "../shared/shell_word.ts";
import { NAME, VERBS } from "./calls.ts";

/** Options that are of one call alone, by how many words they take. */
const OWN_WORDS: Readonly<Record<string, number>> = {
  "--all": 1,
  "--accept-churn": 1,
  "--json": 1,
  "--quiet": 1,
  "--sample": 2,
};

/**
 * The call that carries out what a call has planned. Secrets do not stand in arguments, so neither
 * here.
 *
 * @param args The arguments of the call that made the plan.
 * @param plan The plan.
 * @returns The call, for a shell.
 */
export function applyCommand(args: readonly string[], plan: string): string {
  return command("apply", plan, ...kept(args));
}

/**
 * The call that shows what a first policy would remove.
 *
 * @param args The arguments of the call that wrote the policy.
 * @param policy The policy.
 * @param user Who logs in, for the name of the folder.
 * @returns The call, for a shell.
 */
export function planCommand(args: readonly string[], policy: string, user: string): string {
  const [name = "mailbox"] = /^[\w.-]+/.exec(user) ?? [];
  return command(
    "plan",
    ...kept(args, { "--policy": 2 }),
    "--policy",
    policy,
    "--job",
    `${name}.job`,
  );
}

function command(...words: readonly string[]): string {
  return [NAME, ...words].map(shellWord).join(" ");
}

/** The arguments behind the verb, without those that are not for the next call. */
function kept(args: readonly string[], own: typeof OWN_WORDS = {}): string[] {
  const words = { ...OWN_WORDS, ...own };
  const [first = ""] = args;
  const rest: string[] = [];
  for (let at = VERBS.some((verb) => verb === first) ? 1 : 0; at < args.length;) {
    const word = args[at] ?? "";
    const [name = "", value] = word.split("=", 2);
    const length = words[name] ?? 0;
    if (length === 0) rest.push(word);
    at += value === undefined ? Math.max(1, length) : 1;
  }
  return rest;
}
