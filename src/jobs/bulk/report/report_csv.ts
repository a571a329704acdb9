/**
 * All rows of a job as CSV, for people with spreadsheets.
 *
 * @module
 */

import type { ReportedRow } from "../journal/journal.ts";

const COLUMNS = [
  ...["line", "recipient", "domain", "state", "attempt", "stage", "code", "enhanced"] as const,
  ...["text", "queueId"] as const,
];
/** What spreadsheets take for the begin of a formula; they also read the wide forms. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * Writes rows as CSV (RFC 4180). No cell can start a formula: what would begins with an apostrophe.
 *
 * @param rows The rows.
 * @returns The lines, each with its CRLF.
 *
 * @example Usage
 * ```ts
 * import { reportCsv } from "@mailwright/mailwright/jobs";
 * import { match } from "node:assert/strict";
 *
 * async function* rows() {
 *   const domain = "mail.example";
 *   const text = "=HYPERLINK(1)";
 *   yield { id: 1, line: 2, recipient: `ann@${domain}`, domain, state: "failed", attempt: 1, text,
 *     changedMs: 0 } as const;
 * }
 * match((await Array.fromAsync(reportCsv(rows()))).join(""), /,"'=HYPERLINK\(1\)",/);
 * ```
 */
export async function* reportCsv(rows: AsyncIterable<ReportedRow>): AsyncGenerator<string> {
  yield `${[...COLUMNS, "ms", "changed", "next"].map(cell).join(",")}\r\n`;
  for await (const row of rows) {
    const cells = COLUMNS.map((column) => `${row[column] ?? ""}`);
    const times = [row.ms?.toFixed(2) ?? "", timeOf(row.changedMs), timeOf(row.notBeforeMs)];
    yield `${[...cells, ...times].map(cell).join(",")}\r\n`;
  }
}

function cell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}

function timeOf(ms: number | undefined): string {
  return ms === undefined ? "" : new Date(ms).toISOString();
}
