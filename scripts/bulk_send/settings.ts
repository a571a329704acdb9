/**
 * What a job keeps of the call that made it, so that a later run needs the journal alone. No secret is
 * in it; where one comes from may be.
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";
import type { JobRecord, StoredMessage } from "../../src/jobs/mod.ts";
import type { DkimCall, ListCall, MessageCall, PaceCall, SessionCall } from "./calls.ts";

/** What a job keeps. */
export interface JobSettings {
  /** What this is. */
  readonly schema: "mailwright-bulk-job/1";
  /** The message with all that belongs to it. */
  readonly message: StoredMessage;
  /** How messages are made of it. */
  readonly making: Pick<MessageCall, "from" | "listUnsubscribe" | "dsn" | "smtputf8">;
  /** The files that the job was made of. */
  readonly inputs: {
    readonly list: string;
    readonly listHash: string;
    readonly message: string;
  };
  /** How the list is read. */
  readonly reading: Omit<ListCall, "list">;
  /** Who signs. */
  readonly dkim: DkimCall;
  /** The server. */
  readonly session: SessionCall;
  /** How fast. */
  readonly pace: PaceCall;
  /** The file with addresses that are not written to. */
  readonly suppress?: string;
}

const MAKING = ["from", "listUnsubscribe", "dsn", "smtputf8"] as const;
const READING = ["listFormat", "separator", "emailColumn", "allowAddressLiterals"] as const;
const DKIM = ["dkimKey", "dkimSelector", "dkimDomain"] as const;
const SESSION = [
  ...["server", "user", "passwordFrom", "tokenFrom", "auth", "cleartextAuth", "tls"] as const,
  ...["tlsName", "tlsCa", "tlsCert", "tlsKey", "proxy", "helo", "timeout", "endTimeout"] as const,
];
const PACE = [
  ...["rate", "recipientsRate", "connections", "messagesPerConnection", "window"] as const,
  ...["chunking", "perDomain", "retry", "retryBase", "maxRefusals"] as const,
];

/** Some of what was typed. */
function some<C, K extends keyof C>(call: C, names: readonly K[]): Pick<C, K> {
  const given = names.filter((name) => call[name] !== undefined);
  // What was not typed is missing in the call as well.
  return Object.fromEntries(given.map((name) => [name, call[name]])) as Pick<C, K>;
}

/**
 * Sorts what was typed.
 *
 * @param call What was typed.
 * @returns How messages are made and the list is read.
 */
export function inputOf(
  call: ListCall & MessageCall,
): Pick<JobSettings, "making" | "reading"> {
  return { making: some(call, MAKING), reading: some(call, READING) };
}

/**
 * Sorts what was typed.
 *
 * @param call What was typed.
 * @param kept What a job has kept; what was typed now wins.
 * @returns Where to, how fast, and who signs.
 */
export function runningOf(
  call: SessionCall & PaceCall & DkimCall,
  kept: Partial<Pick<JobSettings, "dkim" | "session" | "pace">> = {},
): Pick<JobSettings, "dkim" | "session" | "pace"> {
  const session: SessionCall = some(call, SESSION);
  const dkim: DkimCall = some(call, DKIM);
  return {
    session: { ...withoutLogin(kept.session ?? {}, session), ...session },
    pace: { ...kept.pace, ...some(call, PACE) },
    dkim: dkim.dkimKey === undefined ? { ...kept.dkim, ...dkim } : dkim,
  };
}

/** A token takes the place of a password, and the other way round. */
function withoutLogin(
  kept: SessionCall,
  { passwordFrom, tokenFrom }: SessionCall,
): SessionCall {
  if ((passwordFrom ?? tokenFrom) === undefined) return kept;
  const { passwordFrom: _password, tokenFrom: _token, ...rest } = kept;
  return rest;
}

/**
 * Reads what a job has kept.
 *
 * @param job The job.
 * @returns What it has kept.
 * @throws {ValidationError} If it was made by something else.
 */
export function settingsOf(job: JobRecord): JobSettings {
  const settings = job.settings as Partial<JobSettings> | null; // checked by its schema
  if (settings?.schema !== "mailwright-bulk-job/1") {
    throw new ValidationError(`Cannot use the job "${job.name}": another program has made it`);
  }
  return settings as JobSettings;
}
