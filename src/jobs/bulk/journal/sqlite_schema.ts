/**
 * The tables of a journal in SQLite.
 *
 * @module
 */

import { UNSAID } from "./released.ts";

/** "mwbj": whose file it is. */
export const APPLICATION_ID: number = 0x6d77626a;
/** Which tables it has. */
export const SCHEMA_VERSION: number = 1;

/** Makes the tables. Rows are found by their number, and those that wait by their time. */
export const CREATE_TABLES: string = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    row_count INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE line (
    job INTEGER NOT NULL REFERENCES job (id),
    id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    key TEXT,
    fields TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    first_claim_ms INTEGER,
    not_before_ms INTEGER,
    stage TEXT,
    code INTEGER,
    enhanced TEXT,
    text TEXT,
    queue_id TEXT,
    ms REAL,
    changed_ms INTEGER NOT NULL,
    PRIMARY KEY (job, id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX line_key ON line (job, key) WHERE key IS NOT NULL;
  CREATE INDEX line_due ON line (job, not_before_ms) WHERE state = 'deferred';
  CREATE TABLE suppressed (key TEXT COLLATE NOCASE PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE word (
    job INTEGER NOT NULL REFERENCES job (id),
    line INTEGER NOT NULL,
    said TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_ms INTEGER NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Why a row is skipped whose address was suppressed. */
export const SUPPRESSED = "suppressed";
/** What becomes of such rows that wait; its one parameter is the time. */
export const TO_SUPPRESSED: string =
  `state = 'skipped', text = '${SUPPRESSED}', changed_ms = ?, ${UNSAID}`;
/**
 * Which rows these are. Duplicates are told by their key as it is; but hardly a server tells `Ann@` from
 * `ann@`, and whoever wants no mail gets none at either.
 */
export const IS_SUPPRESSED = "key COLLATE NOCASE IN (SELECT key FROM suppressed)";
/** Those of them that wait. */
export const WAITS_SUPPRESSED: string = `state IN ('pending', 'deferred') AND ${IS_SUPPRESSED}`;
