/**
 * The verbs, and what each of them is called with.
 *
 * @module
 */

import type { FormatTarget, Rate, SecretSource } from "../../src/cli/mod.ts";
import type { NoticeWord } from "../../src/jobs/mod.ts";

/** The name of the script. */
export const NAME = "bulk_send";

/** What every verb takes. */
export interface TalkCall {
  /** Whether what happens is told as JSON, one object on each line. */
  readonly json?: boolean;
  /** Whether nothing is said but what went wrong. */
  readonly quiet?: boolean;
  /** Whether only the grants of this call are told. */
  readonly permissions?: boolean;
}

/** Who is written to. */
export interface ListCall {
  /** The file with the rows; `-` is standard input. */
  readonly list: string;
  /** What it is written in. */
  readonly listFormat?: "csv" | "jsonl";
  /** What stands between the cells of CSV. */
  readonly separator?: "comma" | "semicolon" | "tab";
  /** The column that holds the address. */
  readonly emailColumn?: string;
  /** Whether an IP address in brackets may stand for a domain. */
  readonly allowAddressLiterals?: boolean;
}

/** What is written to them. */
export interface MessageCall {
  /** The file with the message. */
  readonly message: string;
  /** The return path; `<>` for none. */
  readonly from?: string;
  /** Where people unsubscribe. */
  readonly listUnsubscribe?: string[];
  /** When to ask for notices. */
  readonly dsn?: NoticeWord[];
  /** Whether addresses beyond ASCII may be written. */
  readonly smtputf8?: boolean;
}

/** Who signs. */
export interface DkimCall {
  /** Files with private keys. */
  readonly dkimKey?: string[];
  /** Their names in the domain, in the same order. */
  readonly dkimSelector?: string[];
  /** The domain; that of From if missing. */
  readonly dkimDomain?: string;
}

/** Where messages go, and who logs in there. All of it is kept in the job; a secret never is. */
export interface SessionCall {
  /** The server, as a URL. */
  readonly server?: string;
  /** Who logs in. */
  readonly user?: string;
  /** Where the password comes from. */
  readonly passwordFrom?: SecretSource;
  /** Where an OAuth access token comes from. */
  readonly tokenFrom?: SecretSource;
  /** The only mechanisms to use. */
  readonly auth?: string[];
  /** Whether a password may go over a connection in the clear. */
  readonly cleartextAuth?: boolean;
  /** How much TLS. */
  readonly tls?: "required" | "opportunistic" | "implicit" | "none";
  /** The name that the certificate must be for. */
  readonly tlsName?: string;
  /** A file with another authority to trust. */
  readonly tlsCa?: string;
  /** A file with a certificate to show. */
  readonly tlsCert?: string;
  /** A file with its private key. */
  readonly tlsKey?: string;
  /** The proxy. */
  readonly proxy?: string;
  /** Our own name in EHLO. */
  readonly helo?: string;
  /** The limit of each wait, in milliseconds. */
  readonly timeout?: number;
  /** The limit of the wait behind the end of a message. */
  readonly endTimeout?: number;
}

/** How fast, and how often. Kept in the job. */
export interface PaceCall {
  /** Messages. */
  readonly rate?: Rate;
  /** Recipients. */
  readonly recipientsRate?: Rate;
  /** The most connections. */
  readonly connections?: number;
  /** The most messages over one connection. */
  readonly messagesPerConnection?: number;
  /** The most message ends unanswered on one connection. */
  readonly window?: number;
  /** Whether BDAT is used. */
  readonly chunking?: boolean;
  /** The most messages under way to one domain. */
  readonly perDomain?: number;
  /** How often a row is tried in all. */
  readonly retry?: number;
  /** The first wait before another try, in milliseconds. */
  readonly retryBase?: number;
  /** After how many refusals for good, all alike, a run stops. */
  readonly maxRefusals?: number;
}

/** Where what was said goes. */
export interface SaveCall {
  /** The file of the dialogue. */
  readonly saveDialogue?: string;
  /** Whether it replaces another one. */
  readonly force?: boolean;
}

/** This run alone. */
export interface RunCall extends SaveCall {
  /** How long it may take, in milliseconds. */
  readonly deadline?: number;
  /** The most rows. */
  readonly limit?: number;
  /** Whether it waits for deferred rows. */
  readonly wait: boolean;
  /** Addresses that are not written to. */
  readonly suppress?: string;
  /** Reports that are written at its end. */
  readonly report?: ReportTarget[];
}

/** A report, and where it goes. */
export type ReportTarget = FormatTarget<"csv" | "json" | "html">;

/** Which job. */
export interface JournalCall extends TalkCall {
  /** The journal: a file, or `postgres://…`. */
  readonly journal: string;
  /** The job. */
  readonly job?: string;
  /** Where the password of PostgreSQL comes from. */
  readonly journalPasswordFrom?: SecretSource;
  /** Whether the journal was moved here. */
  readonly moved?: boolean;
}

/** `check`. */
export interface CheckCall extends TalkCall, ListCall, MessageCall {
  /** How many messages are shown. */
  readonly samples: number;
  /** How many mistakes are shown. */
  readonly errors: number;
}

/** `resume` and `work`. */
export interface ResumeCall extends JournalCall, SessionCall, DkimCall, PaceCall, RunCall {}

/** `send`. */
export interface SendCall extends Omit<ResumeCall, "journal">, ListCall, MessageCall {
  /** The journal. */
  readonly journal?: string;
  /** The server from the environment. */
  readonly url?: string;
  /** Whether a message that was sent before is sent in another job. */
  readonly again?: boolean;
  /** Who gets one message, for a test. */
  readonly testTo?: string;
  /** A folder for messages that are not sent. */
  readonly dryRun?: string;
}

/** `report`. */
export interface ReportCall extends JournalCall {
  /** What is written where. */
  readonly format: ReportTarget[];
}

/** `release`. */
export interface ReleaseCall extends JournalCall {
  /** What is to be done with them. */
  readonly to: "resend" | "failed";
  /** Whether it is about rows that failed, and not about those in doubt. */
  readonly failed?: boolean;
  /** Which; all if missing. */
  readonly recipient?: string[];
  /** Those with one of these codes. */
  readonly code?: string[];
  /** Those whose reason holds this. */
  readonly reason?: string;
  /** Who says so. */
  readonly by: string;
}

/** What each verb does. */
export interface Verbs {
  /** Looks at list and message. */
  check(call: CheckCall): Promise<void>;
  /** Makes a job and sends it. */
  send(call: SendCall): Promise<void>;
  /** Goes on with a job. */
  resume(call: ResumeCall): Promise<void>;
  /** Takes part in a job of several machines. */
  work(call: ResumeCall): Promise<void>;
  /** Tells how far jobs are. */
  status(call: JournalCall): Promise<void>;
  /** Writes reports. */
  report(call: ReportCall): Promise<void>;
  /** Decides about rows in doubt, and about rows that failed. */
  release(call: ReleaseCall): Promise<void>;
}
