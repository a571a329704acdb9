/**
 * Mailboxes for tests of cleanups: listings as a session gives them, and what it would fetch.
 *
 * @module
 */

import {
  type CleanupPlan,
  type MessageFact,
  Planner,
  type PlannerOptions,
  type Policy,
  type PolicyInput,
} from "../../../src/jobs/mod.ts";
import type { MessageFacts } from "../../../src/jobs/cleanup/rules/message_facts.ts";
import type { RuleContext } from "../../../src/jobs/cleanup/rules/rules.ts";
import { known } from "../../../src/jobs/cleanup/rules/verdict.ts";
import { checkPolicy } from "../../../src/jobs/mod.ts";
import { type ParsedHeader, parseHeaderBlock } from "../../../src/message/mod.ts";
import { makeSnapshot } from "../../../src/pop3/listing.ts";
import { Numbering } from "../../../src/pop3/message_number.ts";

export const NOW_MS: number = Date.UTC(2026, 0, 1);
export const DAY_MS = 86_400_000;

export const CONTEXT: RuleContext = {
  nowMs: NOW_MS,
  age: { basis: ["received", "date", "firstSeen"], require: "all-known", future: "unknown" },
};

/** A message on the server of a test. */
export interface TestMessage {
  readonly uid?: string | undefined;
  readonly size?: number;
  /** The header; `undefined` if TOP fails. */
  readonly head: string | undefined;
  /** Whether TOP gives all of it. */
  readonly complete?: boolean;
  /** The body; `undefined` if RETR fails. */
  readonly body?: string | undefined;
}

/** A header whose Received field is so many days old. */
export function daysOld(days: number, head = ""): string {
  return `Received: by mail.example; ${dateAt(days)}\r\n${head}`;
}

export function dateAt(days: number): string {
  return new Date(NOW_MS - days * DAY_MS).toUTCString();
}

export function headerOf(head: string, complete = true): ParsedHeader {
  return parseHeaderBlock(new TextEncoder().encode(head), { complete });
}

/** A message as rules see it. */
export function factsOf(
  head: string | undefined,
  { complete = true, ...other }: Partial<MessageFacts> & { readonly complete?: boolean } = {},
): MessageFacts {
  const header = head === undefined ? "unobtained" : headerOf(head, complete);
  return {
    uid: "u1",
    size: 1000,
    firstSeenMs: undefined,
    header: () => header,
    copy: () => known(false),
    ...other,
  };
}

export interface Planned {
  readonly plan: CleanupPlan;
  /** What was asked for, in order: the tier, and the numbers. */
  readonly asked: readonly (readonly [tier: number, ...numbers: number[]])[];
}

/** Plans a mailbox as a runner would. */
export async function planOf(
  policy: PolicyInput | Policy,
  messages: readonly TestMessage[],
  options: Partial<PlannerOptions> = {},
): Promise<Planned> {
  const numbering = new Numbering();
  const listed = messages.map((message, at) => ({
    no: numbering.listed(at + 1),
    size: message.size ?? 1000,
    uid: "uid" in message ? message.uid : `u${at + 1}`,
  }));
  const octets = listed.reduce((sum, { size }) => sum + size, 0);
  const listing = await makeSnapshot({ count: listed.length, octets }, listed, listed);
  const planner = new Planner(checkPolicy(policy), listing, { nowMs: NOW_MS, ...options });
  const asked: [number, ...number[]][] = [];
  for (let needed = planner.needs(); needed !== undefined; needed = planner.needs()) {
    asked.push([needed.tier, ...needed.numbers.map(({ value }) => value)]);
    for (const no of needed.numbers) {
      const message = messages[no.value - 1];
      if (message === undefined) throw new RangeError(`Cannot fetch message "${no}"`);
      planner.learn(no, factOf(needed.tier, message));
    }
  }
  return { plan: await planner.plan(), asked };
}

/** Limits that stop nothing, for small mailboxes. */
export const OPEN_GUARDS = { maxFraction: 1, keepAtLeast: 0 } as const;

function factOf(tier: 1 | 3, { head, complete = true, body }: TestMessage): MessageFact {
  if (tier === 3) {
    return body === undefined
      ? { tier, failed: "-ERR" }
      : { tier, contentHash: `hash of ${head}\n${body}` };
  }
  return head === undefined
    ? { tier, failed: "-ERR" }
    : { tier, header: headerOf(head, complete), headerHash: `hash of ${head}` };
}
