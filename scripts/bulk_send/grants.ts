/**
 * The flags that exactly one call needs (`--permissions`).
 *
 * @module
 */

import { checked } from "../shared/login.ts";
import { grantsOf, proxyHost, smtpHost } from "../shared/grants.ts";
import type { CheckCall, JournalCall, ReportCall, ResumeCall, SendCall } from "./calls.ts";
import { loadMessage, unlessMissing } from "./inputs.ts";
import { isPostgres, type JournalUse } from "./journal_place.ts";

/** Any call. */
type AnyCall = Partial<
  Omit<CheckCall & SendCall & ResumeCall & ReportCall & JournalCall, "journal">
>;

/**
 * Lists the flags of a call. Its message is read, for it names other files.
 *
 * @param call What was typed, and what the job has kept.
 * @returns One flag of each kind.
 */
export async function callGrants(
  call: AnyCall & JournalUse & { readonly journal?: string | undefined },
): Promise<string[]> {
  const { journal, message, list, server = call.url, proxy, dryRun } = call;
  const beside = journalFiles(journal, call.readOnly ? [] : [".lock"]);
  const runs = server !== undefined && dryRun === undefined;
  const files = message === undefined ? [] : await filesOf(message);
  const written = [...call.report ?? [], ...call.format ?? []].map(({ path }) => path);
  const grants = grantsOf({
    net: [
      runs ? proxy ? proxyHost(proxy) : checked(() => smtpHost(server)) : undefined,
      journal !== undefined && isPostgres(journal) ? databaseHost(journal) : undefined,
    ],
    read: [
      ...[list === "-" ? undefined : list, message, ...files, call.suppress],
      ...[call.tlsCa, call.tlsCert, call.tlsKey, ...call.dkimKey ?? []],
      ...call.readOnly ? beside : [],
    ],
    write: [...call.readOnly ? [] : beside, ...written, dryRun, call.saveDialogue],
    env: call.url !== undefined && call.server === undefined ? ["SMTP_URL"] : [],
    secrets: [call.passwordFrom, call.tokenFrom, call.journalPasswordFrom],
  });
  // The client of PostgreSQL looks for variables of its own, and does without them.
  return journal !== undefined && isPostgres(journal) ? [...grants, "--ignore-env"] : grants;
}

/** What a message names. One that is gone since names nothing. */
async function filesOf(message: string): Promise<readonly string[]> {
  const loaded = await unlessMissing(() => loadMessage(message));
  return loaded?.files ?? [];
}

/** The journal and its companions; those of SQLite itself need no grant. */
function journalFiles(journal: string | undefined, held: readonly string[]): string[] {
  if (journal === undefined || isPostgres(journal)) return [];
  const slash = journal.lastIndexOf("/");
  if (slash > 0) return [journal.slice(0, slash)];
  return ["", ...held, ".mark", ".emergency"].map((end) => journal + end);
}

function databaseHost(journal: string): string {
  const { hostname, port } = new URL(journal.replace(/^\w+:/, "http:"));
  return `${hostname}:${port === "" ? "5432" : port}`;
}
