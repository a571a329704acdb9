/**
 * The durable memory of bulk jobs. Two back ends keep the same promises: a SQLite file for one
 * machine, PostgreSQL for several.
 *
 * @module
 */

import type { Limiter } from "../../../smtp/mod.ts";
import type { RowState } from "./states.ts";

/** A row of a list, as it goes into a journal. */
export interface NewRow {
  /** The physical line on which it begins, the first is 1. */
  readonly line: number;
  /** The address as it is sent to. */
  readonly recipient: string;
  /** What makes two addresses the same: the local part, and the domain normalised. */
  readonly key: string;
  /** The fields of the template. */
  readonly fields: Readonly<Record<string, string>>;
  /** Why nothing is sent, decided before the job begins: `suppressed` and the like. */
  readonly skip?: string;
}

/** What a job is. None of it is secret. */
export interface NewJob {
  /** Its name; unique in the journal. */
  readonly name: string;
  /** SHA-256 of list, message, attachments and identity, hexadecimal. */
  readonly fingerprint: string;
  /** SHA-256 of the content alone: what another job must not send again unasked. */
  readonly contentHash: string;
  /** What else a runner must know to go on: plain JSON, made and read by the caller. */
  readonly settings: unknown;
}

/** A job of a journal. */
export interface JobRecord extends NewJob {
  /** Its number. */
  readonly id: number;
  /** When it was made, in milliseconds since 1970. */
  readonly createdMs: number;
  /** How many rows it has. */
  readonly rows: number;
}

/** A row that a runner has taken. */
export interface ClaimedRow {
  /** Its number in the job. */
  readonly id: number;
  /** The line of the list. */
  readonly line: number;
  /** The address. */
  readonly recipient: string;
  /** The fields of the template. */
  readonly fields: Readonly<Record<string, string>>;
  /** Which attempt this is; the first is 1. */
  readonly attempt: number;
  /** When it was first claimed, in milliseconds since 1970: the Date of its message, always. */
  readonly firstClaimMs: number;
}

/** What became of a row. */
export interface RowOutcome {
  /** The row. */
  readonly id: number;
  /** Its new state. `pending`: nothing was sent, and it may be claimed again. */
  readonly state: "pending" | "accepted" | "deferred" | "failed" | "in_doubt" | "skipped";
  /** When it is due again, in milliseconds since 1970. */
  readonly notBeforeMs?: number;
  /** How far its message came. */
  readonly stage?: string;
  /** The reply code that decided it. */
  readonly code?: number;
  /** The enhanced status code. */
  readonly enhanced?: string;
  /** The text of the reply, or the reason in words. */
  readonly text?: string;
  /** The server's name for the message. */
  readonly queueId?: string;
  /** How long the server took for the transaction, in milliseconds. */
  readonly ms?: number;
}

/** A row as reports show it. */
export interface ReportedRow {
  /** Its number in the job. */
  readonly id: number;
  /** The line of the list. */
  readonly line: number;
  /** The address. */
  readonly recipient: string;
  /** What follows the at sign. */
  readonly domain: string;
  /** Where it is. */
  readonly state: RowState;
  /** How often it was tried. */
  readonly attempt: number;
  /** How far its message came. */
  readonly stage?: string;
  /** The reply code that decided it. */
  readonly code?: number;
  /** The enhanced status code. */
  readonly enhanced?: string;
  /** The text of the reply, or the reason in words. */
  readonly text?: string;
  /** The server's name for the message. */
  readonly queueId?: string;
  /** When it is due again, in milliseconds since 1970. */
  readonly notBeforeMs?: number;
  /** When it came into its state, in milliseconds since 1970. */
  readonly changedMs: number;
  /** How long the server took for the end of the message, in milliseconds. */
  readonly ms?: number;
}

/** Which rows are shown. */
export interface RowFilter {
  /** Those in these states. @default All. */
  readonly states?: readonly RowState[];
}

/** What the operator says about rows in doubt, or about rows that failed. */
export interface Release {
  /** Send again, or leave as not sent. */
  readonly to: "resend" | "failed";
  /**
   * Rows in which state. One that failed was never taken, and can be sent again; unless it was in doubt
   * and the operator called it failed: then it moves only where its recipient is named.
   *
   * @default {"in_doubt"}
   */
  readonly from?: "in_doubt" | "failed";
  /** Those to these recipients. @default All. */
  readonly recipients?: readonly string[];
  /** Those with one of these codes: of the reply, or enhanced, such as `554` or `5.7.1`. @default All. */
  readonly codes?: readonly string[];
  /** Those whose reason holds this text. @default All. */
  readonly reason?: string;
  /** Who says so. */
  readonly by: string;
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
}

/** What was found when a job was opened again. */
export interface Recovery {
  /** Rows that were claimed and go back to where they came from. */
  readonly returned: number;
  /** Rows whose end may have been sent: in doubt now. */
  readonly inDoubt: number;
}

/**
 * A job in its journal, as a runner sees it. A promise that resolves stands for a durable change.
 */
export interface JobJournal {
  /** The job. */
  readonly job: JobRecord;
  /**
   * Takes rows that are due: pending ones first, then deferred ones by their time.
   *
   * @param limit How many at most.
   * @param nowMs The wall time, in milliseconds since 1970.
   * @returns The rows; none if none is due.
   */
  claim(limit: number, nowMs: number): Promise<readonly ClaimedRow[]>;
  /**
   * Says that the end of a row's message is about to be written. Calls that come together are
   * committed together.
   *
   * @param id The row.
   * @returns When it is durable.
   */
  committing(id: number): Promise<void>;
  /**
   * Says what became of a row. Calls that come together are committed together.
   *
   * @param outcome The row and its state.
   * @returns When it is durable.
   */
  outcome(outcome: RowOutcome): Promise<void>;
  /** When the next deferred row is due, in milliseconds since 1970; `undefined` if none is deferred. */
  nextDueMs(): Promise<number | undefined>;
  /** How many rows are in each state. */
  counts(): Promise<Readonly<Record<RowState, number>>>;
  /** The rows, in the order of the list. */
  rows(filter?: RowFilter): AsyncIterable<ReportedRow>;
  /** The operator's word; gives how many rows it moved. Who is suppressed is skipped, and not counted. */
  release(release: Release): Promise<number>;
  /** Where PostgreSQL shares it: asks for a share of the rate. A SQLite journal has none. */
  readonly limiter?: Limiter;
}

/** What several runners of one job keep to together. */
export interface SharedLimits {
  /** How many messages they may send. @default {Infinity} */
  readonly messagesPerSecond?: number;
}

/** A job that is run. */
export interface RunningJob {
  /** The job. */
  readonly journal: JobJournal;
  /** What was found when it was opened. */
  readonly recovery: Recovery;
}

/** A journal that may hold several jobs. */
export interface BulkJournal extends AsyncDisposable {
  /**
   * Makes a job with all its rows, or nothing at all.
   *
   * @param job The job.
   * @param rows Its rows; of several with the same key the first counts, the others are skipped as
   * `duplicate of line N`.
   * @returns The job.
   */
  create(job: NewJob, rows: AsyncIterable<NewRow> | Iterable<NewRow>): Promise<JobRecord>;
  /** The jobs, the oldest first. */
  jobs(): Promise<readonly JobRecord[]>;
  /**
   * Opens a job to run it. What a runner that died had left is put in order first, and who is suppressed
   * is skipped.
   *
   * @param id The job.
   * @param nowMs The wall time, in milliseconds since 1970.
   * @param shared What all runners of the job together must keep to, where there may be several.
   */
  run(id: number, nowMs: number, shared?: SharedLimits): Promise<RunningJob>;
  /** Opens a job to look at it. */
  look(id: number): Promise<JobJournal>;
  /**
   * Says that nothing may be sent to some addresses, in any job of the journal: rows that wait for them
   * are skipped from now on. What was said before holds on. A row that a runner has taken may still be
   * sent; if it comes back, the next run skips it.
   *
   * @param keys The addresses, as rows have them for `key`; upper and lower case of ASCII are the same
   * here.
   * @param nowMs The wall time, in milliseconds since 1970.
   * @returns How many rows it has moved.
   */
  suppress(keys: AsyncIterable<string> | Iterable<string>, nowMs: number): Promise<number>;
  /**
   * Tells which other jobs have written to recipients of a job.
   *
   * @param id The job.
   * @param sinceMs Since when, in milliseconds since 1970.
   * @returns The jobs, and how many recipients they share.
   */
  contacted(
    id: number,
    sinceMs: number,
  ): Promise<readonly { readonly job: string; readonly recipients: number }[]>;
  /** Closes it; what was not durable is not. */
  close(): Promise<void>;
}
