/**
 * A first policy for a mailbox, from what is in it. Rules that would remove something stand there as
 * comments, each with what it would remove today: the figures come from the planner itself.
 *
 * @module
 */

import { visible } from "../../src/cli/mod.ts";
import { checkPolicy, type PolicyCondition, type PolicyRule } from "../../src/jobs/mod.ts";
import type { Share, Survey } from "./survey.ts";

/** What a first policy is about. */
export interface StarterOptions {
  /** Whose mailbox it is. */
  readonly account: string;
  /** Who logs in: the domain of an address is not cleaned up. */
  readonly user: string;
  /** The day, in ISO form. */
  readonly day: string;
  /** Words for a number of octets. */
  readonly formatBytes: (octets: number) => string;
}

const ARCHIVE = { mail: { maildir: "archive/{yyyy}/{mm}" } } as const;
const LIST: PolicyCondition = { header: "List-Id", exists: true };
const MACHINE: PolicyCondition = {
  any: [
    { header: "Auto-Submitted", contains: "auto-" },
    { header: "Precedence", equals: "bulk" },
  ],
};
/** How many of the newest messages stay: a tenth of a small mailbox, or its first plan is empty. */
const NEWEST = 100;
/** Who is named in a rule of his own: so many, and nobody who wrote less than that. */
const NAMED = 3;
const NAMED_LEAST = 3;
/** The largest of these sizes that finds something is proposed. */
const SIZES = ["20MB", "10MB", "5MB", "1MB"];
/** What is said of the greatest senders and lists. */
const TOLD = 8;

/**
 * Writes a first policy.
 *
 * @param survey What is in the mailbox.
 * @param options What the policy is about.
 * @returns TOML that is a policy as it stands and removes nothing.
 */
export async function starterPolicy(survey: Survey, options: StarterOptions): Promise<string> {
  const keeps = kept(survey.whole, options.user);
  const proposals: string[] = [];
  for (const [title, rule] of await proposed(survey)) {
    const share = await removedBy(survey, rule);
    proposals.push(
      `# ${title}: ${words(share, options)}\n` +
        ruleText(rule).replace(/^/gm, "#"),
    );
  }
  return [
    heading(survey, options),
    ...keeps.map(([title, rule]) => `# ${title}\n${ruleText(rule)}`),
    ...proposals,
    greatest("mailing lists", survey.lists, options),
    greatest("senders beside them", survey.senders, options),
    FOOTER,
  ].filter((part) => part !== "").join("\n\n");
}

function heading(survey: Survey, options: StarterOptions): string {
  const { whole, seen } = survey;
  const sampled = seen.messages < whole.messages
    ? `\n# All figures below are of ${seen.messages} messages that were looked at.`
    : "";
  return `# What \`cleanup\` removes from ${visible(options.account)}.
# On ${options.day} there were ${words(whole, options)}.${sampled}
#
# As it stands, nothing is removed. A rule that begins with #[[rules]] is switched on by taking the
# first # of its lines away; \`cleanup --policy THIS …\` then shows what would go.
# The first remove rule that is true of a message counts; keep rules win over all of them. The figures
# are of each rule alone.`;
}

const FOOTER = `# A run stops before it removes anything if one of these does not hold.
[guards]
maxDelete = 500     # messages in one run
maxFraction = 0.25  # part of the mailbox
minAge = "24h"      # nothing younger is removed
keepAtLeast = 20    # messages that stay

# Where messages go before they are removed, beside this file. Also { eml = "…" }, { mbox = "….mbox" }.
[archives]
mail = ${inline(ARCHIVE.mail)}
`;

/** Rules that are switched on: they keep. */
function kept({ messages }: Share, user: string): [title: string, rule: PolicyRule][] {
  const [, domain] = /@([a-z0-9.-]+)$/i.exec(user) ?? [];
  const count = Math.min(NEWEST, Math.max(1, Math.ceil(messages / 10)));
  const newest: PolicyRule = { id: "newest", do: "keepNewest", count };
  const rules: [string, PolicyRule][] = [["The newest messages stay, whatever they are.", newest]];
  if (domain === undefined) return rules;
  const when = { from: { domain } };
  const own: PolicyRule = { id: "own-domain", do: "keep", when };
  return isRule(own) ? [...rules, ["So does what comes from your own domain.", own]] : rules;
}

/** Rules that would remove something of this mailbox. */
async function proposed(survey: Survey): Promise<[title: string, rule: PolicyRule][]> {
  const all: [string, PolicyRule][] = [
    ["Mailing lists older than 90 days", removal("old-lists", { age: ">90d" }, LIST)],
    ["What machines sent, older than 180 days", removal("machines", { age: ">180d" }, MACHINE)],
  ];
  const large = await largest(survey);
  if (large !== undefined) all.push(large);
  all.push(["Everything older than two years", removal("old", { age: ">730d" })]);
  all.push(...named(survey.lists, "list", (listId) => ({ listId })));
  all.push(...named(survey.senders, "sender", (address) => ({ from: { address } })));
  const useful: [string, PolicyRule][] = [];
  for (const each of all) {
    const [, rule] = each;
    // The first one is shown as an example in any case.
    if (useful.length === 0 || (await removedBy(survey, rule)).messages > 0) useful.push(each);
  }
  return useful;
}

async function largest(survey: Survey): Promise<[string, PolicyRule] | undefined> {
  for (const size of SIZES) {
    const rule = removal("large", { size: `>${size}` }, { age: ">30d" });
    if ((await removedBy(survey, rule)).messages > 0) {
      return [`Larger than ${size} and older than 30 days`, rule];
    }
  }
  return undefined;
}

/** Rules about those who send the most. */
function named(
  shares: Survey["senders"],
  kind: string,
  condition: (name: string) => PolicyCondition,
): [string, PolicyRule][] {
  return shares.slice(0, NAMED)
    .filter(([, { messages }]) => messages >= NAMED_LEAST)
    .map(([name], at): [string, PolicyRule] => [
      `From ${visible(name)}, older than 180 days`,
      removal(`${kind}-${at + 1}`, condition(name), { age: ">180d" }),
    ])
    .filter(([, rule]) => isRule(rule));
}

function removal(id: string, ...all: readonly PolicyCondition[]): PolicyRule {
  const [only, second] = all;
  const when = second === undefined && only !== undefined ? only : { all };
  return { id, do: "remove", when, archive: "mail" };
}

/** Names come from strangers: a rule that would be refused is not proposed. */
function isRule(rule: PolicyRule): boolean {
  try {
    checkPolicy({ rules: [rule], archives: ARCHIVE });
    return true;
  } catch {
    return false;
  }
}

function removedBy(survey: Survey, rule: PolicyRule): Promise<Share> {
  return survey.removedBy(checkPolicy({ rules: [rule], archives: ARCHIVE }));
}

function greatest(
  what: string,
  shares: Survey["senders"],
  { formatBytes }: StarterOptions,
): string {
  const told = shares.filter(([, { messages }]) => messages >= NAMED_LEAST).slice(0, TOLD);
  if (told.length === 0) return "";
  const rows = told.map(([name, { messages, octets }]) =>
    `#   ${String(messages).padStart(6)}  ${formatBytes(octets).padStart(9)}  ${visible(name)}`
  );
  return [`# The greatest ${what}:`, ...rows].join("\n");
}

function words({ messages, octets }: Share, { formatBytes }: StarterOptions): string {
  return `${messages} ${messages === 1 ? "message" : "messages"}, ${formatBytes(octets)}`;
}

function ruleText({ id, do: does, ...rest }: PolicyRule): string {
  const fields = Object.entries(rest)
    .sort(([one], [other]) => one < other ? -1 : 1)
    .map(([key, value]) => fieldText(key, value));
  return ["[[rules]]", fieldText("id", id), fieldText("do", does), ...fields].join("\n");
}

function fieldText(key: string, value: unknown): string {
  const all = typeof value === "object" && value !== null && "all" in value ? value.all : undefined;
  return all === undefined ? `${key} = ${inline(value)}` : `${key}.all = ${inline(all)}`;
}

/** A value of TOML on one line. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(inline).join(", ")} ]`;
  if (typeof value === "object" && value !== null) {
    return `{ ${
      Object.entries(value).map(([key, each]) => `${key} = ${inline(each)}`).join(", ")
    } }`;
  }
  return JSON.stringify(value);
}
