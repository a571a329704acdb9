/**
 * Reports and where they go: files are opened before anything is sent.
 *
 * @module
 */

import { Printer } from "../../src/cli/mod.ts";
import {
  gatherReport,
  type JobJournal,
  reportCsv,
  reportHtml,
  reportJson,
} from "../../src/jobs/mod.ts";
import { reading } from "../shared/files.ts";
import type { ReportTarget } from "./calls.ts";

/** Reports that are to be written. */
export interface ReportFiles extends AsyncDisposable {
  /**
   * Writes them.
   *
   * @param journal The job.
   */
  write(journal: JobJournal): Promise<void>;
}

/**
 * Opens the files of reports. They name people: only their owner may read them.
 *
 * @param option The option that names them.
 * @param targets What goes where.
 * @param out Standard output.
 * @returns The reports.
 */
export async function openReports(
  option: string,
  targets: readonly ReportTarget[],
  out: Printer,
): Promise<ReportFiles> {
  await using stack = new AsyncDisposableStack();
  const printers: (readonly [ReportTarget["format"], Printer])[] = [];
  for (const { format, path } of targets) {
    if (path === undefined) {
      printers.push([format, out]);
      continue;
    }
    const options = { write: true, create: true, truncate: true, mode: 0o600 };
    const file = await reading(option, path, () => Deno.open(path, options));
    stack.use(file);
    printers.push([format, new Printer(file, path)]);
  }
  const open = stack.move();
  return {
    write: async (journal) => {
      for (const [format, printer] of printers) {
        for await (const text of textOf(format, journal)) await printer.print(text);
      }
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** The text of a report, in pieces that are worth a write. */
async function* textOf(
  format: ReportTarget["format"],
  journal: JobJournal,
): AsyncGenerator<string> {
  let held = "";
  for await (const text of rawText(format, journal)) {
    held += text;
    if (held.length < 65_536) continue;
    yield held;
    held = "";
  }
  yield held;
}

async function* rawText(
  format: ReportTarget["format"],
  journal: JobJournal,
): AsyncGenerator<string> {
  if (format === "csv") return yield* reportCsv(journal.rows());
  const report = await gatherReport(journal, Date.now());
  yield* format === "json"
    ? reportJson(report, journal.rows())
    : reportHtml(report, journal.rows({ states: NOT_ACCEPTED }));
}

const NOT_ACCEPTED = [
  ...["pending", "claimed", "committing", "deferred", "failed", "in_doubt", "skipped"] as const,
];
