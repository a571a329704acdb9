/**
 * jobs: ready-made work over sessions: the probe, mailbox cleanup, bulk sending.
 * May import dialogue, smtp, pop3, message and wire.
 *
 * @example Usage
 * ```ts
 * import { probe } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * // Nobody listens on port 1: that is a finding, not an error.
 * const run = await probe("smtp://127.0.0.1:1");
 * equal(run.findings[0]?.id, "tcp.refused");
 * equal(run.exitCode, 2);
 * ```
 *
 * @module
 */

export * from "./bulk/message/bulk_message.ts";
export {
  type BulkEvent,
  type BulkOptions,
  type BulkRates,
  type BulkRun,
  type BulkStop,
  sendBulk,
} from "./bulk/send/bulk_send.ts";
export * from "./bulk/list/check_list.ts";
export * from "./bulk/message/fingerprint.ts";
export type * from "./bulk/journal/journal.ts";
export { BulkJournalError, type BulkJournalProblem } from "./bulk/journal/journal_error.ts";
export { ListError } from "./bulk/list/list_error.ts";
export { MessageFileError } from "./bulk/message/message_file_error.ts";
export * from "./bulk/message/message_spec.ts";
export {
  openPostgresJournal,
  type PostgresJournalOptions,
} from "./bulk/journal/postgres_journal.ts";
export * from "./bulk/report/report.ts";
export { reportCsv } from "./bulk/report/report_csv.ts";
export { reportHtml } from "./bulk/report/report_html.ts";
export { reportJson } from "./bulk/report/report_json.ts";
export { type CsvSeparator, type ListOptions, readList } from "./bulk/list/rows.ts";
export { openSqliteJournal, type SqliteJournalOptions } from "./bulk/journal/sqlite_journal.ts";
export type * from "./bulk/journal/sql_client.ts";
export { ROW_STATES, type RowState, STATE_WORDS } from "./bulk/journal/states.ts";
export type { Throughput, ThroughputStep } from "./bulk/report/throughput.ts";
export type { ArchivedCopy } from "./cleanup/archive/archive.ts";
export { ArchiveError } from "./cleanup/archive/archive_error.ts";
export { checkPolicy } from "./cleanup/policy/check_policy.ts";
export * from "./cleanup/cleanup_error.ts";
export * from "./cleanup/cleanup_options.ts";
export type * from "./cleanup/cleanup_report.ts";
export * from "./cleanup/policy/conditions.ts";
export * from "./cleanup/policy/define_policy.ts";
export type { CleanupJob } from "./cleanup/job.ts";
export { openCleanup } from "./cleanup/open_cleanup.ts";
export type { GuardTrip, RunCaps } from "./cleanup/plan/guards.ts";
export { JournalError } from "./cleanup/journal/journal_error.ts";
export type { MessageFact } from "./cleanup/plan/listed_row.ts";
export type {
  CleanupPlan,
  KeptMessage,
  KeptReason,
  MessageAbout,
  PlanItem,
} from "./cleanup/plan/plan.ts";
export {
  type NeededFacts,
  type PlannedListing,
  Planner,
  type PlannerOptions,
} from "./cleanup/plan/planner.ts";
export type * from "./cleanup/policy/policy.ts";
export { PolicyError } from "./cleanup/policy/policy_error.ts";
export { recheckItem, type RetrievedMessage } from "./cleanup/run/recheck.ts";
export type * from "./cleanup/restore/restore_options.ts";
export type { StoredPlan } from "./cleanup/plan/stored_plan.ts";
export type { CostTier, RuleEvidence } from "./cleanup/rules/verdict.ts";
export { denoFileStore } from "./deno_file_store.ts";
export type * from "./file_store.ts";
export type {
  ProbeEvent,
  ProbeLimits,
  ProbeLogin,
  ProbeMessage,
  ProbeOptions,
  ProbeTls,
  ProtocolWord,
} from "./probe/options.ts";
export type { GrantOptions } from "./probe/grants.ts";
export { connectionGrants } from "./probe/permissions.ts";
export { probe } from "./probe/probe.ts";
export { renderJson } from "./probe/render/json.ts";
export { formatOctets, type SeenOctets } from "./probe/render/octets.ts";
export type { TextStyle } from "./probe/render/style.ts";
export { renderText, type TextOptions } from "./probe/render/text.ts";
export { formatTranscriptLine, type TranscriptView } from "./probe/render/transcript.ts";
export * from "./probe/result.ts";
export { VERSION } from "./probe/version.ts";
