/**
 * From a listing to a plan, with no more questions to the server than the rules need.
 *
 * @module
 */

import type { MsgNo, Pop3Snapshot } from "../../../pop3/mod.ts";
import { checkPolicy } from "../policy/check_policy.ts";
import { Copies } from "../rules/copies.ts";
import { type Decision, Decisions, type Keeping, type Removal } from "./decisions.ts";
import { guardTrips, type RunCaps } from "./guards.ts";
import { ListedRow, type MessageFact } from "./listed_row.ts";
import { aboutOf } from "./message_about.ts";
import { type CleanupPlan, type KeptMessage, planIdOf, type PlanItem } from "./plan.ts";
import type { Policy } from "../policy/policy.ts";
import { parseSpan } from "../policy/units.ts";

/** What a planner must be told. */
export interface PlannerOptions {
  /** The time, in milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * Tells when a unique-id was first seen, in milliseconds since 1970.
   *
   * @default Nobody knows.
   */
  readonly firstSeen?: (uid: string) => number | undefined;
  /** The unique-ids that were there when the last run ended. @default This is the first run. */
  readonly previousUids?: Iterable<string>;
  /** Limits for this run, beside those of the policy. @default None. */
  readonly caps?: RunCaps | undefined;
}

/** The part of a {@linkcode Pop3Snapshot} that a plan is made of. */
export type PlannedListing = Pick<Pop3Snapshot, "messages" | "digest" | "contradictions">;

/** What must be fetched before rules can decide. */
export interface NeededFacts {
  /** How: 1 the header (TOP), 3 all octets (RETR). */
  readonly tier: 1 | 3;
  /** Of which messages, in the order of the listing. */
  readonly numbers: readonly MsgNo[];
}

/**
 * Makes a plan: it tells what it needs, takes it, and decides. It does nothing by itself.
 *
 * @example Usage
 * ```ts
 * import { parseHeaderBlock } from "@mailwright/mailwright/message";
 * import { definePolicy, header, Planner, remove } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const policy = definePolicy({
 *   rules: [remove("lists", header("List-Id").exists(), { archive: "none" })],
 * });
 * // A session gives the listing: await session.snapshot()
 * const listing = { messages: [], digest: "", contradictions: [] };
 * const planner = new Planner(policy, listing, { nowMs: Date.now() });
 * for (let needed = planner.needs(); needed !== undefined; needed = planner.needs()) {
 *   for (const no of needed.numbers) {
 *     const octets = new Uint8Array(); // await session.top(no, 0)
 *     const header = parseHeaderBlock(octets, { complete: true });
 *     planner.learn(no, { tier: 1, header, headerHash: "" });
 *   }
 * }
 * const plan = await planner.plan();
 * equal(plan.items.length, 0);
 * equal(plan.trips.length, 0);
 * ```
 */
export class Planner {
  readonly #policy: Policy;
  readonly #listing: PlannedListing;
  readonly #options: PlannerOptions;
  readonly #rows: readonly ListedRow[];
  readonly #byNumber: ReadonlyMap<MsgNo, ListedRow>;
  readonly #decisions: Decisions;
  readonly #cost = { headers: new Set<MsgNo>(), contents: new Set<MsgNo>() };
  #copies: Copies;
  #asked = new Map<1 | 3, Set<ListedRow>>();

  /**
   * Takes the listing.
   *
   * @param policy The policy; it is checked.
   * @param listing What the mailbox holds.
   * @param options The time, and what is known from before.
   * @throws {PolicyError} If something is wrong with the policy.
   */
  constructor(policy: Policy, listing: PlannedListing, options: PlannerOptions) {
    const context = {
      ask: (row: ListedRow, tier: 1 | 3) => this.#ask(row, tier),
      copyOf: (row: ListedRow) => this.#copies.copyOf(row),
    };
    this.#policy = checkPolicy(policy);
    this.#listing = listing;
    this.#options = options;
    this.#rows = listing.messages.map((message) => {
      const { uid } = message;
      const firstSeenMs = uid === undefined ? undefined : options.firstSeen?.(uid);
      return new ListedRow(message, firstSeenMs, context);
    });
    this.#byNumber = new Map(this.#rows.map((row) => [row.no, row]));
    this.#copies = new Copies(this.#rows);
    this.#decisions = new Decisions(this.#policy, this.#rows, options.nowMs);
  }

  /**
   * Tells what must be fetched next: the cheapest first, as it may make the rest unnecessary.
   *
   * @returns What is needed; `undefined` if the plan can be made.
   */
  needs(): NeededFacts | undefined {
    if (this.#decide() !== "pending") return undefined;
    const tier = this.#asked.has(1) ? 1 : 3;
    const asked = this.#asked.get(tier) ?? new Set();
    return { tier, numbers: this.#rows.filter((row) => asked.has(row)).map(({ no }) => no) };
  }

  /**
   * Takes what was fetched of a message, or that it could not be.
   *
   * @param no The message.
   * @param fact What was fetched.
   * @param options Whether the server was asked for it, so that it counts as a cost; true by default.
   * @throws {RangeError} If the message is not in the listing.
   */
  learn(no: MsgNo, fact: MessageFact, { asked = true }: { readonly asked?: boolean } = {}): void {
    const row = this.#byNumber.get(no);
    if (row === undefined) {
      throw new RangeError(`Cannot learn of message "${no}": it is not listed`);
    }
    row.learn(fact);
    if (asked) this.#cost[fact.tier === 1 ? "headers" : "contents"].add(no);
  }

  /**
   * Makes the plan.
   *
   * @returns The plan. What guards have found is in it, and then it must not be carried out.
   * @throws {TypeError} If something is still needed.
   */
  async plan(): Promise<CleanupPlan> {
    const decisions = this.#decide();
    if (decisions === "pending") {
      throw new TypeError("Cannot make the plan: there are messages to be fetched first");
    }
    const { nowMs, previousUids, caps } = this.#options;
    const { guards } = this.#policy;
    const removals = decisions.filter((each) => each.action === "remove");
    const items = removals.map((removal) => this.#itemOf(removal));
    const { digest: snapshotDigest, contradictions } = this.#listing;
    const trips = guardTrips({
      guards,
      caps,
      messages: this.#rows.length,
      uids: new Set(this.#rows.flatMap(({ uid }) => uid ?? [])),
      previousUids: previousUids && new Set(previousUids),
      contradictions,
      removals: items.length,
      young: removals.filter(({ row }) => this.#decisions.isYoung(row)).length,
    });
    return {
      planId: await planIdOf({ snapshotDigest, items, trips }),
      snapshotDigest,
      madeAt: new Date(nowMs).toISOString(),
      expiresAt: new Date(nowMs + (parseSpan(guards.planTtl) ?? 0)).toISOString(),
      messages: this.#rows.length,
      octets: this.#rows.reduce((sum, { size }) => sum + size, 0),
      items,
      kept: decisions.filter((each) => each.action === "keep").map(keptOf),
      trips,
      cost: { headers: this.#cost.headers.size, contents: this.#cost.contents.size },
    };
  }

  #itemOf({ row, rule, tier, evidence }: Removal): PlanItem {
    const header = row.headerHash();
    if (row.uid === undefined || typeof header === "string") {
      throw new TypeError(
        `Cannot plan the removal of message "${row.no}": it could not be recognised`,
      );
    }
    const { uid, size } = row;
    const { id, archive } = rule;
    const about = aboutOf(row, this.#policy.age, this.#options.nowMs);
    return { uid, size, headerHash: header.hash, rule: id, tier, evidence, archive, about };
  }

  #decide(): readonly Decision[] | "pending" {
    this.#asked = new Map();
    this.#copies = new Copies(this.#rows);
    return this.#decisions.decide();
  }

  #ask(row: ListedRow, tier: 1 | 3): void {
    const asked = this.#asked.get(tier);
    if (asked === undefined) this.#asked.set(tier, new Set([row]));
    else asked.add(row);
  }
}

function keptOf({ row: { uid, size }, reason, rule, wantedBy, evidence }: Keeping): KeptMessage {
  return {
    ...(uid !== undefined && { uid }),
    size,
    reason,
    ...(rule !== undefined && { rule }),
    ...(wantedBy !== undefined && { wantedBy }),
    evidence,
  };
}
