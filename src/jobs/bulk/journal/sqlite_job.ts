/**
 * A job in a SQLite file, as a runner and reports see it.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Clock } from "../../../wire/mod.ts";
import type { FileStore } from "../../file_store.ts";
import { GroupCommit } from "./group_commit.ts";
import type {
  ClaimedRow,
  JobJournal,
  JobRecord,
  Release,
  ReportedRow,
  RowFilter,
  RowOutcome,
} from "./journal.ts";
import { releasedTo, UNSAID } from "./released.ts";
import { type HeldRow, RowBook } from "./row_book.ts";
import { rolledBack } from "./sqlite_problem.ts";
import { IS_SUPPRESSED, TO_SUPPRESSED } from "./sqlite_schema.ts";
import { ROW_STATES, type RowState } from "./states.ts";
import { claimedRow, numberOf, reportedRow } from "./stored_row.ts";

/** How many rows are read at once. */
const PAGE = 500;
/** What the operator's word is about. Who was in doubt and called failed may have been written to. */
const RELEASED = "job = :job AND state = :from " +
  "AND (:recipients IS NULL OR recipient IN (SELECT value FROM json_each(:recipients))) " +
  "AND (:codes IS NULL OR CAST(code AS TEXT) IN (SELECT value FROM json_each(:codes)) " +
  "OR enhanced IN (SELECT value FROM json_each(:codes))) " +
  "AND (:reason IS NULL OR instr(text, :reason) > 0) " +
  "AND (state = 'in_doubt' OR :recipients IS NOT NULL " +
  "OR id NOT IN (SELECT line FROM word WHERE job = :job AND said = 'failed'))";

/** A row as it is taken: this attempt counts, and its date is that of the first. */
const CLAIM = "id, line, recipient, fields, attempt + 1 AS attempt, " +
  "coalesce(first_claim_ms, ?) AS first_claim_ms";

/** What belongs to a journal besides its database. */
export interface JournalPlace {
  readonly path: string;
  readonly store: FileStore;
  readonly clock: Clock;
  readonly journalId: string;
  /** Whether it is looked at and no more. */
  readonly readOnly: boolean;
}

/** A change that waits to be written. */
type Change =
  | { readonly id: number; readonly held: HeldRow; readonly state: "committing" }
  | { readonly id: number; readonly held: HeldRow; readonly outcome: RowOutcome };

/** What a job needs of its journal. */
export interface JobOwner {
  /** Takes the lock. */
  readonly hold: () => Promise<void>;
  /** Ends the transaction that is open. */
  readonly commit: () => void;
}

export class SqliteJob implements JobJournal {
  readonly job: JobRecord;
  readonly #database: DatabaseSync;
  readonly #place: JournalPlace;
  readonly #owner: JobOwner;
  readonly #book = new RowBook();
  /** Rows whose outcome is being written. */
  readonly #unwritten = new Set<number>();
  readonly #group: GroupCommit<Change>;
  readonly #toCommitting: StatementSync;
  readonly #toOutcome: StatementSync;
  /** The last row that was claimed, and those that came back since. */
  #cursor = 0;
  #returned: ClaimedRow[] = [];

  constructor(database: DatabaseSync, job: JobRecord, place: JournalPlace, owner: JobOwner) {
    this.job = job;
    this.#database = database;
    this.#place = place;
    this.#owner = owner;
    this.#group = new GroupCommit((changes) => this.#write(changes));
    const where = `WHERE job = ${job.id} AND id = ?`;
    this.#toCommitting = database.prepare(
      `UPDATE line SET state = 'committing', attempt = ?, first_claim_ms = ?, changed_ms = ? ${where}`,
    );
    this.#toOutcome = database.prepare(
      "UPDATE line SET state = ?, attempt = ?, first_claim_ms = ?, not_before_ms = ?, stage = ?, " +
        `code = ?, enhanced = ?, text = ?, queue_id = ?, ms = ?, changed_ms = ? ${where}`,
    );
  }

  claim(limit: number, nowMs: number): Promise<readonly ClaimedRow[]> {
    const claimed = this.#returned.splice(0, limit);
    for (const row of claimed) this.#hold(row, "pending");
    for (const state of ["pending", "deferred"] as const) {
      if (claimed.length >= limit) break;
      for (const row of this.#due(state, limit - claimed.length, nowMs)) {
        const claim = claimedRow(row);
        this.#hold(claim, state);
        claimed.push(claim);
      }
    }
    return Promise.resolve(claimed);
  }

  #hold({ id, attempt, firstClaimMs }: ClaimedRow, from: HeldRow["from"]): void {
    this.#book.claim(id, { attempt, firstClaimMs, from });
    if (from === "pending") this.#cursor = Math.max(this.#cursor, id);
  }

  #due(state: "pending" | "deferred", limit: number, nowMs: number): Record<string, unknown>[] {
    if (state === "pending") {
      return this.#database.prepare(
        `SELECT ${CLAIM} FROM line WHERE job = ? AND id > ? AND state = 'pending' ` +
          "ORDER BY id LIMIT ?",
      ).all(nowMs, this.job.id, this.#cursor, limit);
    }
    // A claim is in the book alone: until its outcome is written, the row is found as deferred.
    const taken = (id: number): boolean => this.#book.has(id) || this.#unwritten.has(id);
    return this.#database.prepare(
      `SELECT ${CLAIM} FROM line WHERE job = ? AND state = 'deferred' AND not_before_ms <= ? ` +
        "ORDER BY not_before_ms LIMIT ?",
    ).all(nowMs, this.job.id, nowMs, limit + this.#book.size + this.#unwritten.size)
      .filter(({ id }) => !taken(Number(id))).slice(0, limit);
  }

  committing(id: number): Promise<void> {
    const held = this.#book.move(id, "committing");
    return this.#group.add({ id, held, state: "committing" });
  }

  async outcome(outcome: RowOutcome): Promise<void> {
    const { id } = outcome;
    const held = this.#book.move(id, outcome.state);
    this.#unwritten.add(id);
    await this.#group.add({ id, held, outcome });
    this.#unwritten.delete(id);
    if (outcome.state !== "pending") return;
    const row = this.#database.prepare(`SELECT ${CLAIM} FROM line WHERE job = ? AND id = ?`)
      .get(held.firstClaimMs, this.job.id, id);
    if (row !== undefined) this.#returned.push(claimedRow(row));
  }

  #write(changes: readonly Change[]): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      const nowMs = this.#place.clock.now();
      for (const change of changes) {
        const { attempt, firstClaimMs } = change.held;
        if ("state" in change) {
          this.#toCommitting.run(attempt, firstClaimMs, nowMs, change.id);
        } else this.#toOutcome.run(...valuesOf(change.outcome, change.held, nowMs));
      }
      this.#owner.commit();
    } catch (error) {
      throw rolledBack(this.#database, this.#place.path, error);
    }
  }

  nextDueMs(): Promise<number | undefined> {
    const row = this.#database.prepare(
      "SELECT min(not_before_ms) AS due FROM line WHERE job = ? AND state = 'deferred'",
    ).get(this.job.id);
    return Promise.resolve(numberOf(row?.["due"]));
  }

  counts(): Promise<Readonly<Record<RowState, number>>> {
    const rows = this.#database.prepare(
      "SELECT state, count(*) AS count FROM line WHERE job = ? GROUP BY state",
    ).all(this.job.id);
    const found = new Map(rows.map((row) => [row["state"], Number(row["count"])]));
    const counts = ROW_STATES.map((state) => [state, found.get(state) ?? 0] as const);
    return Promise.resolve(Object.fromEntries(counts) as Record<RowState, number>);
  }

  async *rows({ states = ROW_STATES }: RowFilter = {}): AsyncGenerator<ReportedRow> {
    const marks = states.map(() => "?").join(", ");
    const select = this.#database.prepare(
      `SELECT * FROM line WHERE job = ? AND id > ? AND state IN (${marks}) ORDER BY id LIMIT ${PAGE}`,
    );
    for (let after = 0;;) {
      const page = select.all(this.job.id, after, ...states);
      for (const row of page) yield reportedRow(row);
      if (page.length < PAGE) return;
      after = Number(page.at(-1)?.["id"]);
    }
  }

  async release(release: Release): Promise<number> {
    const { state, from, text } = releasedTo(release);
    await this.#owner.hold();
    const { to, by, atMs, recipients, codes, reason } = release;
    const which = {
      ...{ job: this.job.id, from, reason: reason ?? null },
      recipients: recipients === undefined ? null : JSON.stringify(recipients),
      codes: codes === undefined ? null : JSON.stringify(codes),
    };
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      this.#database.prepare(
        "INSERT INTO word (job, line, said, said_by, said_ms) " +
          `SELECT job, id, :to, :by, :atMs FROM line WHERE ${RELEASED}`,
      ).run({ ...which, to, by, atMs });
      const { changes } = this.#database.prepare(
        `UPDATE line SET state = :state, changed_ms = :atMs, text = :text, ${UNSAID}, ` +
          `attempt = CASE state WHEN 'failed' THEN 0 ELSE attempt END WHERE ${RELEASED}`,
      ).run({ ...which, state, atMs, text });
      const { changes: skipped } = this.#database.prepare(
        `UPDATE line SET ${TO_SUPPRESSED} WHERE job = ? AND state = 'pending' AND ${IS_SUPPRESSED}`,
      ).run(atMs, this.job.id);
      this.#owner.commit();
      return Number(changes) - Number(skipped);
    } catch (error) {
      throw rolledBack(this.#database, this.#place.path, error);
    }
  }

  /** Waits for what is being written. */
  flush(): Promise<void> {
    return this.#group.flush();
  }
}

function valuesOf(outcome: RowOutcome, held: HeldRow, nowMs: number): SQLInputValue[] {
  const { id, state, notBeforeMs, stage, code, enhanced, text, queueId, ms } = outcome;
  // Where nothing was sent, the attempt does not count.
  const attempt = state === "pending" ? held.attempt - 1 : held.attempt;
  return [
    state,
    attempt,
    held.firstClaimMs,
    notBeforeMs ?? null,
    stage ?? null,
    code ?? null,
    enhanced ?? null,
    text ?? null,
    queueId ?? null,
    ms ?? null,
    nowMs,
    id,
  ];
}
