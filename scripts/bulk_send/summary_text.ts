/**
 * What has become of a job, and what is wrong with a list, for people at a terminal.
 *
 * @module
 */

import { formatTable, type Palette, visible } from "../../src/cli/mod.ts";
import {
  type BulkReport,
  type JobRecord,
  type ListCheck,
  ROW_STATES,
  STATE_WORDS,
  type StateCounts,
} from "../../src/jobs/mod.ts";
import { withoutAddresses } from "./run_progress.ts";

const MOST_DOMAINS = 10;
const MOST_REASONS = 10;
/** How a text is laid out. */
export interface SummaryStyle {
  /** How wide a line may be. */
  readonly width: number;
  /** Its colours. */
  readonly palette: Palette;
}

/**
 * Writes a summary.
 *
 * @param report The report.
 * @param style How it is laid out.
 * @returns The lines.
 */
export function summaryText(report: BulkReport, { width, palette }: SummaryStyle): string {
  const { states, domains, reasons } = report;
  const shown = ROW_STATES.filter((state) => states[state] > 0);
  const right = (header: string) => ({ header, align: "right" } as const);
  const some = domains.slice(0, MOST_DOMAINS);
  const table = formatTable(
    ["domain", ...shown.map((state) => right(STATE_WORDS[state])), right("rows")],
    [
      ...some.map(({ domain, states: own, rows }) => [
        domain === "" ? "all others" : domain,
        ...shown.map((state) => `${own[state]}`),
        `${rows}`,
      ]),
      ["all", ...shown.map((state) => `${states[state]}`), `${report.rows}`],
    ],
    { width },
  );
  const left = domains.length - some.length;
  const said = reasons.slice(0, MOST_REASONS).map((
    { rows, state, stage, code, sample, enhanced },
  ) => [
    `${rows}`,
    STATE_WORDS[state],
    stage ?? "",
    [code, enhanced].filter((each) => each !== undefined).join(" "),
    withoutAddresses(sample),
  ]);
  const why = said.length === 0
    ? ""
    : `\n${formatTable([right("rows"), "state", "stage", "code", "such as"], said, { width })}`;
  return palette.bold(`${visible(report.job.name)}\n`) + table +
    (left > 0 ? `and ${left} more domains\n` : "") + why;
}

/** How far a job is. */
export interface JobStatus {
  /** The job. */
  readonly record: JobRecord;
  /** How many rows are in each state. */
  readonly states: StateCounts;
  /** When the next deferred row is due. */
  readonly next: string | undefined;
}

/**
 * Says how far a job is.
 *
 * @param status How far it is.
 * @returns The lines.
 */
export function statusText({ record, states, next }: JobStatus): string {
  const rows = ROW_STATES.filter((state) => states[state] > 0)
    .map((state) => [STATE_WORDS[state], `${states[state]}`]);
  const table = formatTable(["", { header: "", align: "right" }], rows).replace(/^\s*\n/, "");
  const created = new Date(record.createdMs).toISOString();
  return `${visible(record.name)}, ${record.rows} rows, made ${created}\n` +
    table.replace(/^(?=.)/gm, "  ") +
    (next === undefined ? "" : `  the next deferred row is due ${next}\n`);
}

/**
 * The same for programs.
 *
 * @param status How far it is.
 * @returns Plain JSON.
 */
export function statusJson({ record, states, next }: JobStatus): Readonly<Record<string, unknown>> {
  const { name: job, rows, createdMs } = record;
  return { job, created: new Date(createdMs).toISOString(), rows, states, ...(next && { next }) };
}

/**
 * Says what was found in a list.
 *
 * @param check What was found.
 * @param list What the list is called.
 * @returns The lines.
 */
export function checkText(check: ListCheck, list: string): string {
  const { rows, recipients, duplicates, wrong, errors, missing, octets } = check;
  const lines = errors.map(({ line, column, reason }) => {
    const cell = column === undefined ? "" : `, column "${column}"`;
    return visible(`${list}: line ${line}${cell}: ${reason}`);
  });
  if (wrong > errors.length) lines.push(`and ${wrong - errors.length} more`);
  for (const each of missing) {
    lines.push(
      `the field "${visible(each.field)}" is missing in ${plural(each.rows, "row")}, ` +
        `in line ${each.line} first`,
    );
  }
  const kilobytes = Math.ceil(octets / Math.max(recipients, 1) / 1000);
  lines.push(
    `${visible(list)}: ${plural(rows, "row")}, ${plural(recipients, "recipient")}, ` +
      `${plural(duplicates, "duplicate")}, ${wrong} wrong` +
      (octets > 0 ? `, ${kilobytes} kB each` : ""),
  );
  for (const { line, first, recipient } of check.firstDuplicates) {
    lines.push(`  line ${line} is the same as line ${first}: ${visible(recipient)}`);
  }
  if (duplicates > check.firstDuplicates.length) {
    lines.push(`  and ${duplicates - check.firstDuplicates.length} more`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * A number of things.
 *
 * @param count How many.
 * @param word What one of them is called.
 * @returns Both.
 */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
