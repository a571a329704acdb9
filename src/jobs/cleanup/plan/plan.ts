/**
 * What a cleanup will do: plain data for people, files and the run that carries it out. There are no
 * message numbers in it, for they end with their session.
 *
 * @module
 */

import type { GuardTrip } from "./guards.ts";
import type { CostTier, RuleEvidence } from "../rules/verdict.ts";

/** What people know a message by: its own words, so with escapes, and cut. */
export interface MessageAbout {
  /** The first address of From. */
  readonly from?: string;
  /** Its subject. */
  readonly subject?: string;
  /** When it came, as the most trusted source tells, in ISO form. */
  readonly at?: string;
}

/** A message that will be removed. */
export interface PlanItem {
  /** Its unique-id. */
  readonly uid: string;
  /** Its size, as the server counts it. */
  readonly size: number;
  /** SHA-256 of its header, hexadecimal. */
  readonly headerHash: string;
  /** The rule that removes it. */
  readonly rule: string;
  /** The most that the rule looks at. */
  readonly tier: CostTier;
  /** What the rule has seen. */
  readonly evidence: readonly RuleEvidence[];
  /** Where it goes before: an archive of the policy, `index-only` or `none`. */
  readonly archive: string;
  /** What people know it by; rules do not look at it. */
  readonly about?: MessageAbout;
}

/**
 * Why a message is kept.
 *
 * - `default`: no rule removes it.
 * - `undecided`: no rule removes it, and for one of them something is unknown.
 * - `keep-rule`, `newest`: a rule keeps it that another one would remove.
 * - `keep-doubt`: it is unknown whether a rule keeps it, as something could not be read.
 * - `no-uid`, `duplicate-uid`: it could not be recognised later.
 * - `unread`: its header could not be read as a whole.
 * - `age-unknown`: it may be too young, or has no place in the order.
 */
export type KeptReason =
  | "default"
  | "undecided"
  | "keep-rule"
  | "keep-doubt"
  | "newest"
  | "no-uid"
  | "duplicate-uid"
  | "unread"
  | "age-unknown";

/** A message that stays. */
export interface KeptMessage {
  /** Its unique-id, if it has a valid one. */
  readonly uid?: string;
  /** Its size, as the server counts it. */
  readonly size: number;
  /** Why it stays. */
  readonly reason: KeptReason;
  /** The rule that keeps it, or that is undecided. */
  readonly rule?: string;
  /** The rule that would remove it. */
  readonly wantedBy?: string;
  /** What the rule has seen. */
  readonly evidence: readonly RuleEvidence[];
}

/** What a cleanup will do. */
export interface CleanupPlan {
  /** SHA-256 of the listing, the items and the trips, hexadecimal: the same for the same plan. */
  readonly planId: string;
  /** The digest of the listing. */
  readonly snapshotDigest: string;
  /** When it was made, in ISO form. */
  readonly madeAt: string;
  /** How long it may be carried out, in ISO form. */
  readonly expiresAt: string;
  /** How many messages there are. */
  readonly messages: number;
  /** Their size together. */
  readonly octets: number;
  /** What will be removed, in the order of the listing. */
  readonly items: readonly PlanItem[];
  /** What stays, in the order of the listing. */
  readonly kept: readonly KeptMessage[];
  /** Guards that stop the run: if there is one, nothing of the plan may be carried out. */
  readonly trips: readonly GuardTrip[];
  /**
   * How many messages the server was asked for their header, and how many for all of their octets;
   * what was known from before costs nothing.
   */
  readonly cost: { readonly headers: number; readonly contents: number };
}

/**
 * Identifies a plan. Where another guard stops it, it is another plan: one that somebody has approved
 * is not replaced by it.
 *
 * @param plan The plan.
 * @returns SHA-256, hexadecimal.
 */
export function planIdOf(
  { snapshotDigest, items, trips }: Pick<CleanupPlan, "snapshotDigest" | "items" | "trips">,
): Promise<string> {
  return digestOf([snapshotDigest, items, trips]);
}

/**
 * Identifies a value by what JSON holds of it.
 *
 * @param value The value.
 * @param shown Says what stands for a value within it.
 * @returns SHA-256, hexadecimal.
 */
export async function digestOf(
  value: unknown,
  shown: (value: unknown) => unknown = (value) => value,
): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(value, (_key, each) => shown(each)));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
