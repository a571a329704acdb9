/**
 * The tables of a journal in PostgreSQL.
 *
 * @module
 */

import { UNSAID } from "./released.ts";

/**
 * A key without its case, as in SQLite that of ASCII. Duplicates are told by their key as it is; but
 * hardly a server tells `Ann@` from `ann@`, and whoever wants no mail gets none at either.
 */
const FOLDED = 'lower(key COLLATE "C")';

/** Makes the tables where they are missing. All names begin alike, so that they may share a database. */
export const CREATE_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS mailwright_job (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    fingerprint text NOT NULL,
    content_hash text NOT NULL,
    settings text NOT NULL,
    created_ms bigint NOT NULL,
    row_count integer NOT NULL DEFAULT 0,
    next_slot timestamptz NOT NULL DEFAULT '-infinity'
  )`,
  `CREATE TABLE IF NOT EXISTS mailwright_worker (
    id text PRIMARY KEY,
    lease_until timestamptz NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS mailwright_line (
    job integer NOT NULL REFERENCES mailwright_job,
    id integer NOT NULL,
    line integer NOT NULL,
    recipient text NOT NULL,
    key text,
    fields text NOT NULL,
    state text NOT NULL,
    came_from text,
    worker text,
    attempt integer NOT NULL DEFAULT 0,
    first_claim_ms bigint,
    not_before_ms bigint,
    stage text,
    code integer,
    enhanced text,
    text text,
    queue_id text,
    ms double precision,
    changed_ms bigint NOT NULL,
    PRIMARY KEY (job, id)
  )`,
  `CREATE UNIQUE INDEX IF NOT EXISTS mailwright_line_key ON mailwright_line (job, key)
    WHERE key IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS mailwright_line_pending ON mailwright_line (job, id)
    WHERE state = 'pending'`,
  `CREATE INDEX IF NOT EXISTS mailwright_line_due ON mailwright_line (job, not_before_ms)
    WHERE state = 'deferred'`,
  `CREATE INDEX IF NOT EXISTS mailwright_line_held ON mailwright_line (job, worker)
    WHERE state IN ('claimed', 'committing')`,
  "CREATE TABLE IF NOT EXISTS mailwright_suppressed (key text PRIMARY KEY)",
  `CREATE INDEX IF NOT EXISTS mailwright_suppressed_folded
    ON mailwright_suppressed ((${FOLDED}))`,
  `CREATE TABLE IF NOT EXISTS mailwright_word (
    job integer NOT NULL REFERENCES mailwright_job,
    line integer NOT NULL,
    said text NOT NULL,
    said_by text NOT NULL,
    said_ms bigint NOT NULL
  )`,
];

/** What becomes of rows whose address was suppressed, as long as they wait; $1 is the time. */
export const TO_SUPPRESSED: string =
  `state = 'skipped', text = 'suppressed', changed_ms = $1, ${UNSAID}`;
/** Which rows these are. */
export const IS_SUPPRESSED: string = `${FOLDED} IN (SELECT ${FOLDED} FROM mailwright_suppressed)`;
/** Those of them that wait. */
export const WAITS_SUPPRESSED: string = `state IN ('pending', 'deferred') AND ${IS_SUPPRESSED}`;
