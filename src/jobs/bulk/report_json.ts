/**
 * A report with all rows as one JSON object, written piece by piece.
 *
 * @module
 */

import type { ReportedRow } from "./journal.ts";
import type { BulkReport } from "./report.ts";

/**
 * Writes a report as JSON: the fields of {@linkcode BulkReport}, and `list` with all rows. Texts stand
 * in it as they came.
 *
 * @param report The report.
 * @param rows The rows.
 * @returns The text, piece by piece.
 *
 * @example Usage
 * ```ts
 * import { type BulkReport, reportJson } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * declare const report: BulkReport;
 * const write = () => reportJson(report, (async function* () {})());
 * equal(typeof write, "function");
 * ```
 */
export async function* reportJson(
  report: BulkReport,
  rows: AsyncIterable<ReportedRow>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(report).slice(0, -1)},"list":[`;
  let comma = "";
  for await (const { id: _, changedMs, notBeforeMs, ms, ...row } of rows) {
    const told = {
      ...row,
      ...(ms !== undefined && { ms: Math.round(ms * 100) / 100 }),
      changed: new Date(changedMs).toISOString(),
      ...(notBeforeMs !== undefined && { next: new Date(notBeforeMs).toISOString() }),
    };
    yield `${comma}\n${JSON.stringify(told)}`;
    comma = ",";
  }
  yield "\n]}\n";
}
