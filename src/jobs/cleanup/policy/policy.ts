/**
 * What a policy is: a plain value, the same from TypeScript, TOML and JSON.
 *
 * @module
 */

import type { ParsedHeader } from "../../../message/mod.ts";

/** What a text must be. Upper and lower case are the same. */
export type TextTest =
  | { readonly equals: string }
  | { readonly contains: string }
  /** A pattern of {@linkcode compilePattern}; it may match anywhere. */
  | { readonly matches: string };

/** Which address a field must hold: one is enough. Upper and lower case are the same. */
export type AddressTest = { readonly address: string } | { readonly domain: string };

/** What a function in a policy sees of a message. */
export interface MessageView {
  /** Its unique-id, if the server gave a valid one. */
  readonly uid: string | undefined;
  /** Its size in octets, as the server counts it. */
  readonly size: number | undefined;
  /** When it was first seen, in milliseconds since 1970. */
  readonly firstSeenMs: number | undefined;
  /** Its header; the function is not asked if that could not be read. */
  readonly header: ParsedHeader;
}

/** A condition of a policy in TypeScript: `undefined` stands for unknown. */
export type PolicyFunction = (message: MessageView) => boolean | undefined;

/** What must be true of a message. */
export type PolicyCondition =
  | { readonly all: readonly PolicyCondition[] }
  | { readonly any: readonly PolicyCondition[] }
  | { readonly not: PolicyCondition }
  /** `>90d` or `<7d`. */
  | { readonly age: string }
  /** `>20MB` or `<1kB`. */
  | { readonly size: string }
  /** How long the message has been known, as `>30d`. */
  | { readonly firstSeen: string }
  | { readonly uid: string }
  | { readonly listId: string }
  | { readonly header: string; readonly exists: boolean }
  | { readonly header: string } & TextTest
  | { readonly subject: TextTest }
  | { readonly from: AddressTest }
  | { readonly to: AddressTest }
  | { readonly cc: AddressTest }
  /** The octets are those of a message that stands before it in the mailbox. */
  | { readonly duplicateOf: { readonly by: "content" } }
  | PolicyFunction;

/** Keeps what a condition is true of, and what it cannot be asked of. */
export interface KeepRule {
  /** Its name in plans. */
  readonly id: string;
  /** What it does. */
  readonly do: "keep";
  /** Of which messages. */
  readonly when: PolicyCondition;
}

/** Removes what a condition is true of. */
export interface RemoveRule {
  /** Its name in plans. */
  readonly id: string;
  /** What it does. */
  readonly do: "remove";
  /** Of which messages. */
  readonly when: PolicyCondition;
  /** An archive of the policy; `index-only` for copies of archived octets; `none`. */
  readonly archive: string;
}

/** Keeps the newest messages: of all, or of each sender or mailing list. */
export interface KeepNewestRule {
  /** Its name in plans. */
  readonly id: string;
  /** What it does. */
  readonly do: "keepNewest";
  /** How many. */
  readonly count: number;
  /** Of each what; of the mailbox, if it is missing. */
  readonly per?: "from" | "listId";
}

/** Removes messages until the mailbox is small enough. */
export interface TargetRule {
  /** Its name in plans. */
  readonly id: string;
  /** What it does. */
  readonly do: "target";
  /** How big the mailbox may be, as `2GB`. */
  readonly mailbox: string;
  /** Which go first. */
  readonly order: "oldest-first" | "largest-first";
  /** Which may go at all. */
  readonly only: PolicyCondition;
  /** As of a remove rule. */
  readonly archive: string;
}

/** A rule of a policy. */
export type PolicyRule = KeepRule | RemoveRule | KeepNewestRule | TargetRule;

/** Where a message's age comes from. */
export type AgeBasis = "received" | "date" | "firstSeen";

/** How ages are taken. */
export interface AgePolicy {
  /**
   * What tells the age, the most trusted first: the top Received field, Date, and when the message was
   * first seen, which tells only how old it is at least.
   *
   * @default {["received", "date", "firstSeen"]}
   */
  readonly basis: readonly AgeBasis[];
  /**
   * Whether all that is known must agree, or the first that is known decides.
   *
   * @default {"all-known"}
   */
  readonly require: "all-known" | "first-known";
  /** What a date in the future makes of an age. @default {"unknown"} */
  readonly future: "unknown";
}

/** What stops a run before anything is removed. */
export interface PolicyGuards {
  /** More removals than this. @default {500} */
  readonly maxDelete: number;
  /** A greater part of the mailbox. @default {0.25} */
  readonly maxFraction: number;
  /** A younger message. @default {"24h"} */
  readonly minAge: string;
  /** Fewer messages left. @default {20} */
  readonly keepAtLeast: number;
  /** A greater part of the unique-ids replaced since the last run. @default {0.2} */
  readonly uidChurn: number;
  /** A greater part of the messages gone since the last run. @default {0.5} */
  readonly shrink: number;
  /** An older plan. @default {"1h"} */
  readonly planTtl: string;
}

/**
 * An archive: its kind, and its path. `{yyyy}`, `{mm}` and `{dd}` in the path stand for the day of a
 * message.
 */
export type PolicyArchive =
  | { readonly maildir: string }
  | { readonly eml: string }
  | { readonly mbox: string };

/** A policy as it is written: what has a default may be left out. */
export interface PolicyInput {
  /** What is done, and with which messages. The first remove rule that is true of a message counts. */
  readonly rules: readonly PolicyRule[];
  /** What happens to all others. @default {"keep"} */
  readonly default?: "keep";
  /** How ages are taken. */
  readonly age?: Partial<AgePolicy>;
  /** What stops a run. */
  readonly guards?: Partial<PolicyGuards>;
  /** The archives that rules name. */
  readonly archives?: Readonly<Record<string, PolicyArchive>>;
}

/** A policy that has been checked, with all defaults. */
export interface Policy extends PolicyInput {
  /** What happens to all others. */
  readonly default: "keep";
  /** How ages are taken. */
  readonly age: AgePolicy;
  /** What stops a run. */
  readonly guards: PolicyGuards;
  /** The archives that rules name. */
  readonly archives: Readonly<Record<string, PolicyArchive>>;
}
