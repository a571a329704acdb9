/**
 * The journal of a call, and the job in it that is meant.
 *
 * @module
 */

import { readSecret, ValidationError } from "../../src/cli/mod.ts";
import {
  type BulkJournal,
  BulkJournalError,
  type JobRecord,
  openPostgresJournal,
  openSqliteJournal,
} from "../../src/jobs/mod.ts";
import { hasCause } from "../shared/causes.ts";
import { reading } from "../shared/files.ts";
import type { SecretContext } from "../shared/login.ts";
import type { JournalCall } from "./calls.ts";

const PRIVATE: Deno.MkdirOptions = { recursive: true, mode: 0o700 };

/** A journal by its name. */
export type JournalPlace = Pick<JournalCall, "journal" | "journalPasswordFrom" | "moved">;

/**
 * Whether a journal is in PostgreSQL.
 *
 * @param journal The journal.
 */
export function isPostgres(journal: string): boolean {
  return /^postgres(?:ql)?:/i.test(journal);
}

/** What a journal is opened for. */
export interface JournalUse {
  /** Whether it is made if there is none. */
  readonly create?: boolean;
  /** Whether it is looked at and no more. */
  readonly readOnly?: boolean;
}

/**
 * Opens a journal.
 *
 * @param place The journal.
 * @param context Where secrets come from.
 * @param use What for.
 * @returns The journal.
 */
export async function openJournal(
  { journal, journalPasswordFrom, moved = false }: JournalPlace,
  { io, readers }: SecretContext,
  { create = false, readOnly = false }: JournalUse = {},
): Promise<BulkJournal> {
  if (!isPostgres(journal)) {
    if (journalPasswordFrom !== undefined) fail("--journal-password-from is for PostgreSQL");
    const slash = journal.lastIndexOf("/");
    // What lies in it names people.
    if (create && slash > 0) {
      await reading("--journal", journal, () => Deno.mkdir(journal.slice(0, slash), PRIVATE));
    }
    return await openSqliteJournal(journal, { create, moved, readOnly });
  }
  const url = URL.parse(journal) ?? fail("--journal is no URL of PostgreSQL");
  if (url.password !== "" || url.searchParams.has("password")) {
    fail("a password does not stand in --journal: use --journal-password-from");
  }
  const password = journalPasswordFrom && await readSecret(journalPasswordFrom, {
    question: "Password of PostgreSQL",
    signal: io.signal,
    ...(readers && { readers }),
  });
  const { connectPostgres } = await import("../../src/deps/postgres.ts"); // most calls need none
  const client = clientOf(() =>
    connectPostgres(journal, { ...(password !== undefined && { password }) })
  );
  try {
    return await openPostgresJournal(client);
  } catch (cause) {
    await client.close();
    if (hasCause(cause, Deno.errors.NotCapable) || cause instanceof BulkJournalError) throw cause;
    const seen = cause instanceof Error && cause.message !== "" ? cause.message : "nobody answers";
    const text = `Cannot use the journal "${journal}": ${seen}: ` +
      "look at --journal and --journal-password-from";
    throw new BulkJournalError("storage", text, { cause });
  }
}

/** It asks for one variable after the other, and needs none of them. */
function clientOf<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return fail(
      "the client of PostgreSQL looks for its variables, which is not granted: add --ignore-env",
    );
  }
}

/**
 * Chooses a job.
 *
 * @param journal The journal.
 * @param name Its name; without one, the only job, or else the only one that is not over.
 * @returns The job.
 */
export async function chooseJob(
  journal: BulkJournal,
  name: string | undefined,
): Promise<JobRecord> {
  const jobs = await journal.jobs();
  if (name !== undefined) {
    return jobs.find((job) => job.name === name) ??
      fail(`it has no job "${name}", but ${namesOf(jobs) || "none"}`);
  }
  if (jobs.length <= 1) return jobs[0] ?? fail("it has no job: send makes one");
  const open: JobRecord[] = [];
  for (const job of jobs) if (await isUnfinished(journal, job)) open.push(job);
  const [only, ...others] = open;
  return only !== undefined && others.length === 0
    ? only
    : fail(`which job? --job NAME: ${namesOf(open.length > 0 ? open : jobs)}`);
}

async function isUnfinished(journal: BulkJournal, { id }: JobRecord): Promise<boolean> {
  const counts = await (await journal.look(id)).counts();
  return counts.pending + counts.claimed + counts.committing + counts.deferred + counts.in_doubt >
    0;
}

/**
 * The name of a job that was given none.
 *
 * @param journal The journal.
 * @returns The name of its file without folder and ending, or of the database.
 */
export function defaultName(journal: string): string {
  const path = isPostgres(journal) ? URL.parse(journal)?.pathname ?? "" : journal;
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.[^.]+$/, "");
  return name === "" ? "job" : name;
}

function namesOf(jobs: readonly JobRecord[]): string {
  return jobs.map(({ name }) => `"${name}"`).join(", ");
}

function fail(why: string): never {
  throw new ValidationError(`Cannot use the journal: ${why}`);
}
