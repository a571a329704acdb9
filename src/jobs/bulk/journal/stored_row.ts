/**
 * Rows of a database as values of a journal; the columns have the same names in all of them.
 *
 * @module
 */

import type { ClaimedRow, JobRecord, ReportedRow } from "./journal.ts";
import { ROW_STATES } from "./states.ts";

/** A row, by the names of its columns. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** A job. */
export function jobRecord(row: StoredRow): JobRecord {
  return {
    id: Number(row["id"]),
    name: `${row["name"]}`,
    fingerprint: `${row["fingerprint"]}`,
    contentHash: `${row["content_hash"]}`,
    settings: JSON.parse(`${row["settings"]}`),
    createdMs: Number(row["created_ms"]),
    rows: Number(row["row_count"]),
  };
}

/** A row that has been claimed: its attempt is counted already. */
export function claimedRow(row: StoredRow): ClaimedRow {
  return {
    id: Number(row["id"]),
    line: Number(row["line"]),
    recipient: `${row["recipient"]}`,
    fields: JSON.parse(`${row["fields"]}`),
    attempt: Number(row["attempt"]),
    firstClaimMs: Number(row["first_claim_ms"]),
  };
}

/** A row as reports show it. */
export function reportedRow(row: StoredRow): ReportedRow {
  const recipient = `${row["recipient"]}`;
  return {
    id: Number(row["id"]),
    line: Number(row["line"]),
    recipient,
    domain: recipient.slice(recipient.lastIndexOf("@") + 1),
    // What is no state is damage; nobody may take it for one that is sent again.
    state: ROW_STATES.find((state) => state === row["state"]) ?? "in_doubt",
    attempt: Number(row["attempt"]),
    ...maybe("stage", textOf(row["stage"])),
    ...maybe("code", numberOf(row["code"])),
    ...maybe("enhanced", textOf(row["enhanced"])),
    ...maybe("text", textOf(row["text"])),
    ...maybe("queueId", textOf(row["queue_id"])),
    ...maybe("notBeforeMs", numberOf(row["not_before_ms"])),
    changedMs: Number(row["changed_ms"]),
    ...maybe("ms", numberOf(row["ms"])),
  };
}

/** A number of a column, which PostgreSQL may give as text; `undefined` for NULL. */
export function numberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function maybe<N extends string, V>(name: N, value: V | undefined): { readonly [K in N]?: V } {
  // The one key of the object is the name.
  return (value === undefined ? {} : { [name]: value }) as { [K in N]?: V };
}
