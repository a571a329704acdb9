/**
 * A report as one page that needs nothing else: its plots are in it, and nothing is loaded from anywhere.
 *
 * @module
 */

import { Sha256 } from "../../../message/mod.ts";
import type { ReportedRow } from "../journal/journal.ts";
import { escaped } from "./markup.ts";
import type { BulkReport, StateCounts } from "./report.ts";
import { latencyPlot, throughputPlot, timeText } from "./report_plots.ts";
import { ROW_STATES, STATE_WORDS } from "../journal/states.ts";

/** The most rows that are listed: a browser is slow with more, and nobody reads them. */
const MOST_ROWS = 10_000;
const MOST_DOMAINS = 100;
const MOST_REASONS = 50;

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --good: #2a9d5c; --bad: #d1495b; --doubt: #e9a23b;
  --quiet: #8888; --accent: #3d7ea6; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin-bottom: 0; } h2 { font-size: 1.15em; margin-top: 2em; }
p.about { margin-top: .2em; opacity: .7; }
ul.totals { display: flex; flex-wrap: wrap; gap: .6em; padding: 0; list-style: none; }
ul.totals li { border: 1px solid var(--line); border-left: 5px solid var(--quiet); border-radius: 6px;
  padding: .4em .9em; min-width: 6.5em; }
ul.totals b { display: block; font-size: 1.5em; font-variant-numeric: tabular-nums; }
li.accepted { border-left-color: var(--good) !important; } li.failed { border-left-color: var(--bad) !important; }
li.in_doubt, li.deferred { border-left-color: var(--doubt) !important; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: currentColor; }
svg line { stroke: var(--line); } rect.accepted { fill: var(--good); } rect.other { fill: var(--bad); }
rect.latency { fill: var(--accent); }
table { border-collapse: collapse; width: 100%; font-size: .92em; }
th, td { text-align: left; padding: .25em .7em .25em 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.w, th { overflow-wrap: normal; }
input { font: inherit; padding: .3em .6em; width: 100%; box-sizing: border-box; margin-bottom: .6em; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .3em 0 1em; }
`;

const SCRIPT = `
const box = document.getElementById("search"), count = document.getElementById("found");
const rows = [...document.querySelectorAll("#rows tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
function look() {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let found = 0;
  rows.forEach((row, at) => {
    row.hidden = !words.every((word) => texts[at].includes(word));
    if (!row.hidden) found++;
  });
  count.textContent = found + " of " + rows.length;
}
if (box !== null) { box.addEventListener("input", look); look(); }
`;

/**
 * Writes a report as a page.
 *
 * @param report The report.
 * @param rows The rows; those that were accepted are not listed.
 * @returns The page, piece by piece.
 *
 * @example Usage
 * ```ts
 * import { gatherReport, openSqliteJournal, reportHtml } from "@mailwright/mailwright/jobs";
 * import { match } from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
 * await using journal = await openSqliteJournal(`${folder}/j.db`, { create: true });
 * const about = { name: "hello", fingerprint: "", contentHash: "", settings: {} };
 * const row = { line: 2, recipient: "ann@mail.example", key: "ann@mail.example", fields: {} };
 * const job = await journal.look((await journal.create(about, [row])).id);
 * const page = reportHtml(await gatherReport(job, Date.now()), job.rows());
 * match((await Array.fromAsync(page)).join(""), /^<!doctype html>/);
 * ```
 */
export async function* reportHtml(
  report: BulkReport,
  rows: AsyncIterable<ReportedRow>,
): AsyncGenerator<string> {
  const { job, made, throughput, latency } = report;
  yield head(job.name);
  const rowCount = `${report.rows} row${report.rows === 1 ? "" : "s"}`;
  const times = [job.created, made].map((text) => timeText(Date.parse(text)));
  yield `<h1>${escaped(job.name)}</h1><p class="about">${rowCount}, made ${times[0]}, reported ` +
    `${times[1]}; all times in UTC</p>${totals(report.states)}`;
  if (throughput.steps.length > 0) {
    yield `<h2>Throughput</h2>${throughputPlot(throughput)}<p class="key">` +
      '<i style="background:var(--good)"></i>accepted<i style="background:var(--bad)"></i>other</p>';
  }
  if (latency !== undefined) {
    yield `<h2>Latency</h2><p>From the end of a message to its answer, for ${latency.messages} ` +
      `messages.</p>${latencyPlot(latency)}`;
  }
  yield domainTable(report);
  yield reasonTable(report);
  yield* rowTable(rows);
  yield `<script>${SCRIPT}</script></body></html>\n`;
}

/** Nothing may be loaded, and no script run but the one below: whatever a server has said (T-I37). */
function head(title: string): string {
  const hash = new Sha256().update(new TextEncoder().encode(SCRIPT)).digest().toBase64();
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; " +
    `script-src 'sha256-${hash}'`;
  return '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    '<meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">' +
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body>`;
}

function totals(states: StateCounts): string {
  const tiles = ROW_STATES.filter((state) => states[state] > 0 || state === "accepted");
  const items = tiles.map((state) =>
    `<li class="${state}"><b>${states[state]}</b>${STATE_WORDS[state]}</li>`
  );
  return `<ul class="totals">${items.join("")}</ul>`;
}

function domainTable({ domains, states }: BulkReport): string {
  const shown = ROW_STATES.filter((state) => states[state] > 0);
  const rows = domains.slice(0, MOST_DOMAINS).map((domain) => [
    domain.domain === "" ? "all others" : domain.domain,
    `${domain.rows}`,
    ...shown.map((state) => `${domain.states[state]}`),
  ]);
  const left = domains.length - rows.length;
  return section("Domains", {
    columns: ["domain", "rows", ...shown.map((state) => STATE_WORDS[state])],
    kinds: ["", ...Array(shown.length + 1).fill("n")],
    rows,
    ...(left > 0 && { note: `and ${left} more` }),
  });
}

function reasonTable({ reasons }: BulkReport): string {
  const rows = reasons.slice(0, MOST_REASONS).map((reason) => [
    `${reason.rows}`,
    STATE_WORDS[reason.state],
    reason.stage ?? "",
    `${reason.code ?? ""} ${reason.enhanced ?? ""}`.trim(),
    reason.sample,
  ]);
  if (rows.length === 0) return "";
  const columns = ["rows", "state", "stage", "code", "what was said to one of them"];
  return section("Reasons", { columns, kinds: ["n", "w", "w", "w", ""], rows });
}

interface Table {
  readonly columns: readonly string[];
  /** Of each column: numbers, words, or texts of any length. */
  readonly kinds: readonly ("n" | "w" | "")[];
  readonly rows: readonly (readonly string[])[];
  readonly note?: string;
}

function section(title: string, { columns, kinds, rows, note = "" }: Table): string {
  const cells = (tag: "th" | "td", texts: readonly string[]): string =>
    texts.map((text, at) => {
      const kind = kinds[at] ? ` class="${kinds[at]}"` : "";
      return `<${tag}${kind}>${escaped(text)}</${tag}>`;
    }).join("");
  const heads = cells("th", columns);
  const lines = rows.map((row) => `<tr>${cells("td", row)}</tr>`);
  return `<h2>${escaped(title)}</h2><table><thead><tr>${heads}</tr></thead><tbody>` +
    `${lines.join("")}</tbody></table>${note && `<p>${escaped(note)}</p>`}`;
}

async function* rowTable(rows: AsyncIterable<ReportedRow>): AsyncGenerator<string> {
  let listed = 0;
  let left = 0;
  for await (const row of rows) {
    if (row.state === "accepted") continue;
    if (listed === 0) {
      yield '<h2>Not accepted</h2><input id="search" type="search" placeholder="Search">' +
        '<p id="found"></p><table id="rows"><thead><tr><th class="n">line</th><th>recipient</th>' +
        "<th>state</th><th>code</th><th>text</th></tr></thead><tbody>";
    }
    if (++listed > MOST_ROWS) left++;
    else yield rowLine(row);
  }
  if (listed > 0) yield "</tbody></table>";
  if (left > 0) yield `<p>and ${left} more: the CSV report has all</p>`;
}

function rowLine({ line, recipient, state, code, enhanced, text = "" }: ReportedRow): string {
  const codes = `${code ?? ""} ${enhanced ?? ""}`.trim();
  return `<tr><td class="n">${line}</td><td>${escaped(recipient)}</td>` +
    `<td class="w">${STATE_WORDS[state]}</td><td class="w">${escaped(codes)}</td><td>${
      escaped(text)
    }</td>` +
    "</tr>\n";
}
