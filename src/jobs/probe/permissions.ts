/**
 * Which permissions a probe needs, for people who grant nothing else.
 *
 * @module
 */

import { type GrantOptions, grantsFor } from "./grants.ts";
import { parseTarget } from "./target.ts";

/**
 * Lists the flags that connections to some targets need. Files, secrets and outputs are the caller's.
 *
 * @param targets The targets, as a probe takes them.
 * @param options What else stands on the way.
 * @returns The flags.
 * @throws {SyntaxError} If one is no target.
 *
 * @example Usage
 * ```ts
 * import { connectionGrants } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(connectionGrants(["submission://mail.example"]), ["--allow-net=mail.example:587"]);
 * ```
 */
export function connectionGrants(
  targets: readonly string[],
  options: GrantOptions = {},
): string[] {
  return targets.flatMap((target) => grantsFor(parseTarget(target), options));
}
