/**
 * The order in which rules decide: keep rules, the newest, the first remove rule, the target, and by
 * default a message is kept. Keep rules are asked only about what a remove rule would take.
 *
 * @module
 */

import { haveSameOctets } from "../rules/copies.ts";
import type { ListedRow } from "./listed_row.ts";
import { compareAge, instantsOf } from "../rules/message_age.ts";
import { newestOf } from "../rules/newest.ts";
import type { KeptReason } from "./plan.ts";
import type { KeepNewestRule, KeepRule, Policy, RemoveRule, TargetRule } from "../policy/policy.ts";
import { type Predicate, predicateOf, type RuleContext } from "../rules/rules.ts";
import { parseOctets, parseSpan } from "../policy/units.ts";
import type { CostTier, RuleEvidence } from "../rules/verdict.ts";

/** What becomes of a message. */
export type Decision = Removal | Keeping;

/** A message is removed. */
export interface Removal {
  /** What becomes of it. */
  readonly action: "remove";
  /** The message. */
  readonly row: ListedRow;
  /** The rule that removes it. */
  readonly rule: RemoveRule | TargetRule;
  /** The most that the rule looks at. */
  readonly tier: CostTier;
  /** What the rule has seen. */
  readonly evidence: readonly RuleEvidence[];
}

/** A message is kept. */
export interface Keeping {
  /** What becomes of it. */
  readonly action: "keep";
  /** The message. */
  readonly row: ListedRow;
  /** Why. */
  readonly reason: KeptReason;
  /** The rule that keeps it, or that is undecided. */
  readonly rule?: string;
  /** The rule that would remove it. */
  readonly wantedBy?: string;
  /** What the rule has seen. */
  readonly evidence: readonly RuleEvidence[];
}

interface Asked<Rule> {
  readonly rule: Rule;
  readonly predicate: Predicate;
}

/** The rules of a policy, over one mailbox at one time. */
export class Decisions {
  readonly #rows: readonly ListedRow[];
  readonly #context: RuleContext;
  readonly #minAgeMs: number;
  readonly #keeps: Asked<KeepRule>[] = [];
  readonly #newest: KeepNewestRule[] = [];
  readonly #removes: Asked<RemoveRule>[] = [];
  readonly #targets: Asked<TargetRule>[] = [];
  readonly #byUid: ReadonlyMap<string | undefined, readonly ListedRow[]>;
  /** Whether messages of one unique-id are the same. */
  #same = new Map<string, ReturnType<typeof haveSameOctets>>();

  /** Nothing is decided yet. */
  constructor(policy: Policy, rows: readonly ListedRow[], nowMs: number) {
    const context = { age: policy.age, nowMs };
    this.#rows = rows;
    this.#context = context;
    this.#minAgeMs = parseSpan(policy.guards.minAge) ?? Infinity;
    this.#byUid = Map.groupBy(rows, ({ uid }) => uid);
    for (const rule of policy.rules) {
      if (rule.do === "keepNewest") this.#newest.push(rule);
      else if (rule.do === "target") {
        this.#targets.push({ rule, predicate: predicateOf(rule.only, context) });
      } else if (rule.do === "keep") {
        this.#keeps.push({ rule, predicate: predicateOf(rule.when, context) });
      } else this.#removes.push({ rule, predicate: predicateOf(rule.when, context) });
    }
    // Which of them keeps a message does not matter.
    this.#keeps.sort((one, other) => one.predicate.tier - other.predicate.tier);
  }

  /**
   * Decides with what is known. To ask for what is not known is to say that it is needed.
   *
   * @returns A decision for each message, in their order; `pending` if something is needed.
   */
  decide(): readonly Decision[] | "pending" {
    this.#same = new Map();
    const newest = new NewestSets(this.#newest, this.#rows, this.#context);
    let decisions = settled(this.#rows.map((row) => this.#judge(row, newest)));
    for (const target of this.#targets) {
      if (decisions === "pending") break;
      decisions = this.#reach(target, decisions, newest);
    }
    return decisions;
  }

  /**
   * Whether a message is younger than the guard allows.
   *
   * @param row The message.
   * @returns Whether it is; `undefined` if that is unknown.
   */
  isYoung(row: ListedRow): boolean | undefined {
    return this.#youth(row).truth;
  }

  #youth(row: ListedRow): ReturnType<typeof compareAge> {
    const { age: policy, nowMs } = this.#context;
    return compareAge(row, { over: false, limit: this.#minAgeMs }, { policy, nowMs });
  }

  #judge(row: ListedRow, newest: NewestSets): Decision | "pending" {
    let undecided: Keeping | undefined;
    for (const { rule, predicate } of this.#removes) {
      const { truth, lack, evidence } = predicate.test(row);
      if (lack === "pending") return lack;
      if (truth === undefined) {
        undecided ??= { action: "keep", row, reason: "undecided", rule: rule.id, evidence };
      } else if (truth) {
        const { tier } = predicate;
        return this.#withheld({ action: "remove", row, rule, tier, evidence }, newest);
      }
    }
    return undecided ?? { action: "keep", row, reason: "default", evidence: [] };
  }

  /** The removal, or why it may not be. */
  #withheld(removal: Removal, newest: NewestSets): Decision | "pending" {
    const { row, rule: { id: wantedBy } } = removal;
    const keeping = { action: "keep", row, wantedBy, evidence: removal.evidence } as const;
    if (row.uid === undefined) return { ...keeping, reason: "no-uid" };
    for (const { rule, predicate } of this.#keeps) {
      const { truth, lack, evidence } = predicate.test(row);
      if (lack === "pending") return lack;
      if (truth !== true && lack !== "unobtained") continue;
      const reason = truth ? "keep-rule" : "keep-doubt";
      return { ...keeping, reason, rule: rule.id, evidence };
    }
    const header = row.headerHash();
    if (header === "pending") return header;
    if (header === "unobtained") return { ...keeping, reason: "unread" };
    const keeper = newest.keeperOf(row);
    if (keeper === "pending") return keeper;
    if (keeper !== undefined) return { ...keeping, reason: "newest", rule: keeper.id };
    const { truth, lack } = this.#youth(row);
    if (lack === "pending") return lack;
    if (truth === undefined) return { ...keeping, reason: "age-unknown" };
    const same = this.#isOneMessage(row.uid);
    if (same === "pending") return same;
    return same === true ? removal : { ...keeping, reason: "duplicate-uid" };
  }

  /** Whether all messages of a unique-id are the same (RFC 1939 section 7 allows that). */
  #isOneMessage(uid: string): ReturnType<typeof haveSameOctets> {
    const group = this.#byUid.get(uid) ?? [];
    const same = group.length < 2 || (this.#same.get(uid) ?? haveSameOctets(group));
    this.#same.set(uid, same);
    return same;
  }

  /** Removes more, until the mailbox is small enough. */
  #reach(
    { rule, predicate }: Asked<TargetRule>,
    decisions: readonly Decision[],
    newest: NewestSets,
  ): readonly Decision[] | "pending" {
    const left = decisions.filter(({ action }) => action === "keep");
    let surplus = left.reduce((sum, { row }) => sum + row.size, 0) -
      (parseOctets(rule.mailbox) ?? Infinity);
    if (surplus <= 0) return decisions;
    const judged = settled(decisions.map((decision) => {
      // What another rule would remove has been withheld already.
      if (decision.action === "remove" || decision.wantedBy !== undefined) return decision;
      const { row } = decision;
      const { truth, lack, evidence } = predicate.test(row);
      if (lack === "pending") return lack;
      if (truth === undefined && decision.reason === "default") {
        return { action: "keep", row, reason: "undecided", rule: rule.id, evidence } as const;
      }
      if (!truth) return decision;
      const { tier } = predicate;
      return this.#withheld({ action: "remove", row, rule, tier, evidence }, newest);
    }));
    if (judged === "pending") return judged;
    const chosen = new Set<Decision>();
    const wanted = judged.filter((each) => each.action === "remove" && each.rule === rule);
    for (const decision of this.#sorted(wanted, rule.order)) {
      if (surplus <= 0) break;
      chosen.add(decision);
      surplus -= decision.row.size;
    }
    return judged.map((each, at) =>
      each.action === "keep" || each.rule !== rule || chosen.has(each)
        ? each
        : decisions[at] ?? each
    );
  }

  #sorted(decisions: readonly Decision[], order: TargetRule["order"]): readonly Decision[] {
    if (order === "largest-first") {
      return decisions.toSorted((one, other) => other.row.size - one.row.size);
    }
    const { age, nowMs } = this.#context;
    const atMs = (row: ListedRow) => {
      const instants = instantsOf(row, age, nowMs);
      // The age of what is to be removed is known.
      return typeof instants === "string" ? nowMs : instants[0]?.atMs ?? nowMs;
    };
    return decisions.map((decision) => ({ decision, atMs: atMs(decision.row) }))
      .sort((one, other) => one.atMs - other.atMs)
      .map(({ decision }) => decision);
  }
}

/** What the keepNewest rules keep: found once, when somebody asks. */
class NewestSets {
  readonly #rules: readonly KeepNewestRule[];
  readonly #find: (rule: KeepNewestRule) => ReadonlySet<ListedRow> | "pending";
  readonly #found = new Map<KeepNewestRule, ReadonlySet<ListedRow> | "pending">();

  constructor(
    rules: readonly KeepNewestRule[],
    rows: readonly ListedRow[],
    context: RuleContext,
  ) {
    this.#rules = rules;
    this.#find = (rule) => newestOf(rule, rows, context);
  }

  /** The rule that keeps a message. */
  keeperOf(row: ListedRow): KeepNewestRule | "pending" | undefined {
    for (const rule of this.#rules) {
      const kept = this.#found.get(rule) ?? this.#find(rule);
      this.#found.set(rule, kept);
      if (kept === "pending") return kept;
      if (kept.has(row)) return rule;
    }
    return undefined;
  }
}

function settled(decisions: readonly (Decision | "pending")[]): readonly Decision[] | "pending" {
  const all = decisions.filter((each) => each !== "pending");
  return all.length < decisions.length ? "pending" : all;
}
