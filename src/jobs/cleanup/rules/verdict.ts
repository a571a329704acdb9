/**
 * True, false and unknown (Kleene's logic), with the reason for what is unknown.
 *
 * @module
 */

/**
 * What a fact costs: 0 a listing and the journal, 1 a header (TOP), 2 the first lines, 3 the message
 * (RETR).
 */
export type CostTier = 0 | 1 | 2 | 3;

/**
 * Why something is unknown.
 *
 * - `absent`: the message does not have the field.
 * - `unobtained`: it could not be read, or what was read makes no sense.
 * - `pending`: nobody has asked yet.
 */
export type Lack = "absent" | "unobtained" | "pending";

/** What a decision rests on. */
export interface RuleEvidence {
  /** What was looked at: `age`, `size`, `uid`, a field by its name. */
  readonly fact: string;
  /** What it is: a size in octets, an instant in ISO form, text with escapes. */
  readonly value: string | number;
  /** Where an age comes from. */
  readonly basis?: string;
}

/** What has come of a condition. */
export interface Verdict {
  /** Whether it is true; `undefined` if that is unknown. */
  readonly truth: boolean | undefined;
  /** Why it is unknown. */
  readonly lack?: Lack;
  /** What it rests on. */
  readonly evidence: readonly RuleEvidence[];
}

/**
 * A verdict that is known.
 *
 * @param truth Whether it is true.
 * @param evidence What it rests on.
 * @returns The verdict.
 */
export function known(truth: boolean, ...evidence: readonly RuleEvidence[]): Verdict {
  return { truth, evidence };
}

/**
 * A verdict that is not known.
 *
 * @param lack Why.
 * @param evidence What was seen all the same.
 * @returns The verdict.
 */
export function unknown(lack: Lack, ...evidence: readonly RuleEvidence[]): Verdict {
  return { truth: undefined, lack, evidence };
}

/**
 * The opposite; unknown stays unknown.
 *
 * @param verdict A verdict.
 * @returns Its opposite.
 */
export function opposite(verdict: Verdict): Verdict {
  return verdict.truth === undefined ? verdict : { ...verdict, truth: !verdict.truth };
}

/**
 * True if all are, false if one is. Nothing is looked at behind the first that is false or pending.
 *
 * @param verdicts Gives them, one after the other.
 * @returns What they are together.
 */
export function conjunction(verdicts: Iterable<Verdict>): Verdict {
  const evidence: RuleEvidence[] = [];
  let doubt: Verdict | undefined;
  for (const verdict of verdicts) {
    if (verdict.truth === false || verdict.lack === "pending") return verdict;
    evidence.push(...verdict.evidence);
    // That something could not be read weighs more than that it is not there.
    if (verdict.truth === undefined && doubt?.lack !== "unobtained") doubt = verdict;
  }
  return doubt ?? { truth: true, evidence };
}

/**
 * True if one is, false if all are. Nothing is looked at behind the first that is true or pending.
 *
 * @param verdicts Gives them, one after the other.
 * @returns What they are together.
 */
export function disjunction(verdicts: Iterable<Verdict>): Verdict {
  return opposite(conjunction(Iterator.from(verdicts).map(opposite)));
}
