/**
 * A plan for people: what would go, how old and how big it is, by which rule and why.
 *
 * @module
 */

import { type Column, formatTable, type Palette, visible } from "../../src/cli/mod.ts";
import type { PlanItem, RuleEvidence, StoredPlan } from "../../src/jobs/mod.ts";

/** How a plan is shown. */
export interface PlanTextOptions {
  /** How many rows the table has at most. */
  readonly rows: number;
  /** How many columns of the terminal there are. */
  readonly width: number;
  /** Colours. */
  readonly palette: Palette;
  /** Words for a number of octets. */
  readonly formatBytes: (octets: number) => string;
}

const DAY_MS = 86_400_000;

/** The columns, and how wide a terminal must be to have each; without limit it is as good as this. */
const COLUMNS: readonly (Column & { readonly least: number })[] = [
  { header: "from", least: 0 },
  { header: "subject", least: 0 },
  { header: "age", align: "right", least: 0 },
  { header: "size", align: "right", least: 0 },
  { header: "rule", least: 60 },
  { header: "archive", least: 75 },
  { header: "why", least: 100 },
];
const WIDEST = 160;

/** Why messages stay, in words. */
const KEPT = {
  "default": "that no rule wants",
  "undecided": "that a rule could not decide on",
  "keep-rule": "that a keep rule protects",
  "keep-doubt": "that a keep rule may protect",
  "newest": "that are among the newest",
  "no-uid": "without a unique-id",
  "duplicate-uid": "that share a unique-id",
  "unread": "whose header could not be read",
  "age-unknown": "of unknown age",
} as const;

/**
 * Shows a plan.
 *
 * @param plan The plan.
 * @param options How.
 * @returns Lines, each with its end.
 */
export function planText(plan: StoredPlan, options: PlanTextOptions): string {
  const { palette: { bold, red, yellow }, formatBytes } = options;
  const { items, messages, octets, trips, warnings, cost } = plan;
  const lines: string[] = [];
  const share = `${sizeOf(items, formatBytes)} of ${messages}, ${formatBytes(octets)}`;
  const nothing = messages === 0
    ? "Nothing to remove: the mailbox is empty."
    : "Nothing to remove.";
  lines.push(bold(items.length === 0 ? nothing : `To be removed: ${share}`));
  for (const [name, group] of Map.groupBy(items, ({ rule }) => rule)) {
    const [archive = "none"] = group.map(({ archive }) => archive);
    const where = archiveWords(archive);
    lines.push(visible(`  ${name}: ${sizeOf(group, formatBytes)}, archive: ${where}`));
  }
  const reasons = Map.groupBy(plan.kept, ({ reason }) => reason);
  lines.push(`Kept: ${plan.kept.length}`);
  for (const [reason, group] of reasons) {
    const rules = [...new Set(group.flatMap(({ rule }) => rule ?? []))].join(", ");
    lines.push(visible(`  ${group.length} ${KEPT[reason]}${rules === "" ? "" : ` (${rules})`}`));
  }
  if (cost.headers + cost.contents > 0) {
    const read = cost.contents === 0 ? "" : `, ${cost.contents} messages as a whole`;
    lines.push(`Looked at: ${cost.headers} headers of ${messages}${read}`);
  }
  lines.push(...warnings.map((warning) => yellow(`Warning: ${visible(warning)}`)));
  lines.push(
    ...trips.map(({ guard, limit, text }) =>
      red(`Stopped by ${guard} (${limit}): ${visible(text)}`)
    ),
  );
  return `${table(plan, options)}${lines.join("\n")}\n`;
}

function table({ items, madeAt }: StoredPlan, options: PlanTextOptions): string {
  if (items.length === 0) return "";
  const nowMs = Date.parse(madeAt);
  const rows = items.slice(0, options.rows).map((item) => row(item, nowMs, options));
  const more = items.length - rows.length;
  const rest = more > 0 ? `… and ${more} more: --all shows them\n` : "";
  const width = Math.min(options.width, WIDEST);
  const columns = COLUMNS.filter(({ least }) => least <= width);
  return `${formatTable(columns, rows, { width })}${rest}\n`;
}

function row(item: PlanItem, nowMs: number, { formatBytes }: PlanTextOptions): string[] {
  const { from, subject, at } = item.about ?? {};
  return [
    from ?? "?",
    subject || `(${item.uid})`,
    at === undefined ? "?" : ageWords(nowMs - Date.parse(at)),
    formatBytes(item.size),
    item.rule,
    archiveWords(item.archive),
    item.evidence.map(evidenceWords).join(", "),
  ];
}

function ageWords(ms: number): string {
  return `${Math.floor(ms / DAY_MS)}d`;
}

/** What is not kept anywhere must be seen by whoever approves it (C01). */
function archiveWords(archive: string): string {
  if (archive === "none") return "NOT ARCHIVED";
  return archive === "index-only" ? "has it already" : archive;
}

function evidenceWords({ fact, value, basis }: RuleEvidence): string {
  if (fact === "age") return `${basis} ${String(value).slice(0, 10)}`;
  return `${fact} ${value}`;
}

function sizeOf(
  items: readonly { readonly size: number }[],
  formatBytes: PlanTextOptions["formatBytes"],
): string {
  const octets = items.reduce((sum, { size }) => sum + size, 0);
  const count = items.length;
  return `${count} ${count === 1 ? "message" : "messages"}, ${formatBytes(octets)}`;
}
