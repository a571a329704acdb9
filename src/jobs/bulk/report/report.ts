/**
 * What has become of a job, as numbers: gathered in one pass over its rows, in constant memory.
 *
 * @module
 */

import type { JobJournal, ReportedRow } from "../journal/journal.ts";
import { LatencyHistogram } from "./latency.ts";
import { ROW_STATES, type RowState } from "../journal/states.ts";
import { type Throughput, ThroughputCounter } from "./throughput.ts";

/** How many rows are in each state. */
export type StateCounts = Readonly<Record<RowState, number>>;

/** What has become of the rows of one domain. */
export interface DomainReport {
  /** The domain; the empty text stands for all that are not told apart. */
  readonly domain: string;
  /** How many rows it has. */
  readonly rows: number;
  /** How many are in each state. */
  readonly states: StateCounts;
}

/** Rows that came to the same end for the same reason. */
export interface ReasonReport {
  /** Their state. */
  readonly state: RowState;
  /** How far their messages came. */
  readonly stage?: string;
  /** The reply code. */
  readonly code?: number;
  /** The enhanced status code. */
  readonly enhanced?: string;
  /** How many there are. */
  readonly rows: number;
  /** What was said to one of them. */
  readonly sample: string;
}

/** How long the server took for the ends of messages, in milliseconds. */
export interface LatencyReport {
  /** Of how many. */
  readonly messages: number;
  /** Percentiles, by their numbers. */
  readonly percentiles: Readonly<Record<"50" | "75" | "90" | "95" | "99" | "100", number>>;
}

/** What has become of a job. */
export interface BulkReport {
  /** What this is. */
  readonly schema: "mailwright-bulk-report/1";
  /** The job. */
  readonly job: {
    readonly name: string;
    readonly created: string;
    readonly fingerprint: string;
  };
  /** When the report was made. */
  readonly made: string;
  /** How many rows the job has. */
  readonly rows: number;
  /** How many are in each state. */
  readonly states: StateCounts;
  /** By domain, those with the most rows first. */
  readonly domains: readonly DomainReport[];
  /** What was not accepted, by its reason, the most frequent first. */
  readonly reasons: readonly ReasonReport[];
  /** When rows came to their ends. */
  readonly throughput: Throughput;
  /** How long the server took; absent if it was never asked. */
  readonly latency?: LatencyReport;
}

/** More are counted together: whoever writes to more domains looks at none of them. */
const MOST_DOMAINS = 2_000;
const MOST_REASONS = 500;
const ENDED: ReadonlySet<RowState> = new Set(["accepted", "deferred", "failed", "in_doubt"]);

/**
 * Gathers what has become of a job.
 *
 * @param journal The job.
 * @param nowMs The wall time, in milliseconds since 1970.
 * @returns The report.
 *
 * @example Usage
 * ```ts
 * import { gatherReport, openSqliteJournal } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
 * await using journal = await openSqliteJournal(`${folder}/j.db`, { create: true });
 * const about = { name: "hello", fingerprint: "", contentHash: "", settings: {} };
 * const row = { line: 2, recipient: "ann@mail.example", key: "ann@mail.example", fields: {} };
 * const { id } = await journal.create(about, [row]);
 * const report = await gatherReport(await journal.look(id), Date.now());
 * equal(report.states.pending, 1);
 * ```
 */
export async function gatherReport(journal: JobJournal, nowMs: number): Promise<BulkReport> {
  const gatherer = new Gatherer();
  for await (const row of journal.rows()) gatherer.add(row);
  const { name, createdMs, fingerprint } = journal.job;
  return {
    schema: "mailwright-bulk-report/1",
    job: { name, created: new Date(createdMs).toISOString(), fingerprint },
    made: new Date(nowMs).toISOString(),
    ...gatherer.result(),
  };
}

type Counts = Record<RowState, number>;

class Gatherer {
  readonly #states = noCounts();
  readonly #domains = new Map<string, Counts>();
  readonly #reasons = new Map<string, { reason: Omit<ReasonReport, "rows">; rows: number }>();
  readonly #throughput = new ThroughputCounter();
  readonly #latency = new LatencyHistogram();
  #rows = 0;

  add(row: ReportedRow): void {
    const { state, domain, ms, changedMs } = row;
    this.#rows++;
    this.#states[state]++;
    const name = this.#domains.has(domain) || this.#domains.size < MOST_DOMAINS ? domain : "";
    const counts = this.#domains.get(name) ?? noCounts();
    counts[state]++;
    this.#domains.set(name, counts);
    if (ENDED.has(state)) this.#throughput.add(changedMs, state === "accepted");
    if (ms !== undefined) this.#latency.add(ms);
    // What stands at a row that waits is told by the row before it.
    const blamed = state !== "accepted" && state !== "pending";
    if (blamed && row.text !== undefined) this.#blame(row);
  }

  result(): Omit<BulkReport, "schema" | "job" | "made"> {
    const domains = [...this.#domains].map(([domain, states]) => ({
      domain,
      rows: ROW_STATES.reduce((sum, state) => sum + states[state], 0),
      states,
    }));
    const reasons = [...this.#reasons.values()].map(({ reason, rows }) => ({ ...reason, rows }));
    const { count: messages } = this.#latency;
    const at = (percent: number): number => round(this.#latency.percentile(percent));
    const percentiles = {
      ...{ "50": at(50), "75": at(75), "90": at(90), "95": at(95), "99": at(99) },
      "100": round(this.#latency.max),
    };
    return {
      rows: this.#rows,
      states: this.#states,
      domains: domains.sort((one, other) => other.rows - one.rows),
      reasons: reasons.sort((one, other) => other.rows - one.rows),
      throughput: this.#throughput.result(),
      ...(messages > 0 && { latency: { messages, percentiles } }),
    };
  }

  /** Codes tell reasons apart where there are any: the texts of servers name addresses and times. */
  #blame({ state, stage, code, enhanced, text = "" }: ReportedRow): void {
    const words = text.replace(/\b\d+$/, "").trimEnd();
    const key = JSON.stringify([state, stage, code, enhanced, code === undefined ? words : ""]);
    const known = this.#reasons.get(key);
    if (known !== undefined) known.rows++;
    else if (this.#reasons.size < MOST_REASONS) {
      const reason = {
        state,
        ...(stage !== undefined && { stage }),
        ...(code !== undefined && { code }),
        ...(enhanced !== undefined && { enhanced }),
        sample: text,
      };
      this.#reasons.set(key, { reason, rows: 1 });
    }
  }
}

function noCounts(): Counts {
  // Every state is in the list.
  return Object.fromEntries(ROW_STATES.map((state) => [state, 0])) as Counts;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
