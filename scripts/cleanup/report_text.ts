/**
 * Reports for people: what a run has come to, what was given back, what is known of a mailbox.
 *
 * @module
 */

import { type Palette, visible } from "../../src/cli/mod.ts";
import type {
  CleanupReport,
  CleanupStatus,
  CopyCounts,
  ReportItem,
  RestoredItem,
  RestoreReport,
} from "../../src/jobs/mod.ts";
import { NAME } from "./calls.ts";
import { timeWords } from "./time_words.ts";

/** More items or warnings than these are counted and not shown. */
const SHOWN = 20;
/** Runs that a status shows. */
const RUNS = 10;

const EXITS: Readonly<Record<CleanupReport["exit"], string>> = {
  done: "Done",
  kept: "Done, but some messages were kept",
  unverified: "Not known yet what is gone",
  busy: "Busy",
  archive: "The archive failed",
  guard: "Stopped by a guard",
  connection: "No connection",
  interrupted: "Interrupted",
};

/**
 * Shows a report.
 *
 * @param report The report.
 * @param palette Colours.
 * @returns Lines, each with its end.
 */
export function reportText(report: CleanupReport, { red, yellow }: Palette): string {
  const { items, error, warnings } = report;
  const left = items.filter(({ outcome }) => outcome === "kept" || outcome === "unknown");
  const lines = (left.length > SHOWN ? grouped(left) : left.map(itemText)).map(yellow);
  lines.push(
    ...warnings.slice(0, SHOWN).map((warning) => yellow(`Warning: ${visible(warning)}`)),
  );
  if (warnings.length > SHOWN) {
    const rest = warnings.length - SHOWN;
    lines.push(yellow(`… and ${rest} more warnings: report-${report.runId}.json has them`));
  }
  if (error !== undefined) lines.push(red(visible(error.message)));
  const next = remedy(report);
  if (next !== undefined) lines.push(next);
  lines.push(reportLine(report));
  return `${lines.join("\n")}\n`;
}

/**
 * What of a report is for whoever only wants to hear what went wrong.
 *
 * @param report The report.
 * @returns The lines; none if all is well.
 */
export function wrongLines(report: CleanupReport): string[] {
  const { exit, error, warnings } = report;
  const lines = warnings.slice(0, SHOWN).map(visible);
  if (error !== undefined) lines.push(visible(error.message));
  return exit === "done" && lines.length === 0 ? [] : [...lines, reportLine(report)];
}

/**
 * Shows a report on one line.
 *
 * @param report The report.
 * @returns The line.
 */
export function reportLine({ exit, planId, counts, copies, runId }: CleanupReport): string {
  const { planned, archived, committed, verified, kept, goneElsewhere, unknown } = counts;
  const removals = planId === undefined
    ? planned > 0 ? [`${planned} to be verified`, `${verified} gone`] : []
    : [
      `${planned} planned`,
      `${archived} archived`,
      `${committed} deleted`,
      `${verified} verified`,
    ];
  const parts = [
    ...removals,
    ...(kept > 0 ? [`${kept} kept`] : []),
    ...(goneElsewhere > 0 ? [`${goneElsewhere} gone elsewhere`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...(copies === undefined ? [] : copyWords(copies)),
  ];
  return `${EXITS[exit]}${parts.length > 0 ? `: ${parts.join(", ")}` : ""} (run ${runId})`;
}

function copyWords({ whole, retired, missing, damaged }: CopyCounts): string[] {
  return [
    `${whole} ${whole === 1 ? "copy is" : "copies are"} whole`,
    ...(retired > 0 ? [`${retired} gone on purpose`] : []),
    ...(missing > 0 ? [`${missing} missing`] : []),
    ...(damaged > 0 ? [`${damaged} damaged`] : []),
  ];
}

/** What to do next, where that is not plain. */
function remedy({ exit, planId, copies }: CleanupReport): string | undefined {
  if (copies !== undefined && copies.missing > 0) {
    return `If copies are gone on purpose, say so: ${NAME} retire PATH --by NAME --job … --policy …`;
  }
  if (exit === "archive" && planId !== undefined) {
    return "What is not in the archive stays on the server; once that is mended, the same call goes on.";
  }
  if (exit === "unverified") return `${NAME} verify and the same options find out what is gone.`;
  return undefined;
}

function grouped(items: readonly ReportItem[]): string[] {
  const groups = Map.groupBy(
    items,
    ({ rule, outcome, reason }) =>
      `(${rule}) ${outcome}${reason === undefined ? "" : `, ${reason}`}`,
  );
  return [...groups].map(([words, group]) => `${group.length} messages ${visible(words)}`);
}

function itemText({ uid, rule, outcome, reason, detail }: ReportItem): string {
  const why = [reason, detail].filter((part) => part !== undefined).join(": ");
  return visible(`${uid} (${rule}) ${outcome}${why === "" ? "" : `, ${why}`}`);
}

/**
 * Shows what was given back.
 *
 * @param report The report.
 * @param palette Colours.
 * @returns Lines, each with its end.
 */
export function restoreText({ items }: RestoreReport, { red }: Palette): string {
  const back = items.filter(isBack);
  const lost = items.filter((item) => !isBack(item));
  // What did not come back stands first, and all of it.
  const lines = [...lost.map((item) => red(restoredText(item))), ...back.map(restoredText)];
  const shown = Math.max(SHOWN, lost.length);
  if (lines.length > shown) lines.splice(shown, Infinity, `… and ${lines.length - shown} more`);
  const counts = [...Map.groupBy(items, ({ outcome }) => outcome)]
    .map(([outcome, group]) => `${group.length} ${outcome}`);
  if (back.length === 0) counts.unshift("nothing");
  return `${[...lines, `Restored: ${counts.join(", ")}`].join("\n")}\n`;
}

/**
 * Whether a message has come back.
 *
 * @param item What became of it.
 * @returns Whether it has.
 */
export function isBack({ outcome }: RestoredItem): boolean {
  return outcome === "accepted" || outcome === "exported";
}

function restoredText({ outcome, sha256, uid, path, text }: RestoredItem): string {
  const again = outcome === "skipped" ? "; --again sends it all the same" : "";
  const words = [outcome, sha256.slice(0, 12), uid, path, text && text + again];
  return visible(words.filter((word) => word !== undefined).join("  "));
}

/**
 * Shows what is known of a mailbox.
 *
 * @param status What is known.
 * @returns Lines, each with its end.
 */
export function statusText(status: CleanupStatus): string {
  const { account, lastAt, runs, messages, unverified, archived, copies, retired, gone } = status;
  if (runs.length === 0) return "Nothing has been done here yet.\n";
  const { restored, carefulRuns } = status;
  const back = restored.filter((each) => each.back).length;
  const lines = [
    `Mailbox     ${account === undefined ? "not seen yet" : visible(account)}`,
    `Last write  ${lastAt === undefined ? "never" : timeWords(lastAt)}`,
    `Messages    ${messages} when somebody looked last`,
    `Archived    ${archived}`,
    `Copies      ${copies}`,
    ...(retired > 0 ? [`Retired     ${retired} copies are gone on purpose`] : []),
    `Gone        ${gone}`,
    ...(unverified.length > 0 ? [`Unverified  ${unverified.length}: run verify`] : []),
    ...(back > 0 ? [`Restored    ${back}, kept until released`] : []),
    ...(restored.length > back ? [`Exported    ${restored.length - back}`] : []),
    ...(carefulRuns > 0
      ? [`Careful     one command at a time, for ${carefulRuns} more runs without a fault`]
      : []),
    ...runs.slice(-RUNS).map(({ runId, startedAt, exit, archived, intended }) =>
      `Run         ${runId}  ${timeWords(startedAt)}  ` +
      `${exit === undefined ? "Cut off" : EXITS[exit]}: ${archived} archived, ${intended} marked`
    ),
  ];
  return `${lines.join("\n")}\n`;
}
