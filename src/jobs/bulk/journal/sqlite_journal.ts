/**
 * The journal of one machine: a SQLite file in write-ahead mode, each commit synced.
 *
 * Beside it stand SQLite's own companions, a lock, and a mark that tells how far it had come.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Clock, systemClock } from "../../../wire/mod.ts";
import { denoFileStore } from "../../deno_file_store.ts";
import type { FileLock, FileStore } from "../../file_store.ts";
import { lockHolder } from "../../lock_holder.ts";
import type { BulkJournal, JobJournal, JobRecord, NewJob, NewRow, RunningJob } from "./journal.ts";
import { BulkJournalError } from "./journal_error.ts";
import { readMark, RunMark } from "./run_mark.ts";
import { type JournalPlace, SqliteJob } from "./sqlite_job.ts";
import { asProblem, isConstraint, problem, rolledBack, tryTo, UNOPENED } from "./sqlite_problem.ts";
import {
  APPLICATION_ID,
  CREATE_TABLES,
  SCHEMA_VERSION,
  SUPPRESSED,
  TO_SUPPRESSED,
  WAITS_SUPPRESSED,
} from "./sqlite_schema.ts";
import { jobRecord } from "./stored_row.ts";

/** How a journal in a file is opened. */
export interface SqliteJournalOptions {
  /** Whether a journal is made if there is none. @default {false} */
  readonly create?: boolean;
  /** Whether a copy of a journal is taken for the journal itself. @default {false} */
  readonly moved?: boolean;
  /** Whether it is looked at and no more: nothing of it needs to be writable. @default {false} */
  readonly readOnly?: boolean;
  /** Where its lock is. @default {denoFileStore} */
  readonly store?: FileStore;
  /** Its wall side tells when rows have changed. @default {systemClock} */
  readonly clock?: Clock;
}

/** Whoever begins or ends to write, or only looks, has the file for itself for a moment. */
const PATIENT = "PRAGMA busy_timeout = 10000";
/** A commit is on the disk when it is over. */
const WRITING = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";

/**
 * Opens a journal in a file.
 *
 * @param path The file. Its folder must be there.
 * @param options How.
 * @returns The journal.
 * @throws {BulkJournalError} If it cannot be trusted.
 *
 * @example Usage
 * ```ts
 * import { openSqliteJournal } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
 * await using journal = await openSqliteJournal(`${folder}/welcome.db`, { create: true });
 * const about = { name: "welcome", fingerprint: "", contentHash: "", settings: {} };
 * const row = { line: 2, recipient: "ann@mail.example", key: "ann@mail.example", fields: {} };
 * const { id } = await journal.create(about, [row]);
 *
 * const { journal: job } = await journal.run(id, Date.now());
 * const [claimed] = await job.claim(1, Date.now());
 * equal(claimed?.recipient, "ann@mail.example");
 * ```
 */
export async function openSqliteJournal(
  path: string,
  options: SqliteJournalOptions = {},
): Promise<BulkJournal> {
  const { DatabaseSync } = await import("node:sqlite");
  const { create = false, moved = false, readOnly = false } = options;
  const { store = denoFileStore, clock = systemClock } = options;
  const file = await statOf(path);
  const mark = await readMark(`${path}.mark`);
  const begun = (): void => {
    if (mark !== undefined) {
      throw problem("missing", path, "it is gone, though it was there before");
    }
    if (!create || readOnly) throw problem("missing", path, "there is none");
  };
  if (file === undefined) {
    begun();
    await make(path);
  }
  const open = (): DatabaseSync => opened(() => new DatabaseSync(path, { readOnly }), path);
  let database = open();
  // A run that died as it ended has left what SQLite takes back; but not for who only looks.
  if (readOnly && !isReadable(database)) {
    database.close();
    tryTo(() => {
      using writable = new DatabaseSync(path);
      isReadable(writable);
    });
    database = open();
  }
  try {
    database.exec(PATIENT);
    // Somebody may have died who was about to make it: SQLite takes that back, and nothing is left.
    if (pragma(database, "page_count") === 0) {
      begun();
      await begin(database, path);
    } else check(database, path);
    const meta = new Meta(database);
    const journalId = meta.get("id") ?? "";
    if (mark !== undefined) {
      if (mark.journalId !== journalId) {
        throw problem("foreign", path, "another journal was here before");
      }
      const lost = mark.commits - Number(meta.get("commits"));
      if (lost > 0) throw problem("damaged", path, `its last ${lost} commits are missing`);
    }
    const place = placeOf(await Deno.stat(path));
    if (meta.get("place") !== place) {
      if (!moved) {
        throw problem(
          "moved",
          path,
          "it is a copy, and somebody may have gone on with the original",
        );
      }
      if (!readOnly) meta.set("place", place);
    }
    return new SqliteJournal(database, { path, store, clock, journalId, readOnly });
  } catch (error) {
    database.close();
    throw asProblem(error, path);
  }
}

/** Makes the file. It names people: only its owner may read it. */
async function make(path: string): Promise<void> {
  try {
    (await Deno.open(path, { write: true, createNew: true, mode: 0o600 })).close();
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : `${cause}`;
    throw new BulkJournalError("storage", `Cannot make the journal "${path}": ${seen}`, { cause });
  }
}

/** Opens the file. What is thrown then has no code. */
function opened(open: () => DatabaseSync, path: string): DatabaseSync {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new BulkJournalError("storage", `Cannot use the journal "${path}": ${UNOPENED}`, {
      cause,
    });
  }
}

function isReadable(database: DatabaseSync): boolean {
  try {
    database.exec(PATIENT);
    pragma(database, "page_count");
    return true;
  } catch {
    return false; // why, the next one who asks is told
  }
}

/** Makes the tables of a new journal. */
async function begin(database: DatabaseSync, path: string): Promise<void> {
  const place = placeOf(await Deno.stat(path));
  database.exec(`BEGIN IMMEDIATE; ${CREATE_TABLES}`);
  const meta = new Meta(database);
  meta.set("id", crypto.randomUUID());
  meta.set("commits", "0");
  meta.set("place", place);
  database.exec("COMMIT");
}

/** Refuses what is no journal, or not a whole one. */
function check(database: DatabaseSync, path: string): void {
  if (pragma(database, "application_id") !== APPLICATION_ID) {
    throw problem("foreign", path, "it is no journal of bulk jobs");
  }
  const version = pragma(database, "user_version");
  if (version !== SCHEMA_VERSION) {
    throw problem("foreign", path, `its version is ${version}, expected ${SCHEMA_VERSION}`);
  }
  const found = pragma(database, "integrity_check");
  if (found !== "ok") throw problem("damaged", path, `${found}`);
}

function pragma(database: DatabaseSync, name: string): unknown {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

class Meta {
  readonly #get: StatementSync;
  readonly #set: StatementSync;

  constructor(database: DatabaseSync) {
    this.#get = database.prepare("SELECT value FROM meta WHERE name = ?");
    this.#set = database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)");
  }

  get(name: string): string | undefined {
    const value = this.#get.get(name)?.["value"];
    return typeof value === "string" ? value : undefined;
  }

  set(name: string, value: string): void {
    this.#set.run(name, value);
  }
}

class SqliteJournal implements BulkJournal {
  readonly #database: DatabaseSync;
  readonly #place: JournalPlace;
  readonly #meta: Meta;
  readonly #opened = new Set<SqliteJob>();
  #lock: FileLock | undefined;
  #mark: RunMark | undefined;
  #commits: number;

  constructor(database: DatabaseSync, place: JournalPlace) {
    this.#database = database;
    this.#place = place;
    this.#meta = new Meta(database);
    this.#commits = Number(this.#meta.get("commits"));
  }

  async create(job: NewJob, rows: AsyncIterable<NewRow> | Iterable<NewRow>): Promise<JobRecord> {
    await this.#hold();
    const createdMs = this.#place.clock.now();
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const { fingerprint, contentHash, name, settings } = job;
      const { lastInsertRowid } = this.#database.prepare(
        "INSERT INTO job (name, fingerprint, content_hash, settings, created_ms, row_count) " +
          "VALUES (?, ?, ?, ?, ?, 0)",
      ).run(name, fingerprint, contentHash, JSON.stringify(settings), createdMs);
      const id = Number(lastInsertRowid);
      const count = await this.#import(id, rows, createdMs);
      this.#database.prepare("UPDATE job SET row_count = ? WHERE id = ?").run(count, id);
      this.#commit();
      return { ...job, id, createdMs, rows: count };
    } catch (error) {
      const reason = rolledBack(this.#database, this.#place.path, error);
      if (isConstraint(error)) {
        throw new BulkJournalError(
          "state",
          `Cannot make a job named "${job.name}": the journal has one already`,
          { cause: error },
        );
      }
      throw reason;
    }
  }

  async #import(
    job: number,
    rows: AsyncIterable<NewRow> | Iterable<NewRow>,
    nowMs: number,
  ): Promise<number> {
    const insert = this.#database.prepare(
      "INSERT INTO line (job, id, line, recipient, key, fields, state, text, changed_ms) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) " +
        "ON CONFLICT (job, key) WHERE key IS NOT NULL DO NOTHING",
    );
    const first = this.#database.prepare("SELECT line FROM line WHERE job = ? AND key = ?");
    const suppressed = this.#database.prepare(
      "SELECT 1 FROM suppressed WHERE key = ? COLLATE NOCASE",
    );
    const anySuppressed =
      this.#database.prepare("SELECT 1 FROM suppressed LIMIT 1").get() !== undefined;
    let id = 0;
    const put = (row: NewRow, key: string | null, reason: string | null): boolean => {
      const { line, recipient, fields } = row;
      const state = reason === null ? "pending" : "skipped";
      const { changes } = insert.run(
        ...[job, id, line, recipient, key, JSON.stringify(fields), state, reason, nowMs],
      );
      return changes !== 0;
    };
    for await (const row of rows) {
      const { key, skip } = row;
      id++;
      const isSuppressed = anySuppressed && suppressed.get(key) !== undefined;
      if (put(row, key, skip ?? (isSuppressed ? SUPPRESSED : null))) continue;
      // The index has refused the key. It does the looking up: a row that stands once is one statement.
      put(row, null, `duplicate of line ${first.get(job, key)?.["line"]}`);
    }
    return id;
  }

  jobs(): Promise<readonly JobRecord[]> {
    const rows = this.#database.prepare("SELECT * FROM job ORDER BY id").all();
    return Promise.resolve(rows.map(jobRecord));
  }

  async run(id: number, nowMs: number): Promise<RunningJob> {
    await this.#hold();
    const job = this.#job(id);
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      const { changes } = this.#database.prepare(
        "UPDATE line SET state = 'in_doubt', changed_ms = ?, " +
          "text = 'the run ended before the answer came' WHERE job = ? AND state = 'committing'",
      ).run(nowMs, id);
      this.#database.prepare(
        `UPDATE line SET ${TO_SUPPRESSED} WHERE job = ? AND ${WAITS_SUPPRESSED}`,
      )
        .run(nowMs, id);
      this.#commit();
      // Claims are not written down: a row that was claimed is found where it came from.
      const recovery = { returned: 0, inDoubt: Number(changes) };
      return { journal: this.#open(job), recovery };
    } catch (error) {
      throw rolledBack(this.#database, this.#place.path, error);
    }
  }

  look(id: number): Promise<JobJournal> {
    return Promise.resolve(this.#open(this.#job(id)));
  }

  async suppress(
    keys: AsyncIterable<string> | Iterable<string>,
    nowMs: number,
  ): Promise<number> {
    await this.#hold();
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const insert = this.#database.prepare("INSERT OR IGNORE INTO suppressed (key) VALUES (?)");
      for await (const key of keys) insert.run(key);
      const { changes } = this.#database.prepare(
        `UPDATE line SET ${TO_SUPPRESSED} WHERE ${WAITS_SUPPRESSED}`,
      ).run(nowMs);
      this.#commit();
      return Number(changes);
    } catch (error) {
      throw rolledBack(this.#database, this.#place.path, error);
    }
  }

  contacted(id: number, sinceMs: number): ReturnType<BulkJournal["contacted"]> {
    const rows = this.#database.prepare(
      "SELECT job.name AS name, count(*) AS recipients FROM line AS mine " +
        "JOIN line AS theirs ON theirs.key = mine.key AND theirs.job <> mine.job " +
        "JOIN job ON job.id = theirs.job WHERE mine.job = ? AND theirs.changed_ms >= ? " +
        "AND theirs.state IN ('accepted', 'committing', 'in_doubt') GROUP BY job.id ORDER BY job.id",
    ).all(id, sinceMs);
    return Promise.resolve(
      rows.map((row) => ({ job: `${row["name"]}`, recipients: Number(row["recipients"]) })),
    );
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    for (const job of this.#opened) await job.flush();
    // What is left is one file, which can be read where nothing can be written; unless somebody looks.
    if (this.#lock !== undefined) tryTo(() => this.#database.exec("PRAGMA journal_mode = DELETE"));
    this.#database.close();
    this.#mark?.[Symbol.dispose]();
    this.#lock?.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends the transaction that is open, and remembers it. */
  #commit(): void {
    const commits = this.#commits + 1;
    this.#meta.set("commits", `${commits}`);
    this.#database.exec("COMMIT");
    this.#commits = commits;
    this.#mark?.set(commits);
  }

  /** Takes the lock: from here on only this process writes. */
  async #hold(): Promise<void> {
    if (this.#lock !== undefined) return;
    if (this.#place.readOnly) {
      throw problem("state", this.#place.path, "it was opened to be looked at");
    }
    const lockPath = `${this.#place.path}.lock`;
    const lock = await this.#place.store.lock(lockPath);
    if (lock === undefined) {
      const holder = await lockHolder(this.#place.store, lockPath);
      throw problem("busy", this.#place.path, `another run holds it${holder}`);
    }
    try {
      this.#database.exec(WRITING);
      this.#commits = Number(this.#meta.get("commits"));
      this.#mark = new RunMark(`${this.#place.path}.mark`, this.#place.journalId);
      this.#mark.set(this.#commits);
    } catch (error) {
      lock.release();
      throw asProblem(error, this.#place.path);
    }
    this.#lock = lock;
  }

  #job(id: number): JobRecord {
    const row = this.#database.prepare("SELECT * FROM job WHERE id = ?").get(id);
    if (row === undefined) {
      throw new BulkJournalError(
        "state",
        `Cannot open job ${id}: the journal has none of that number`,
      );
    }
    return jobRecord(row);
  }

  #open(job: JobRecord): SqliteJob {
    const opened = new SqliteJob(this.#database, job, this.#place, {
      hold: () => this.#hold(),
      commit: () => this.#commit(),
    });
    this.#opened.add(opened);
    return opened;
  }
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Where a file lies on the disk: a copy lies somewhere else. */
function placeOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino}`;
}
