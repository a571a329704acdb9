/**
 * Checks of policies, whatever they come from.
 *
 * @module
 */

import { isPlainPath } from "../../file_path.ts";
import { conditionAt } from "./check_condition.ts";
import { listAt, nameAt, numberAt, octetsAt, spanAt } from "./check_value.ts";
import { tableAt, textAt, wordAt } from "./check_value.ts";
import { refuseContradictions } from "./contradictions.ts";
import type { AgePolicy, Policy, PolicyArchive, PolicyGuards, PolicyRule } from "./policy.ts";
import { PolicyError } from "./policy_error.ts";

const RULE_KEYS = {
  keep: ["id", "do", "when"],
  remove: ["id", "do", "when", "archive"],
  keepNewest: ["id", "do", "count", "per"],
  target: ["id", "do", "mailbox", "order", "only", "archive"],
} as const;
const RULE_KINDS = ["keep", "remove", "keepNewest", "target"] as const;
const ARCHIVE_KINDS = ["maildir", "eml", "mbox"] as const;
/** What stands for an archive without being one. */
const NO_ARCHIVES = ["index-only", "none"];

/**
 * Checks a policy that was read from TOML or JSON, or made in TypeScript.
 *
 * @param value Anything.
 * @returns The policy, with all defaults.
 * @throws {PolicyError} At the first mistake.
 *
 * @example Usage
 * ```ts
 * import { checkPolicy } from "@mailwright/mailwright/jobs";
 * import { equal, throws } from "node:assert/strict";
 *
 * const text = `{ "rules": [{
 *   "id": "huge", "do": "remove", "archive": "big", "when": { "size": ">20" }
 * }], "archives": { "big": { "maildir": "archive/big" } } }`;
 * throws(() => checkPolicy(JSON.parse(text)), {
 *   name: "PolicyError",
 *   message: 'rules[0].when.size: expected a size such as "20MB", got "20"',
 * });
 * equal(checkPolicy(JSON.parse(text.replace(">20", ">20MB"))).guards.maxDelete, 500);
 * ```
 */
export function checkPolicy(value: unknown): Policy {
  const table = tableAt(value, "", ["rules", "default", "age", "guards", "archives"]);
  const archives = archivesAt(table["archives"] ?? {});
  const policy: Policy = {
    rules: rulesAt(table["rules"], archives),
    default: wordAt(table["default"] ?? "keep", "default", ["keep"]),
    age: agesAt(table["age"] ?? {}),
    guards: guardsAt(table["guards"] ?? {}),
    archives,
  };
  refuseContradictions(policy);
  return policy;
}

type Archives = Policy["archives"];

function rulesAt(value: unknown, archives: Archives): PolicyRule[] {
  const ids = new Map<string, string>();
  return listAt(value, "rules").map((each, at) => {
    const path = `rules[${at}]`;
    const rule = ruleAt(each, path, archives);
    const same = ids.get(rule.id);
    if (same !== undefined) throw new PolicyError(`${path}.id`, `another id than ${same}`, rule.id);
    ids.set(rule.id, path);
    return rule;
  });
}

function ruleAt(value: unknown, path: string, archives: Archives): PolicyRule {
  const kind = wordAt(tableAt(value, path)["do"], `${path}.do`, RULE_KINDS);
  const table = tableAt(value, path, RULE_KEYS[kind]);
  const id = nameAt(table["id"], `${path}.id`);
  if (kind === "keepNewest") {
    const { count, per } = table;
    return {
      id,
      do: kind,
      count: numberAt(count, `${path}.count`, { least: 1 }),
      ...(per !== undefined && { per: wordAt(per, `${path}.per`, ["from", "listId"] as const) }),
    };
  }
  if (kind === "keep") return { id, do: kind, when: conditionAt(table["when"], `${path}.when`) };
  const archive = archiveNameAt(table["archive"], `${path}.archive`, archives);
  if (kind === "remove") {
    return { id, do: kind, when: conditionAt(table["when"], `${path}.when`), archive };
  }
  return {
    id,
    do: kind,
    mailbox: octetsAt(table["mailbox"], `${path}.mailbox`),
    order: wordAt(table["order"], `${path}.order`, ["oldest-first", "largest-first"]),
    only: conditionAt(table["only"], `${path}.only`),
    archive,
  };
}

function archiveNameAt(value: unknown, path: string, archives: Archives): string {
  const names = [...Object.keys(archives), ...NO_ARCHIVES];
  if (typeof value === "string" && names.includes(value)) return value;
  throw new PolicyError(path, `an archive: ${names.join(", ")}`, value);
}

function archivesAt(value: unknown): Archives {
  const entries = Object.entries(tableAt(value, "archives")).map(([key, each]) => {
    const path = `archives.${key}`;
    const name = nameAt(key, path);
    if (NO_ARCHIVES.includes(name)) throw new PolicyError(path, "another name", name);
    return [name, archiveAt(each, path)] as const;
  });
  return Object.fromEntries(entries);
}

function archiveAt(value: unknown, path: string): PolicyArchive {
  const table = tableAt(value, path, ARCHIVE_KINDS);
  const [kind, ...others] = ARCHIVE_KINDS.filter((each) => Object.hasOwn(table, each));
  if (kind === undefined || others.length > 0) {
    throw new PolicyError(path, `one of ${ARCHIVE_KINDS.join(", ")}`, value);
  }
  const folder = textAt(table[kind], `${path}.${kind}`, "a path");
  if (!isPlainPath(folder)) {
    throw new PolicyError(`${path}.${kind}`, "a path below the folder of the policy", folder);
  }
  const unknown = folder.replace(/\{(?:yyyy|mm|dd)\}/g, "");
  if (/[{}]/.test(unknown)) {
    throw new PolicyError(`${path}.${kind}`, "no braces but {yyyy}, {mm} and {dd}", folder);
  }
  // A computed key has no type of its own.
  return { [kind]: folder } as unknown as PolicyArchive;
}

function agesAt(value: unknown): AgePolicy {
  const table = tableAt(value, "age", ["basis", "require", "future"]);
  const bases = ["received", "date", "firstSeen"] as const;
  const basis = listAt(table["basis"] ?? bases, "age.basis")
    .map((each, at) => wordAt(each, `age.basis[${at}]`, bases));
  if (new Set(basis).size < basis.length) {
    throw new PolicyError("age.basis", "each basis once", basis.join(", "));
  }
  return {
    basis,
    require: wordAt(table["require"] ?? "all-known", "age.require", ["all-known", "first-known"]),
    future: wordAt(table["future"] ?? "unknown", "age.future", ["unknown"]),
  };
}

function guardsAt(value: unknown): PolicyGuards {
  const path = "guards";
  const table = tableAt(value, path, Object.keys(DEFAULT_GUARDS));
  const guards: Record<keyof PolicyGuards, unknown> = { ...DEFAULT_GUARDS, ...table };
  const fraction = { least: 0, most: 1, whole: false };
  return {
    maxDelete: numberAt(guards.maxDelete, `${path}.maxDelete`, { least: 1 }),
    maxFraction: numberAt(guards.maxFraction, `${path}.maxFraction`, fraction),
    minAge: spanAt(guards.minAge, `${path}.minAge`),
    keepAtLeast: numberAt(guards.keepAtLeast, `${path}.keepAtLeast`, { least: 0 }),
    uidChurn: numberAt(guards.uidChurn, `${path}.uidChurn`, fraction),
    shrink: numberAt(guards.shrink, `${path}.shrink`, fraction),
    planTtl: spanAt(guards.planTtl, `${path}.planTtl`),
  };
}

const DEFAULT_GUARDS: PolicyGuards = {
  maxDelete: 500,
  maxFraction: 0.25,
  minAge: "24h",
  keepAtLeast: 20,
  uidChurn: 0.2,
  shrink: 0.5,
  planTtl: "1h",
};
