/**
 * What stops a run as a whole. A guard never makes a plan smaller: what it finds is a sign that the
 * policy, a clock or the server is not what its owner thinks.
 *
 * @module
 */

import type { Contradiction } from "../../../pop3/mod.ts";
import type { PolicyGuards } from "../policy/policy.ts";

/** A guard that stops a run. */
export interface GuardTrip {
  /** Its name in the policy; `listing` if STAT, LIST and UIDL do not count the same messages. */
  readonly guard: Exclude<keyof PolicyGuards, "planTtl"> | "listing";
  /** What is allowed. */
  readonly limit: number | string;
  /** What was found. */
  readonly found: number | string;
  /** In words, with the way on if all is as it should be. */
  readonly text: string;
}

/** Limits for one run, beside those of the policy. */
export interface RunCaps {
  /** The most messages that may be removed. */
  readonly maxDelete: number;
  /** The greatest part of the mailbox that may be removed, from 0 to 1. */
  readonly maxFraction: number;
}

/** What guards look at. */
export interface GuardedRun {
  /** The limits. */
  readonly guards: PolicyGuards;
  /** More of them; none where somebody approves the plan. */
  readonly caps?: RunCaps | undefined;
  /** How many messages there are. */
  readonly messages: number;
  /** Their unique-ids. */
  readonly uids: ReadonlySet<string>;
  /** The unique-ids that were there when the last run ended; none for the first run. */
  readonly previousUids: ReadonlySet<string> | undefined;
  /** In what the listings disagree. */
  readonly contradictions: readonly Contradiction[];
  /** How many will be removed. */
  readonly removals: number;
  /** How many of them are younger than `minAge`. */
  readonly young: number;
}

/**
 * Looks at a run.
 *
 * @param run What is planned.
 * @returns All guards that stop it.
 */
export function guardTrips(run: GuardedRun): GuardTrip[] {
  return [...listingTrips(run), ...changeTrips(run), ...removalTrips(run)];
}

// Numbers may have gaps (after DELE in another session): a great one alone is no contradiction.
const COUNTS: readonly Contradiction["kind"][] = ["count", "uid-unlisted"];

function* listingTrips({ contradictions }: GuardedRun): Generator<GuardTrip> {
  const found = contradictions.find(({ kind }) => COUNTS.includes(kind));
  if (found !== undefined) {
    yield { guard: "listing", limit: 0, found: found.kind, text: found.text };
  }
}

/** What the limits of one run are called where they are typed. */
const OPTIONS = { maxDelete: "max-delete", maxFraction: "max-fraction" } as const;

/** What somebody does who knows why a mailbox has changed. */
const KNOWN = "; if you know why, plan with accept-churn this once";

function* changeTrips({ guards, messages, uids, previousUids }: GuardedRun): Generator<GuardTrip> {
  if (previousUids === undefined || previousUids.size === 0) return;
  const { uidChurn, shrink } = guards;
  const before = previousUids.size;
  const gone = previousUids.difference(uids).size;
  // What is only gone was deleted, and what is only new has come: what is both has changed its name.
  const replaced = Math.min(gone, uids.difference(previousUids).size);
  if (replaced / before > uidChurn) {
    const text =
      `${replaced} of ${before} unique-ids have been replaced since the last run${KNOWN}`;
    yield { guard: "uidChurn", limit: uidChurn, found: replaced / before, text };
  }
  const lost = before - messages;
  if (lost / before > shrink) {
    const text = `the mailbox had ${before} messages and has ${messages}${KNOWN}`;
    yield { guard: "shrink", limit: shrink, found: lost / before, text };
  }
}

function* removalTrips(run: GuardedRun): Generator<GuardTrip> {
  const { guards: { minAge, keepAtLeast }, messages, removals, young } = run;
  if (removals === 0) return;
  const left = messages - removals;
  yield* capTrips(run, "maxDelete", { found: removals, way: removals });
  const found = removals / messages;
  // Rounded down it would stop the next run again.
  yield* capTrips(run, "maxFraction", { found, way: Math.ceil(found * 100) / 100 });
  if (young > 0) {
    const text = `${young} messages that would be removed are younger than ${minAge}`;
    yield { guard: "minAge", limit: minAge, found: young, text: text + meant("a shorter minAge") };
  }
  if (left < keepAtLeast) {
    const text = `${left} would be left${meant(`keepAtLeast = ${left}`)}`;
    yield { guard: "keepAtLeast", limit: keepAtLeast, found: left, text };
  }
}

function* capTrips(
  { guards, caps, messages, removals }: GuardedRun,
  guard: keyof RunCaps,
  { found, way }: { readonly found: number; readonly way: number },
): Generator<GuardTrip> {
  const own = guards[guard];
  const limit = Math.min(own, caps?.[guard] ?? own);
  if (found <= limit) return;
  const ways = [
    ...(caps !== undefined && found > caps[guard] ? [`${OPTIONS[guard]} ${way} of the run`] : []),
    ...(found > own ? [`${guard} = ${way}`] : []),
  ];
  const text = `${removals} of ${messages} messages would be removed`;
  yield { guard, limit, found, text: text + meant(ways.join(" and ")) };
}

function meant(limit: string): string {
  return `; if that is meant, it takes ${limit}`;
}
