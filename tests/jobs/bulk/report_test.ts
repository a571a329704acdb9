import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { JobJournal, ReportedRow } from "../../../src/jobs/bulk/journal/journal.ts";
import { LatencyHistogram } from "../../../src/jobs/bulk/report/latency.ts";
import { escaped } from "../../../src/jobs/bulk/report/markup.ts";
import { type BulkReport, gatherReport } from "../../../src/jobs/bulk/report/report.ts";
import { reportCsv } from "../../../src/jobs/bulk/report/report_csv.ts";
import { reportHtml } from "../../../src/jobs/bulk/report/report_html.ts";
import { reportJson } from "../../../src/jobs/bulk/report/report_json.ts";
import type { RowState } from "../../../src/jobs/bulk/journal/states.ts";
import { ThroughputCounter } from "../../../src/jobs/bulk/report/throughput.ts";

const PURE = { permissions: "none" } as const;
const NOW = Date.UTC(2026, 10, 21);

function row(at: number, state: RowState, more: Partial<ReportedRow> = {}): ReportedRow {
  const domain = `d${at % 3}.example`;
  const recipient = `p${at}@${domain}`;
  return { id: at, line: at + 1, recipient, domain, state, attempt: 1, changedMs: NOW, ...more };
}

async function* given(rows: readonly ReportedRow[]): AsyncGenerator<ReportedRow> {
  yield* rows;
}

/** A report of rows. */
async function reportOf(rows: readonly ReportedRow[]): Promise<BulkReport> {
  const job = { id: 1, name: "<b>", fingerprint: "f", contentHash: "c", createdMs: NOW };
  // Of a journal, only this is asked for.
  const journal = { job: { ...job, settings: {}, rows: rows.length }, rows: () => given(rows) };
  return await gatherReport(journal as unknown as JobJournal, NOW);
}

async function joined(pieces: AsyncIterable<string>): Promise<string> {
  return (await Array.fromAsync(pieces)).join("");
}

const EVIL = [
  ...[
    '=HYPERLINK("http://x.example")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
  ],
  ...'<script>alert(1)</script>|" onload="x|</table>|\u202e\u0000\x1b[2J|\ud800'.split("|"),
];

Deno.test("gatherReport() adds up to the number of rows", PURE, async () => {
  const states = ["accepted", "failed", "deferred", "in_doubt", "skipped", "pending"] as const;
  const rows = Array.from(
    { length: 600 },
    (_, at) => row(at, states[at % 6] ?? "pending", { ms: 5 }),
  );
  const report = await reportOf(rows);
  equal(report.rows, 600);
  for (const state of states) equal(report.states[state], 100);
  deepEqual(report.domains.map(({ rows: count }) => count), [200, 200, 200]);
  equal(
    report.throughput.steps.reduce((sum, { accepted, others }) => sum + accepted + others, 0),
    400,
  );
  equal(report.latency?.messages, 600);
  equal(report.latency?.percentiles["100"], 5);
});

Deno.test("gatherReport() keeps a bounded number of domains and reasons", PURE, async () => {
  const rows = Array.from(
    { length: 5_000 },
    (_, at) => row(at, "failed", { domain: `d${at}.example`, stage: "rcpt", code: at, text: "no" }),
  );
  const { domains, reasons } = await reportOf(rows);
  equal(domains.length, 2_001);
  deepEqual([domains[0]?.domain, domains[0]?.rows], ["", 3_000]);
  equal(reasons.length, 500);
});

Deno.test(
  "gatherReport() puts the same reasons together, by codes and not by words",
  PURE,
  async () => {
    const { reasons } = await reportOf([
      row(1, "failed", { stage: "rcpt", code: 550, enhanced: "5.1.1", text: "<p1@x>: unknown" }),
      row(2, "failed", { stage: "rcpt", code: 550, enhanced: "5.1.1", text: "<p2@x>: unknown" }),
      row(3, "skipped", { text: "duplicate of line 4" }),
      row(4, "skipped", { text: "duplicate of line 5" }),
      row(5, "pending", { text: "the server was gone" }),
    ]);
    deepEqual(reasons.map(({ rows, sample }) => [rows, sample]), [
      [2, "<p1@x>: unknown"],
      [2, "duplicate of line 4"],
    ]);
  },
);

Deno.test("reportCsv() lets no cell begin a formula [T-I37]", PURE, async () => {
  const rows = EVIL.map((text, at) => row(at, "failed", { text, queueId: text, recipient: text }));
  const csv = await joined(reportCsv(given(rows)));
  const cells = [...csv.matchAll(/"((?:[^"]|"")*)"(?:,|\r\n)/g)].map(([, cell = ""]) => cell);
  equal(cells.length, 13 * (rows.length + 1));
  for (const cell of cells) equal(/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(cell), false, cell);
  ok(csv.includes(`"'=HYPERLINK(""http://x.example"")"`));
});

Deno.test("reportJson() leaves texts as they came [T-I37]", PURE, async () => {
  const rows = EVIL.map((text, at) => row(at, "failed", { text, ms: 1.23456 }));
  const { list, rows: count } = JSON.parse(
    await joined(reportJson(await reportOf(rows), given(rows))),
  );
  equal(count, rows.length);
  deepEqual(list.map(({ text }: ReportedRow) => text), EVIL);
  equal(list[0].ms, 1.23);
});

Deno.test(
  "reportHtml() shows texts, and nothing in them acts or is loaded [T-I37]",
  PURE,
  async () => {
    const rows = EVIL.map((text, at) =>
      row(at, "failed", {
        text,
        recipient: text,
        domain: text,
        stage: "rcpt",
        code: 550 + at,
        ms: 3,
      })
    );
    const html = await joined(reportHtml(await reportOf(rows), given(rows)));
    equal(html.match(/<script/g)?.length, 1);
    equal(/https?:(?!\/\/x\.example)|src=|@import|url\(/i.test(html), false);
    equal(html.match(/<tr>/g)?.length, html.match(/<\/tr>/g)?.length);
    for (const odd of ["\u202e", "\0", "\x1b", "\ud800"]) equal(html.includes(odd), false);
    match(html, /Content-Security-Policy" content="default-src 'none'; .*script-src 'sha256-/);
    match(
      html,
      /<svg [^>]*aria-label="Rows that came to their end.*<svg [^>]*aria-label="How long/s,
    );
    match(html, /<title>&lt;b&gt;<\/title>/);
  },
);

Deno.test("reportHtml() lists no more rows than a browser bears", PURE, async () => {
  const rows = Array.from({ length: 10_050 }, (_, at) => row(at, "failed"));
  const html = await joined(reportHtml(await reportOf(rows), given(rows)));
  match(html, /and 50 more: the CSV report has all/);
  equal(html.match(/<tr><td class="n">/g)?.length, 10_000);
});

Deno.test("reportHtml() of a job that was not run yet has no plots", PURE, async () => {
  const html = await joined(reportHtml(await reportOf([row(1, "pending")]), given([])));
  equal(html.includes("<svg"), false);
  match(html, /<b>1<\/b>pending/);
  match(html, /<p class="about">1 row, made 2026-11-21 00:00:00, reported .*; all times in UTC</);
});

Deno.test("escaped() is safe in an element and in an attribute", PURE, () => {
  equal(escaped(`<a href="x">'&'</a>`), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  equal(escaped("a\u202eb\x07"), "a\\u{202e}b\\u{7}");
});

Deno.test("LatencyHistogram tells percentiles within five percent", PURE, () => {
  const histogram = new LatencyHistogram();
  equal(histogram.percentile(50), 0);
  for (let ms = 1; ms <= 10_000; ms++) histogram.add(ms);
  for (const percent of [1, 50, 90, 99]) {
    const found = histogram.percentile(percent);
    ok(found >= percent * 100 && found <= percent * 105, `${percent}: ${found}`);
  }
  equal(histogram.percentile(100), 10_000);
});

Deno.test("ThroughputCounter makes its steps longer instead of having more of them", PURE, () => {
  const counter = new ThroughputCounter();
  for (let second = 0; second < 10_000; second++) {
    counter.add(NOW + second * 1000, second % 2 === 0);
  }
  const { stepMs, steps } = counter.result();
  ok(steps.length <= 240 && steps.length > 100, `${steps.length}`);
  equal(stepMs, 64_000);
  equal(steps.reduce((sum, { accepted }) => sum + accepted, 0), 5_000);
  equal(steps.reduce((sum, { others }) => sum + others, 0), 5_000);
  // A pause of a year is no million of steps.
  counter.add(NOW + 31_536_000_000, true);
  ok(counter.result().steps.length <= 240);
  deepEqual(new ThroughputCounter().result(), { stepMs: 1000, steps: [] });
});
