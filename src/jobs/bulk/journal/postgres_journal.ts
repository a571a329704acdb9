/**
 * The journal of several machines: any number of runners claim rows of one job in PostgreSQL.
 *
 * Each runner has a lease, and renews it while it lives. When the lease of one has run out, the others
 * put its rows in order: what was claimed goes back, what was about to end is in doubt.
 *
 * @module
 */

import type { Limiter } from "../../../smtp/mod.ts";
import { type Clock, systemClock } from "../../../wire/mod.ts";
import { GroupCommit } from "./group_commit.ts";
import type {
  BulkJournal,
  ClaimedRow,
  JobJournal,
  JobRecord,
  NewJob,
  NewRow,
  Recovery,
  Release,
  ReportedRow,
  RowFilter,
  RowOutcome,
  RunningJob,
  SharedLimits,
} from "./journal.ts";
import { BulkJournalError } from "./journal_error.ts";
import {
  CREATE_TABLES,
  IS_SUPPRESSED,
  TO_SUPPRESSED,
  WAITS_SUPPRESSED,
} from "./postgres_schema.ts";
import { releasedTo, UNSAID } from "./released.ts";
import { SlotLimiter, type Slots } from "../send/slot_limiter.ts";
import type { SqlClient, SqlQueries, SqlRow } from "./sql_client.ts";
import { claimedRow, jobRecord, numberOf, reportedRow } from "./stored_row.ts";
import { ROW_STATES, type RowState } from "./states.ts";

/** How a journal in PostgreSQL is opened. */
export interface PostgresJournalOptions {
  /** How long rows stay with a runner that gives no sign of life, in milliseconds. @default {30_000} */
  readonly leaseMs?: number;
  /** Its wall side tells when rows have changed. @default {systemClock} */
  readonly clock?: Clock;
}

/** How many rows are written or read at once. */
const PAGE = 500;
/** Reserved once, so that two runners that make the tables at the same time do not meet. */
const SCHEMA_LOCK = 0x6d77626a;

/**
 * Opens a journal in PostgreSQL, and makes its tables where they are missing.
 *
 * @param client The client. Closing the journal closes it.
 * @param options How.
 * @returns The journal.
 *
 * @example Usage
 * ```ts ignore
 * import { openPostgresJournal, type SqlClient } from "@mailwright/mailwright/jobs";
 *
 * declare const client: SqlClient; // a package for PostgreSQL, behind this interface
 * await using journal = await openPostgresJournal(client);
 * for (const { name, rows } of await journal.jobs()) console.log(name, rows);
 * ```
 */
export async function openPostgresJournal(
  client: SqlClient,
  options: PostgresJournalOptions = {},
): Promise<BulkJournal> {
  const { leaseMs = 30_000, clock = systemClock } = options;
  await client.transaction(async (queries) => {
    await queries.query("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
    for (const table of CREATE_TABLES) await queries.query(table);
  });
  return new PostgresJournal(client, leaseMs, clock);
}

class PostgresJournal implements BulkJournal {
  readonly #client: SqlClient;
  readonly #leaseMs: number;
  readonly #clock: Clock;
  readonly #running = new Set<PostgresJob>();

  constructor(client: SqlClient, leaseMs: number, clock: Clock) {
    this.#client = client;
    this.#leaseMs = leaseMs;
    this.#clock = clock;
  }

  async create(job: NewJob, rows: AsyncIterable<NewRow> | Iterable<NewRow>): Promise<JobRecord> {
    const { name, fingerprint, contentHash, settings } = job;
    const createdMs = this.#clock.now();
    return await this.#client.transaction(async (queries) => {
      const [made] = await queries.query(
        "INSERT INTO mailwright_job (name, fingerprint, content_hash, settings, created_ms) " +
          "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING RETURNING id",
        [name, fingerprint, contentHash, JSON.stringify(settings), createdMs],
      );
      if (made === undefined) {
        throw new BulkJournalError(
          "state",
          `Cannot make a job named "${name}": the journal has one already`,
        );
      }
      const id = Number(made["id"]);
      const count = await importRows(queries, id, rows, createdMs);
      await queries.query("UPDATE mailwright_job SET row_count = $2 WHERE id = $1", [id, count]);
      return { ...job, id, createdMs, rows: count };
    });
  }

  async jobs(): Promise<readonly JobRecord[]> {
    return (await this.#client.query("SELECT * FROM mailwright_job ORDER BY id")).map(jobRecord);
  }

  async run(id: number, nowMs: number, shared: SharedLimits = {}): Promise<RunningJob> {
    const job = await this.#job(id);
    const recovery = await reap(this.#client, id, nowMs);
    await this.#client.query(
      `UPDATE mailwright_line SET ${TO_SUPPRESSED} WHERE job = $2 AND ${WAITS_SUPPRESSED}`,
      [nowMs, id],
    );
    const running = new PostgresJob(this.#client, job, {
      leaseMs: this.#leaseMs,
      clock: this.#clock,
      messagesPerSecond: shared.messagesPerSecond ?? Infinity,
    });
    await running.begin();
    this.#running.add(running);
    return { journal: running, recovery };
  }

  async look(id: number): Promise<JobJournal> {
    return new PostgresJob(this.#client, await this.#job(id), {
      leaseMs: this.#leaseMs,
      clock: this.#clock,
      messagesPerSecond: Infinity,
    });
  }

  async suppress(
    keys: AsyncIterable<string> | Iterable<string>,
    nowMs: number,
  ): Promise<number> {
    return await this.#client.transaction(async (queries) => {
      for await (const page of pages(keys)) {
        await queries.query(
          "INSERT INTO mailwright_suppressed (key) SELECT * FROM unnest($1::text[]) " +
            "ON CONFLICT DO NOTHING",
          [page],
        );
      }
      const moved = await queries.query(
        `UPDATE mailwright_line SET ${TO_SUPPRESSED} WHERE ${WAITS_SUPPRESSED} RETURNING id`,
        [nowMs],
      );
      return moved.length;
    });
  }

  async contacted(id: number, sinceMs: number): ReturnType<BulkJournal["contacted"]> {
    const rows = await this.#client.query(
      "SELECT job.name AS name, count(*)::int AS recipients FROM mailwright_line AS mine " +
        "JOIN mailwright_line AS theirs ON theirs.key = mine.key AND theirs.job <> mine.job " +
        "JOIN mailwright_job AS job ON job.id = theirs.job " +
        "WHERE mine.job = $1 AND theirs.changed_ms >= $2 " +
        "AND theirs.state IN ('accepted', 'committing', 'in_doubt') GROUP BY job.id ORDER BY job.id",
      [id, sinceMs],
    );
    return rows.map((row) => ({ job: `${row["name"]}`, recipients: Number(row["recipients"]) }));
  }

  async close(): Promise<void> {
    for (const job of this.#running) await job.end();
    this.#running.clear();
    await this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #job(id: number): Promise<JobRecord> {
    const [row] = await this.#client.query("SELECT * FROM mailwright_job WHERE id = $1", [id]);
    if (row === undefined) {
      throw new BulkJournalError(
        "state",
        `Cannot open job ${id}: the journal has none of that number`,
      );
    }
    return jobRecord(row);
  }
}

async function importRows(
  queries: SqlQueries,
  job: number,
  rows: AsyncIterable<NewRow> | Iterable<NewRow>,
  nowMs: number,
): Promise<number> {
  let count = 0;
  for await (const page of pages(rows)) {
    const keys = page.map(({ key }) => key);
    const known = await queries.query(
      "SELECT key, line FROM mailwright_line WHERE job = $1 AND key = ANY($2::text[]) UNION ALL " +
        `SELECT key, NULL FROM unnest($2::text[]) AS new (key) WHERE ${IS_SUPPRESSED}`,
      [job, keys],
    );
    const before = new Map<string, number>();
    const suppressed = new Set<string>();
    for (const { key, line } of known) {
      if (line === null) suppressed.add(`${key}`);
      else before.set(`${key}`, Number(line));
    }
    const lines = page.map(({ line, recipient, key, fields, skip }) => {
      const first = before.get(key);
      if (first === undefined) before.set(key, line);
      const reason = first !== undefined
        ? `duplicate of line ${first}`
        : skip ?? (suppressed.has(key) ? "suppressed" : "");
      const own = first === undefined ? key : "";
      return { id: ++count, line, recipient, key: own, fields: JSON.stringify(fields), reason };
    });
    await queries.query(
      "INSERT INTO mailwright_line (job, changed_ms, id, line, recipient, key, fields, state, text) " +
        "SELECT $1, $2, id, line, recipient, nullif(key, ''), fields, " +
        "CASE reason WHEN '' THEN 'pending' ELSE 'skipped' END, nullif(reason, '') " +
        "FROM unnest($3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[]) " +
        "AS new (id, line, recipient, key, fields, reason)",
      [
        job,
        nowMs,
        lines.map(({ id }) => id),
        lines.map(({ line }) => line),
        lines.map(({ recipient }) => recipient),
        lines.map(({ key }) => key),
        lines.map(({ fields }) => fields),
        lines.map(({ reason }) => reason),
      ],
    );
  }
  return count;
}

async function* pages<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T[]> {
  let page: T[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Puts the rows of runners in order whose lease has run out. */
async function reap(client: SqlClient, job: number, nowMs: number): Promise<Recovery> {
  const alive = "EXISTS (SELECT 1 FROM mailwright_worker AS worker " +
    "WHERE worker.id = mailwright_line.worker AND worker.lease_until > now())";
  const returned = await client.query(
    "UPDATE mailwright_line SET state = came_from, attempt = attempt - 1, worker = NULL " +
      `WHERE job = $1 AND state = 'claimed' AND NOT ${alive} RETURNING id`,
    [job],
  );
  // The runner stays with the row: should it only have slept, it may still say what it has heard.
  const doubts = await client.query(
    "UPDATE mailwright_line SET state = 'in_doubt', changed_ms = $2, " +
      "text = 'its runner gave no sign of life before the answer came' " +
      `WHERE job = $1 AND state = 'committing' AND NOT ${alive} RETURNING id`,
    [job, nowMs],
  );
  return { returned: returned.length, inDoubt: doubts.length };
}

/** A change that waits to be written. */
type Change =
  | { readonly kind: "committing"; readonly id: number }
  | { readonly kind: "outcome"; readonly outcome: RowOutcome };

/** How a job is run. */
interface JobOptions {
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly messagesPerSecond: number;
}

class PostgresJob implements JobJournal {
  readonly job: JobRecord;
  readonly limiter?: Limiter;
  readonly #client: SqlClient;
  readonly #options: JobOptions;
  readonly #worker = crypto.randomUUID();
  readonly #group: GroupCommit<Change>;
  readonly #over = new AbortController();
  /** Changes that did not take effect, as the row was not this runner's any more. */
  readonly #refused = new Set<Change>();
  #renewing: Promise<void> | undefined;
  #reapedMs = -Infinity;

  constructor(client: SqlClient, job: JobRecord, options: JobOptions) {
    this.job = job;
    this.#client = client;
    this.#options = options;
    this.#group = new GroupCommit((changes) => this.#write(changes));
    const { messagesPerSecond, clock } = options;
    if (messagesPerSecond < Infinity) {
      const reserve = (count: number): Promise<Slots> => this.#reserve(count);
      this.limiter = new SlotLimiter(reserve, messagesPerSecond, clock);
    }
  }

  /** Takes the lease, and renews it from now on. */
  async begin(): Promise<void> {
    await this.#renew();
    this.#renewing = this.#keepAlive();
  }

  /** Gives rows and lease back. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#renewing;
    await this.#group.flush();
    try {
      await this.#client.query("DELETE FROM mailwright_worker WHERE id = $1", [this.#worker]);
      await reap(this.#client, this.job.id, this.#options.clock.now());
    } catch {
      // It cannot be reached: the lease runs out by itself, and the others do the rest.
    }
  }

  async #keepAlive(): Promise<void> {
    const { clock, leaseMs } = this.#options;
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        await clock.sleep(leaseMs / 3, { signal, background: true });
        await this.#renew();
      } catch {
        // The end; or the server cannot be reached now: the next turn may come in time, and a lease
        // that has run out lets nothing more be sent.
      }
    }
  }

  async #renew(): Promise<void> {
    await this.#client.query(
      "INSERT INTO mailwright_worker (id, lease_until) " +
        "VALUES ($1, now() + make_interval(secs => $2)) " +
        "ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until",
      [this.#worker, this.#options.leaseMs / 1000],
    );
  }

  async claim(limit: number, nowMs: number): Promise<readonly ClaimedRow[]> {
    const { clock, leaseMs } = this.#options;
    if (clock.monotonic() - this.#reapedMs > leaseMs / 3) {
      this.#reapedMs = clock.monotonic();
      await reap(this.#client, this.job.id, nowMs);
    }
    const claimed = await this.#claim("state = 'pending'", "id", limit, nowMs);
    const left = limit - claimed.length;
    if (left > 0) {
      const due = "state = 'deferred' AND not_before_ms <= $4";
      claimed.push(...await this.#claim(due, "not_before_ms", left, nowMs));
    }
    return claimed;
  }

  async #claim(due: string, order: string, limit: number, nowMs: number): Promise<ClaimedRow[]> {
    const rows = await this.#client.query(
      "WITH due AS (SELECT id FROM mailwright_line " +
        `WHERE job = $1 AND ${due} ORDER BY ${order} LIMIT $2 FOR UPDATE SKIP LOCKED) ` +
        "UPDATE mailwright_line AS line SET came_from = state, state = 'claimed', worker = $3, " +
        "attempt = attempt + 1, first_claim_ms = coalesce(first_claim_ms, $4) " +
        "FROM due WHERE line.job = $1 AND line.id = due.id " +
        "RETURNING line.id, line.line, recipient, fields, attempt, first_claim_ms",
      [this.job.id, limit, this.#worker, nowMs],
    );
    return rows.map(claimedRow).sort((a, b) => a.id - b.id);
  }

  committing(id: number): Promise<void> {
    return this.#change({ kind: "committing", id }, id, "committing");
  }

  outcome(outcome: RowOutcome): Promise<void> {
    return this.#change({ kind: "outcome", outcome }, outcome.id, outcome.state);
  }

  async #change(change: Change, id: number, state: RowState): Promise<void> {
    await this.#group.add(change);
    if (this.#refused.delete(change)) {
      throw new BulkJournalError(
        "state",
        `Cannot make row ${id} "${state}": it is not this runner's, or nothing leads there`,
      );
    }
  }

  async #write(changes: readonly Change[]): Promise<void> {
    try {
      await this.#client.transaction(async (queries) => {
        // A row's outcome comes after its "committing" has been answered: never both in one group.
        const ids = changes.flatMap((change) => change.kind === "committing" ? change.id : []);
        const done = new Set<number>();
        if (ids.length > 0) {
          const granted = await queries.query(
            "UPDATE mailwright_line SET state = 'committing', changed_ms = $4 " +
              "WHERE job = $1 AND id = ANY($2::int[]) AND worker = $3 AND state = 'claimed' " +
              "AND EXISTS (SELECT 1 FROM mailwright_worker WHERE id = $3 AND lease_until > now()) " +
              "RETURNING id",
            [this.job.id, ids, this.#worker, this.#options.clock.now()],
          );
          for (const { id } of granted) done.add(Number(id));
        }
        const outcomes = changes.flatMap((each) => each.kind === "outcome" ? each.outcome : []);
        for (const { id } of await this.#writeOutcomes(queries, outcomes)) done.add(Number(id));
        for (const change of changes) {
          const id = change.kind === "committing" ? change.id : change.outcome.id;
          if (!done.has(id)) this.#refused.add(change);
        }
      });
    } catch (error) {
      this.#refused.clear();
      throw new BulkJournalError(
        "storage",
        `Cannot write to the journal: ${error instanceof Error ? error.message : error}`,
        { cause: error },
      );
    }
  }

  async #writeOutcomes(
    queries: SqlQueries,
    outcomes: readonly RowOutcome[],
  ): Promise<readonly SqlRow[]> {
    if (outcomes.length === 0) return [];
    return await queries.query(
      "UPDATE mailwright_line AS line SET state = new.state, " +
        "attempt = attempt - CASE WHEN new.state = 'pending' THEN 1 ELSE 0 END, " +
        "worker = NULL, changed_ms = $3, not_before_ms = new.not_before_ms, stage = new.stage, " +
        "code = new.code, enhanced = new.enhanced, text = new.text, queue_id = new.queue_id, " +
        "ms = new.ms FROM (SELECT id, state, nullif(not_before_ms, -1) AS not_before_ms, " +
        "nullif(stage, '') AS stage, nullif(code, -1) AS code, nullif(enhanced, '') AS enhanced, " +
        "nullif(text, '') AS text, nullif(queue_id, '') AS queue_id, nullif(ms, -1) AS ms " +
        "FROM unnest($4::int[], $5::text[], $6::bigint[], $7::text[], $8::int[], $9::text[], " +
        "$10::text[], $11::text[], $12::float8[]) " +
        "AS raw (id, state, not_before_ms, stage, code, enhanced, text, queue_id, ms)) AS new " +
        "WHERE line.job = $1 AND line.id = new.id AND line.worker = $2 AND (" +
        // "in_doubt": the others took this runner for dead, and it has heard the answer after all.
        "line.state IN ('committing', 'in_doubt') OR " +
        "line.state = 'claimed' AND new.state NOT IN ('accepted', 'in_doubt')) RETURNING line.id",
      [
        this.job.id,
        this.#worker,
        this.#options.clock.now(),
        outcomes.map(({ id }) => id),
        outcomes.map(({ state }) => state),
        outcomes.map(({ notBeforeMs = -1 }) => notBeforeMs),
        outcomes.map(({ stage = "" }) => stage),
        outcomes.map(({ code = -1 }) => code),
        outcomes.map(({ enhanced = "" }) => enhanced),
        outcomes.map(({ text = "" }) => text.replaceAll("\0", "\ufffd")), // no NUL in text there
        outcomes.map(({ queueId = "" }) => queueId),
        outcomes.map(({ ms = -1 }) => ms),
      ],
    );
  }

  async nextDueMs(): Promise<number | undefined> {
    const [row] = await this.#client.query(
      "SELECT min(not_before_ms) AS due FROM mailwright_line WHERE job = $1 AND state = 'deferred'",
      [this.job.id],
    );
    return numberOf(row?.["due"]);
  }

  async counts(): Promise<Readonly<Record<RowState, number>>> {
    const rows = await this.#client.query(
      "SELECT state, count(*)::int AS count FROM mailwright_line WHERE job = $1 GROUP BY state",
      [this.job.id],
    );
    const found = new Map(rows.map((row) => [row["state"], Number(row["count"])]));
    const counts = ROW_STATES.map((state) => [state, found.get(state) ?? 0] as const);
    return Object.fromEntries(counts) as Record<RowState, number>; // every state is in the list
  }

  async *rows({ states = ROW_STATES }: RowFilter = {}): AsyncGenerator<ReportedRow> {
    for (let after = 0;;) {
      const page = await this.#client.query(
        "SELECT * FROM mailwright_line WHERE job = $1 AND id > $2 AND state = ANY($3::text[]) " +
          "ORDER BY id LIMIT $4",
        [this.job.id, after, states, PAGE],
      );
      for (const row of page) yield reportedRow(row);
      if (page.length < PAGE) return;
      after = Number(page.at(-1)?.["id"]);
    }
  }

  async release(release: Release): Promise<number> {
    const { state, from, text } = releasedTo(release);
    const { to, by, atMs, recipients, codes, reason } = release;
    return await this.#client.transaction(async (queries) => {
      const released = await queries.query(
        "WITH released AS (UPDATE mailwright_line SET state = $2, worker = NULL, changed_ms = $3, " +
          `text = $4, ${UNSAID}, ` +
          "attempt = CASE state WHEN 'failed' THEN 0 ELSE attempt END " +
          "WHERE job = $1 AND state = $5 " +
          "AND ($6::text[] IS NULL OR recipient = ANY($6::text[])) " +
          "AND ($7::text[] IS NULL OR code::text = ANY($7::text[]) OR enhanced = ANY($7::text[])) " +
          "AND ($8::text IS NULL OR position($8::text IN text) > 0) " +
          // Who was in doubt and called failed may have been written to.
          "AND (state = 'in_doubt' OR $6::text[] IS NOT NULL OR id NOT IN " +
          "(SELECT line FROM mailwright_word WHERE job = $1 AND said = 'failed')) RETURNING id) " +
          "INSERT INTO mailwright_word (job, line, said, said_by, said_ms) " +
          "SELECT $1, id, $9, $10, $3 FROM released RETURNING line",
        [
          ...[this.job.id, state, atMs, text, from],
          ...[recipients ?? null, codes ?? null, reason ?? null, to, by],
        ],
      );
      const skipped = await queries.query(
        `UPDATE mailwright_line SET ${TO_SUPPRESSED} WHERE job = $2 AND state = 'pending' ` +
          `AND ${IS_SUPPRESSED} RETURNING id`,
        [atMs, this.job.id],
      );
      return released.length - skipped.length;
    });
  }

  /** The next slots of the shared rate; the clock of the database counts. */
  async #reserve(count: number): Promise<Slots> {
    const [row] = await this.#client.query(
      "UPDATE mailwright_job SET " +
        "next_slot = greatest(next_slot, clock_timestamp()) + make_interval(secs => $2) " +
        "WHERE id = $1 RETURNING " +
        "extract(epoch FROM next_slot - clock_timestamp())::float8 AS until",
      [this.job.id, count / this.#options.messagesPerSecond],
    );
    const untilMs = Number(row?.["until"]) * 1000;
    const inMs = untilMs - count * 1000 / this.#options.messagesPerSecond;
    return { inMs: Math.max(inMs, 0), count };
  }
}
