/**
 * How old a message is, from sources of which none is sure.
 *
 * @module
 */

import { parseDate, type ParsedHeader, receivedDate } from "../../../message/mod.ts";
import { fieldsOf, type MessageFacts } from "./message_facts.ts";
import type { AgeBasis, AgePolicy } from "../policy/policy.ts";
import type { Comparison } from "../policy/units.ts";
import { known, type Lack, type RuleEvidence, unknown, type Verdict } from "./verdict.ts";

/** When a message came, as one source tells. */
export interface Instant {
  /** The source. */
  readonly basis: AgeBasis;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/**
 * The instants that are known of a message, in the order of trust.
 *
 * @param facts The message.
 * @param policy How ages are taken.
 * @param nowMs The time.
 * @returns At least one instant, none of them in the future; or why there is none that counts.
 */
export function instantsOf(
  facts: MessageFacts,
  { basis, require }: AgePolicy,
  nowMs: number,
): readonly Instant[] | Lack {
  const found: Instant[] = [];
  let unreadable = false;
  for (const each of basis) {
    const at = instantOf(facts, each);
    if (at === "pending" || at === "unobtained") return at;
    if (at === "unreadable") unreadable = true;
    else if (at !== "absent") found.push({ basis: each, atMs: at });
  }
  const trusted = require === "all-known" ? found : found.slice(0, 1);
  if (trusted.length === 0) return unreadable ? "unobtained" : "absent";
  // A wrong clock or a forged date: neither it nor what agrees with it can be told apart (T-C12).
  return trusted.some(({ atMs }) => atMs > nowMs) ? "unobtained" : trusted;
}

/**
 * Compares the age of a message. What tells it must agree, and there must be something.
 *
 * @param facts The message.
 * @param comparison With what.
 * @param options How ages are taken, and the time.
 * @returns Whether it is so.
 */
export function compareAge(
  facts: MessageFacts,
  comparison: Comparison,
  { policy, nowMs }: { readonly policy: AgePolicy; readonly nowMs: number },
): Verdict {
  const instants = instantsOf(facts, policy, nowMs);
  if (typeof instants === "string") return unknown(instants);
  const telling = instants.filter((each) => compare(each, comparison, nowMs) !== undefined);
  const truths = new Set(telling.map((each) => compare(each, comparison, nowMs)));
  const [truth, contrary] = truths;
  return truth === undefined || contrary !== undefined
    ? unknown("unobtained", ...instants.map(evidenceOf))
    : known(truth, ...telling.map(evidenceOf));
}

/**
 * Compares how long ago an instant was.
 *
 * @param instant The instant.
 * @param comparison With what.
 * @param nowMs The time.
 * @returns Whether it is so; `undefined` if the instant does not tell.
 */
function compare(
  { basis, atMs }: Instant,
  { over, limit }: Comparison,
  nowMs: number,
): boolean | undefined {
  const ageMs = nowMs - atMs;
  if (basis !== "firstSeen") return over ? ageMs > limit : ageMs < limit;
  // The message may have been there for long when it was first seen: this is its least age.
  if (over) return ageMs > limit || undefined;
  return ageMs >= limit ? false : undefined;
}

/** Evidence of an instant, the same at any time. */
function evidenceOf({ basis, atMs }: Instant): RuleEvidence {
  return { fact: "age", value: new Date(atMs).toISOString(), basis };
}

function instantOf(facts: MessageFacts, basis: AgeBasis): number | Lack | "unreadable" {
  if (basis === "firstSeen") return facts.firstSeenMs ?? "absent";
  const fields = fieldsOf(facts, basis);
  if (typeof fields === "string") return fields;
  // The top one is of the last server; a second Date is as good as none.
  const [top, second] = fields;
  if (top === undefined || (basis === "date" && second !== undefined)) return "unreadable";
  return (basis === "received" ? receivedDate(top) : parseDate(top.value)) ?? "unreadable";
}

/**
 * The day a message came, for the place of its copy.
 *
 * @param header Its header.
 * @param policy How ages are taken.
 * @param nowMs The time.
 * @returns The day, as the most trusted source tells; `undefined` if there is none that counts.
 */
export function dayOf(header: ParsedHeader, policy: AgePolicy, nowMs: number): Date | undefined {
  const facts: MessageFacts = {
    uid: undefined,
    size: undefined,
    firstSeenMs: undefined,
    header: () => header,
    copy: () => unknown("unobtained"),
  };
  const instants = instantsOf(facts, policy, nowMs);
  const [first] = typeof instants === "string" ? [] : instants;
  return first && new Date(first.atMs);
}
