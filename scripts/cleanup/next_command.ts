/**
 * What to type next: the call that was made, with another verb.
 *
 * @module
 */

import { shellWord } from "../shared/shell_word.ts";
import { NAME, VERBS } from "./calls.ts";

/** Switches of `plan` alone. */
const OF_PLAN = ["--all", "--accept-churn", "--json", "--quiet"];

/**
 * The call that carries out what a call has planned. Secrets do not stand in arguments, so neither
 * here.
 *
 * @param args The arguments of the call that made the plan.
 * @param plan The plan.
 * @returns The call, for a shell.
 */
export function applyCommand(args: readonly string[], plan: string): string {
  const [first = ""] = args;
  const options = VERBS.some((verb) => verb === first) ? args.slice(1) : args;
  const kept = options.filter((arg) => !OF_PLAN.includes(arg));
  return [NAME, "apply", plan, ...kept].map(shellWord).join(" ");
}
