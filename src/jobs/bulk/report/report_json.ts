/**
 * A report with all rows as one JSON object, written piece by piece.
 *
 * @module
 */

import type { ReportedRow } from "../journal/journal.ts";
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
 * import { gatherReport, openSqliteJournal, reportJson } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
 * await using journal = await openSqliteJournal(`${folder}/j.db`, { create: true });
 * const about = { name: "hello", fingerprint: "", contentHash: "", settings: {} };
 * const row = { line: 2, recipient: "ann@mail.example", key: "ann@mail.example", fields: {} };
 * const job = await journal.look((await journal.create(about, [row])).id);
 * const page = reportJson(await gatherReport(job, Date.now()), job.rows());
 * equal(JSON.parse((await Array.fromAsync(page)).join("")).list[0].recipient, "ann@mail.example");
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
