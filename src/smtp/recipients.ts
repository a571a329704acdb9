/**
 * Recipients of one message, cut to what a transaction takes, and their receipts joined again.
 *
 * @module
 */

import { Address } from "../message/mod.ts";
import { type Envelope, toForwardPath } from "./envelope.ts";
import type { ForwardPath, Outcome, Receipt } from "./receipt.ts";

type Entry = Envelope["to"][number];

/**
 * Leaves out recipients that stand in the list twice: the same local part, and the same domain in any
 * case. What is no address stays, so that the envelope can refuse it.
 *
 * @param to The recipients.
 * @returns The same list where nobody stands twice.
 */
export function uniqueRecipients(to: Envelope["to"]): Envelope["to"] {
  if (to.length < 2) return to;
  const seen = new Set<string>();
  const unique = to.filter((entry) => {
    const key = keyOf(entry);
    if (key === undefined) return true;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return unique.length === to.length ? to : unique;
}

/**
 * Cuts a list of recipients into groups.
 *
 * @param to The recipients.
 * @param most The most recipients in one group.
 * @param mostDomains The most different domains in one group.
 * @returns The groups, in order.
 */
export function groupRecipients(
  to: Envelope["to"],
  most: number,
  mostDomains: number,
): readonly Envelope["to"][] {
  if (to.length <= most && mostDomains === Infinity) return [to];
  const groups: Entry[][] = [];
  let group: Entry[] = [];
  let domains = new Set<string>();
  for (const entry of to) {
    const domain = keyOf(entry)?.split("@").at(-1) ?? "";
    const domainCount = domains.has(domain) ? domains.size : domains.size + 1;
    if (group.length > 0 && (group.length >= most || domainCount > mostDomains)) {
      groups.push(group);
      group = [];
      domains = new Set();
    }
    group.push(entry);
    domains.add(domain);
  }
  groups.push(group);
  return groups;
}

/**
 * Joins the receipts of the transactions of one message.
 *
 * @param receipts The receipts, at least one; the last one lends its reply, stage and host.
 * @returns One receipt for all.
 */
export function mergeReceipts(receipts: readonly Receipt[]): Receipt {
  const [first] = receipts;
  const last = receipts.at(-1);
  if (first === undefined || last === undefined) throw new TypeError("Cannot merge no receipts");
  if (first === last) return first;
  const accepted = receipts.flatMap((receipt) => receipt.accepted);
  const rejected = receipts.flatMap((receipt) => receipt.rejected);
  const inDoubt = receipts.flatMap((receipt) => receipt.inDoubt);
  const failed = receipts.find(({ error }) => error !== undefined);
  return {
    ...last,
    outcome: mergedOutcome(receipts, accepted.length, rejected.length, inDoubt.length),
    accepted,
    rejected,
    inDoubt,
    octets: receipts.reduce((sum, { octets }) => sum + octets, 0),
    parts: receipts,
    ...(failed === undefined ? {} : { error: failed.error }),
  };
}

function mergedOutcome(
  receipts: readonly Receipt[],
  accepted: number,
  rejected: number,
  inDoubt: number,
): Outcome {
  if (inDoubt > 0) return "in-doubt";
  if (accepted > 0) return rejected > 0 ? "partial" : "accepted";
  const outcomes = new Set(receipts.map(({ outcome }) => outcome));
  if (outcomes.has("deferred")) return "deferred";
  return outcomes.has("refused") ? "refused" : "not-sent";
}

function keyOf(entry: Entry): string | undefined {
  const path = typeof entry === "string" || entry instanceof Address || !("address" in entry)
    ? entry
    : entry.address;
  try {
    const forward: ForwardPath = toForwardPath(path);
    return forward === "Postmaster" ? "postmaster@" : forward.key;
  } catch {
    return undefined;
  }
}
