/**
 * The verbs, and what each of them is called with.
 *
 * @module
 */

import type { SecretSource } from "../../src/cli/mod.ts";

/** The name of the script. */
export const NAME = "cleanup";

/** The verbs; the first one is meant where none is typed. */
export const VERBS = [
  "plan",
  "apply",
  "run",
  "verify",
  "restore",
  "release",
  "retire",
  "status",
  "init",
] as const;

/** What every verb takes. */
export interface TalkCall {
  /** Whether the result is JSON. */
  readonly json?: boolean;
  /** Whether nothing is said but what went wrong. */
  readonly quiet?: boolean;
  /** Whether only the grants of this call are told. */
  readonly permissions?: boolean;
}

/** Where a mailbox is, and who opens it. */
export interface ServerCall {
  /** The server, as a URL. */
  readonly server?: string;
  /** The same from the environment. */
  readonly url?: string;
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
  readonly tls?: "required" | "implicit" | "none";
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
  /** The limit of each wait, in milliseconds. */
  readonly timeout?: number;
  /** How many commands may be unanswered. */
  readonly window?: number;
}

/** Of which mailbox and by which policy. */
export interface JobCall extends TalkCall, ServerCall {
  /** The folder with what is known of the mailbox. */
  readonly job: string;
  /** The file with the policy. */
  readonly policy: string;
  /** Whether RETR alone may remove a message here. */
  readonly retrieveRemoves?: boolean;
  /** Messages for one QUIT. */
  readonly marksPerQuit?: number;
}

/** `plan`. */
export interface PlanCall extends JobCall {
  /** Whether a mailbox that has changed a lot is fine. */
  readonly acceptChurn?: boolean;
  /** Whether the table has all rows. */
  readonly all?: boolean;
}

/** `apply` and `run`. */
export interface ApplyCall extends JobCall {
  /** Whether a listing is read at the end. */
  readonly verify: boolean;
}

/** `run`. */
export interface RunCall extends ApplyCall {
  /** The most messages that may be removed. */
  readonly maxDelete: number;
  /** The greatest part of the mailbox that may be removed. */
  readonly maxFraction: number;
  /** When to run again and again. */
  readonly every?: string;
  /** The time zone of that. */
  readonly everyZone?: string;
}

/** `restore`. */
export interface RestoreCall extends TalkCall {
  /** The folder with what is known of the mailbox. */
  readonly job: string;
  /** The file with the policy. */
  readonly policy: string;
  /** The server that takes the messages. */
  readonly smtp?: string;
  /** The folder for files. */
  readonly export?: string;
  /** Who gets them. */
  readonly to?: string[];
  /** Who sends them. */
  readonly from?: string;
  /** Whether nothing is put on top of them. */
  readonly exact?: boolean;
  /** Whether what was sent before is sent again. */
  readonly again?: boolean;
  /** Who logs in to the server. */
  readonly smtpUser?: string;
  /** Where the password comes from. */
  readonly smtpPasswordFrom?: SecretSource;
  /** Where an OAuth access token comes from. */
  readonly smtpTokenFrom?: SecretSource;
  /** The only mechanisms to use. */
  readonly smtpAuth?: string[];
  /** How much TLS. */
  readonly smtpTls?: "required" | "opportunistic" | "implicit" | "none";
  /** The name that the certificate must be for. */
  readonly smtpTlsName?: string;
  /** A file with another authority to trust. */
  readonly smtpTlsCa?: string;
  /** Whether a password may go over a connection in the clear. */
  readonly smtpCleartextAuth?: boolean;
}

/** `status` and `release`. */
export interface FolderCall extends TalkCall {
  /** The folder with what is known of the mailbox. */
  readonly job: string;
}

/** `retire`. */
export interface RetireCall extends FolderCall {
  /** The file with the policy. */
  readonly policy: string;
  /** Who says so. */
  readonly by: string;
  /** Where the copies are now, or why they are gone. */
  readonly note?: string;
}

/** `init`. */
export interface InitCall extends TalkCall, ServerCall {
  /** The file to write. */
  readonly policy: string;
  /** How many headers to look at. */
  readonly sample: number;
}

/** Any of them, when only its grants are told. */
export type PermissionsCall = Partial<JobCall & RestoreCall & RetireCall & InitCall>;

/** What each verb does. */
export interface Verbs {
  /** Tells the grants of a call, in the place of what it does. */
  permissions(call: PermissionsCall): Promise<void>;
  /** Makes a plan. */
  plan(call: PlanCall): Promise<void>;
  /** Carries a plan out. */
  apply(call: ApplyCall, plan: string): Promise<void>;
  /** Makes a plan and carries it out. */
  run(call: RunCall): Promise<void>;
  /** Looks what has become of earlier runs. */
  verify(call: JobCall): Promise<void>;
  /** Gives messages back. */
  restore(call: RestoreCall, what: string): Promise<void>;
  /** Lets restored messages be removed again. */
  release(call: FolderCall, what: string): Promise<void>;
  /** Notes that archived copies are gone on purpose. */
  retire(call: RetireCall, what: string): Promise<void>;
  /** Tells what is known. */
  status(call: FolderCall): Promise<void>;
  /** Writes a first policy. */
  init(call: InitCall): Promise<void>;
}
