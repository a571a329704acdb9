/**
 * The flags that exactly one call needs (`--permissions`).
 *
 * @module
 */

import type { SecretSource } from "../../src/cli/mod.ts";
import type { Policy, PolicyArchive } from "../../src/jobs/mod.ts";

/** What a call will use. */
export interface UsedBy {
  /** Hosts with their ports. */
  readonly net?: readonly (string | undefined)[];
  /** Files and folders that are read. */
  readonly read?: readonly (string | undefined)[];
  /** Files and folders that are read and written. */
  readonly write?: readonly (string | undefined)[];
  /** Environment variables. */
  readonly env?: readonly string[];
  /** Where secrets come from. */
  readonly secrets?: readonly (SecretSource | undefined)[];
}

/**
 * Lists the flags.
 *
 * @param used What is used.
 * @returns One flag of each kind.
 */
export function grantsOf(
  { net = [], read = [], write = [], env = [], secrets = [] }: UsedBy,
): string[] {
  const sources = secrets.filter((source) => source !== undefined);
  const values: Record<string, readonly (string | undefined)[]> = {
    net,
    read: [
      ...read,
      ...sources.map((each) => each.kind === "file" ? each.path : undefined),
      ...write,
    ],
    write,
    env: [...env, ...sources.map((each) => each.kind === "env" ? each.name : undefined)],
    run: sources.map((each) => each.kind === "command" ? each.path : undefined),
  };
  return Object.entries(values).flatMap(([kind, all]) => {
    const list = [...new Set(all.filter((each) => each !== undefined))];
    return list.length === 0 ? [] : [`--allow-${kind}=${list.join(",")}`];
  });
}

/**
 * The folders of the archives of a policy: what stands before a day in their paths.
 *
 * @param policy The policy.
 * @param base The folder that their paths begin at.
 * @returns The folders.
 */
export function archiveFolders(policy: Policy, base: string): string[] {
  return Object.values(policy.archives).map((archive) => {
    const path = pathOf(archive);
    const [fixed = ""] = path.split("{", 1);
    const folder = "mbox" in archive || fixed !== path
      ? fixed.slice(0, Math.max(0, fixed.lastIndexOf("/")))
      : fixed;
    if (folder.startsWith("/") || base === ".") return folder || ".";
    return folder === "" ? base : `${base}/${folder}`;
  });
}

function pathOf(archive: PolicyArchive): string {
  if ("maildir" in archive) return archive.maildir;
  return "eml" in archive ? archive.eml : archive.mbox;
}
