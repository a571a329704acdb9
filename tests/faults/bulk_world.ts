/**
 * A small bulk job against the sandbox, and what must be true of it whatever has happened.
 *
 * @module
 */

import { deepEqual, ok } from "node:assert/strict";
import {
  type BulkJournal,
  type BulkOptions,
  type BulkRun,
  type JobJournal,
  openSqliteJournal,
  type ReportedRow,
  sendBulk,
} from "../../src/jobs/mod.ts";
import { type Sandbox, type SandboxFault, startSandbox } from "../../src/sandbox/mod.ts";
import { systemClock } from "../../src/wire/mod.ts";
import { EagerClock } from "./eager_clock.ts";

/** How many rows the job has. */
export const ROWS = 8;
/** How many connections it uses. */
export const CONNECTIONS = 2;

/** Seams that a fault may be put into. */
export interface BulkFaults {
  /** What goes wrong at the server. */
  readonly server?: readonly SandboxFault[];
  /** What goes wrong at the journal. */
  readonly journal?: (journal: JobJournal) => JobJournal;
  /** More options of the run. */
  readonly options?: Partial<BulkOptions>;
}

/** A journal, a server and a job. */
export class BulkWorld implements AsyncDisposable {
  readonly box: Sandbox;
  readonly folder: string;
  #journal: BulkJournal;
  #path: string;
  #generation = 0;
  /** Rows that the operator has released, by their address: how often. */
  readonly released: Map<string, number> = new Map();

  private constructor(box: Sandbox, folder: string, journal: BulkJournal, path: string) {
    this.box = box;
    this.folder = folder;
    this.#journal = journal;
    this.#path = path;
  }

  static async make(rows: number = ROWS): Promise<BulkWorld> {
    await Deno.mkdir("tests/.tmp", { recursive: true });
    const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
    const path = `${folder}/j.db`;
    const journal = await openSqliteJournal(path, { create: true });
    const people = Array.from({ length: rows }, (_, at) => {
      const recipient = `p${at}@there.example`;
      return { line: at + 2, recipient, key: recipient, fields: { name: `P ${at}` } };
    });
    await journal.create(
      { name: "job", fingerprint: "f", contentHash: "c", settings: {} },
      people,
    );
    return new BulkWorld(await startSandbox(), folder, journal, path);
  }

  /** Runs the job, perhaps with faults. */
  async run(
    { server = [], journal = (job) => job, options = {} }: BulkFaults = {},
  ): Promise<BulkRun> {
    this.box.misbehave(...server);
    const { journal: job } = await this.#journal.run(1, Date.now());
    const run = await sendBulk({
      journal: journal(job),
      pool: {
        url: this.box.smtpUrl,
        caCerts: this.box.caCerts,
        maxConnections: CONNECTIONS,
        clock: systemClock,
      },
      render: ({ recipient, fields }) => ({
        envelope: { from: "news@here.example", to: [recipient], policy: "any" },
        content: `To: ${recipient}\r\nSubject: Hello ${fields["name"]}\r\n\r\nWelcome.\r\n`,
      }),
      clock: new EagerClock(),
      random: () => 0.5,
      retry: { attempts: 4 },
      ...options,
    });
    return run;
  }

  /** What a process leaves that ends here: the journal as it is on the disk now. */
  async die(): Promise<void> {
    const copy = `${this.folder}/${++this.#generation}.db`;
    for (const end of ["", "-wal", "-shm", ".mark"]) {
      await Deno.copyFile(this.#path + end, copy + end).catch(() => {}); // -wal may be gone
    }
    await this.#journal.close();
    this.#path = copy;
    this.#journal = await openSqliteJournal(copy, { moved: true });
  }

  /** Ends the run in good order, as far as that still goes, and opens the journal again. */
  async reopen(): Promise<void> {
    await this.#journal.close();
    this.#journal = await openSqliteJournal(this.#path);
  }

  /** The rows as they are. */
  async rows(): Promise<readonly ReportedRow[]> {
    const rows: ReportedRow[] = [];
    for await (const row of (await this.#journal.look(1)).rows()) rows.push(row);
    return rows;
  }

  /** Lets the operator say that all rows in doubt are sent again. */
  async release(): Promise<void> {
    for (const { recipient, state } of await this.rows()) {
      if (state !== "in_doubt") continue;
      this.released.set(recipient, (this.released.get(recipient) ?? 0) + 1);
    }
    await (await this.#journal.look(1)).release({ to: "resend", by: "test", atMs: 0 });
  }

  /**
   * Checks the promises (T-B01 to T-B30): nobody lost, nobody written to twice unknowingly.
   *
   * @param where What was done, for the message of a failure.
   */
  async check(where: string): Promise<void> {
    checkRows(await this.rows(), this, where);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal.close();
    await this.box[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** What rows are held against. */
export interface Witness {
  /** The server, which knows what came. */
  readonly box: Sandbox;
  /** Rows that the operator has released, by their address: how often. */
  readonly released: ReadonlyMap<string, number>;
}

/**
 * Checks what a journal says against what the server has seen: nobody lost, nobody written to twice
 * unknowingly.
 *
 * @param rows All rows of the job.
 * @param witness The server, and what the operator has said.
 * @param where What was done, for the message of a failure.
 */
export function checkRows(
  rows: readonly ReportedRow[],
  { box, released }: Witness,
  where: string,
): void {
  deepEqual(
    rows.map(({ line }) => line),
    rows.map((_, at) => at + 2),
    `${where}: every row is there`,
  );
  const ends = endsByRecipient(box);
  for (const { recipient, state } of rows) {
    const answers = ends.get(recipient) ?? [];
    // An end that was not refused may have been taken: only one of those, unless released.
    const open = answers.filter((answer) => answer === undefined || answer < 400).length;
    const allowed = 1 + (released.get(recipient) ?? 0);
    ok(open <= allowed, `${where}: ${recipient} was written to ${open} times: ${answers}`);
    const taken = answers.some((answer) => answer !== undefined && answer < 300);
    // "Committing" is what a run leaves that died, until the next one calls it in doubt.
    const told = state === "accepted" || state === "in_doubt" || state === "committing";
    if (taken) ok(told || released.has(recipient), `${where}: ${recipient} is ${state}`);
    if (state === "accepted") {
      ok(taken, `${where}: ${recipient} is accepted, and was not: ${answers}`);
    }
  }
}

/** For each recipient the answers to the ends of its messages; `undefined` if none was given. */
function endsByRecipient(box: Sandbox): Map<string, (number | undefined)[]> {
  const ends = new Map<string, (number | undefined)[]>();
  const waiting = new Map<number, readonly string[]>();
  const answer = (connection: number, code: number | undefined): void => {
    for (const recipient of waiting.get(connection) ?? []) {
      const answers = ends.get(recipient);
      if (answers === undefined) ends.set(recipient, [code]);
      else answers.push(code);
    }
    waiting.delete(connection);
  };
  for (const { kind, connection, text, recipients = [] } of box.ledger.entries) {
    if (kind === "terminator") waiting.set(connection, recipients);
    else if (kind === "reply") answer(connection, Number(text.slice(0, 3)));
    else if (kind === "close") answer(connection, undefined);
  }
  for (const connection of [...waiting.keys()]) answer(connection, undefined);
  return ends;
}
