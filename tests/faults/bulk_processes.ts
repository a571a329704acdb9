/**
 * The bulk_send script in processes of its own: killed when the server sees a chosen event or while the
 * journal is made, and several of them at once on one journal.
 *
 * @module
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { openSqliteJournal, type ReportedRow } from "../../src/jobs/mod.ts";
import {
  type LedgerEntry,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from "../../src/sandbox/mod.ts";
import { HeldClock } from "../held_clock.ts";
import { checkRows } from "./bulk_world.ts";

const SCRIPT = new URL("../../scripts/bulk_send.ts", import.meta.url).pathname;
const CONNECTIONS = 2;
const ROWS = 12;
const DOUBT = 4;
const STOPPED = 3;
const MESSAGE = "---\nfrom: News <news@here.example>\nsubject: Hello {{name}}\n---\nWelcome.\n";

/** When a process is killed. */
export interface BulkKill {
  /** In words. */
  readonly where: string;
  /** Which event of the server it is, if not of the folder. */
  readonly fits?: (entry: LedgerEntry) => boolean;
  /** Which of them, from 1. */
  readonly nth: number;
  /** How much later, in milliseconds. */
  readonly laterMs: number;
}

/** The events at which the script is killed. */
export function* bulkKills(): Generator<BulkKill> {
  const command = (verb: string) => ({ kind, text }: LedgerEntry): boolean =>
    kind === "command" && text.startsWith(verb);
  const kind = (name: LedgerEntry["kind"]) => (entry: LedgerEntry): boolean => entry.kind === name;
  const taken = ({ kind, text }: LedgerEntry): boolean =>
    kind === "reply" && text.includes("Queued");
  // What the script makes in its folder: the lock, the journal, its log, the emergency file.
  for (const nth of [1, 3, 5, 8, 12, 20, 30]) {
    yield { where: `event ${nth} of its folder`, nth, laterMs: 0 };
  }
  const events: readonly [name: string, fits: BulkKill["fits"], turns: readonly number[]][] = [
    ["connection", kind("open"), [1]],
    ["MAIL", command("MAIL"), [1, 6]],
    ["RCPT", command("RCPT"), [3]],
    ["DATA", command("DATA"), [2, 7]],
    ["the end of a message", kind("terminator"), [1, 5, 12]],
    ["a message kept", kind("stored"), [4, 11]],
    ["an acceptance", taken, [1, 6, 12]],
    ["QUIT", command("QUIT"), [1]],
  ];
  for (const [name, fits, turns] of events) {
    for (const nth of turns) {
      for (const laterMs of nth % 2 === 1 ? [0] : [0, 2]) {
        yield { where: `${laterMs} ms after ${name} ${nth}`, ...(fits && { fits }), nth, laterMs };
      }
    }
  }
}

/** A server, a folder with list and message, and the script. */
class ProcessWorld implements AsyncDisposable {
  readonly box: Sandbox;
  readonly folder: string;
  readonly released: Map<string, number> = new Map();

  private constructor(box: Sandbox, folder: string) {
    this.box = box;
    this.folder = folder;
  }

  static async make(rows: number, options: SandboxOptions = {}): Promise<ProcessWorld> {
    await Deno.mkdir("tests/.tmp", { recursive: true });
    const folder = await Deno.makeTempDir({ dir: "tests/.tmp", prefix: "kill-" });
    await Deno.mkdir(`${folder}/job`);
    const box = await startSandbox(options);
    const people = Array.from({ length: rows }, (_, at) => `p${at}@d${at % 3}.example,P ${at}\n`);
    await Deno.writeTextFile(`${folder}/ca.pem`, box.caCerts.join("\n"));
    await Deno.writeTextFile(`${folder}/people.csv`, `email,name\n${people.join("")}`);
    await Deno.writeTextFile(`${folder}/welcome.md`, MESSAGE);
    return new ProcessWorld(box, folder);
  }

  /** Starts the script. */
  start(...args: readonly string[]): Deno.ChildProcess {
    return new Deno.Command("deno", {
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-check", "--no-config"],
        ...["--allow-net=127.0.0.1", `--allow-read=${this.folder}`],
        ...[`--allow-write=${this.folder}`, SCRIPT, ...args],
        ...["--journal", `${this.folder}/job/j.db`, "--quiet"],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  }

  /** Starts it with all that makes a job. */
  send(...args: readonly string[]): Deno.ChildProcess {
    const { folder, box } = this;
    return this.start(
      ...["send", "--list", `${folder}/people.csv`, "--message", `${folder}/welcome.md`],
      ...["--server", box.smtpUrl, "--tls-ca", `${folder}/ca.pem`],
      ...["--connections", `${CONNECTIONS}`, ...args],
    );
  }

  /** The rows, as the journal has them; none if there is no job yet. */
  async rows(): Promise<readonly ReportedRow[]> {
    try {
      await using journal = await openSqliteJournal(`${this.folder}/job/j.db`);
      const [job] = await journal.jobs();
      return job === undefined ? [] : await Array.fromAsync((await journal.look(job.id)).rows());
    } catch (error) {
      // It was not made yet, or not finished.
      if (this.box.ledger.texts("terminator").length === 0) return [];
      throw error;
    }
  }

  /** Checks the promises. */
  async check(where: string): Promise<readonly ReportedRow[]> {
    const rows = await this.rows();
    checkRows(rows, this, where);
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.box[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/**
 * Sends until the process is killed, then again until all is done.
 *
 * @param kill When it is killed.
 * @returns Whether it was killed before it ended by itself.
 */
export async function killedBulk(kill: BulkKill): Promise<boolean> {
  const { where } = kill;
  await using world = await ProcessWorld.make(ROWS);
  const over = new AbortController();
  // The watch must be there before the first event.
  using watch = Deno.watchFs(`${world.folder}/job`);
  const child = world.send();
  const killing = killAt(world.box, watch, child, kill, over.signal);
  const { signal } = await ended(child);
  over.abort();
  watch.close();
  await killing;
  const left = await world.check(where);
  const doubts = left.filter(({ state }) => state === "committing").map((row) => row.recipient);
  ok(doubts.length <= CONNECTIONS, `${where}: ${doubts} in doubt`); // T-B29
  // The same words again: a job that was made is gone on with, and one that was not is made.
  const again = await ended(world.send());
  const expected = doubts.length > 0 ? DOUBT : 0;
  equal(again.code, expected, `${where}, next run: ${again.stderr}`);
  const rows = await world.check(`${where}, next run`);
  equal(rows.length, ROWS, where);
  deepEqual(
    rows.filter(({ state }) => state === "in_doubt").map(({ recipient }) => recipient),
    doubts,
    where,
  );
  if (doubts.length > 0) {
    for (const recipient of doubts) world.released.set(recipient, 1);
    equal((await ended(world.start("release", "--to", "resend", "--by", "test"))).code, 0, where);
    equal((await ended(world.start("resume"))).code, 0, `${where}, released`);
    await world.check(`${where}, released`);
  }
  const states = new Set((await world.rows()).map(({ state }) => state));
  deepEqual([...states], ["accepted"], where);
  return signal === "SIGKILL";
}

/** How a process has ended. */
interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stderr: string;
}

async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const { code, signal, stderr } = await child.output();
  return { code, signal, stderr: new TextDecoder().decode(stderr) };
}

async function killAt(
  box: Sandbox,
  watch: Deno.FsWatcher,
  child: Deno.ChildProcess,
  { fits, nth, laterMs }: BulkKill,
  signal: AbortSignal,
): Promise<void> {
  let seen = 0;
  try {
    const events = fits === undefined ? watch : box.ledger.follow({ signal });
    for await (const event of events) {
      if (fits !== undefined && (!("connection" in event) || !fits(event))) continue;
      if (++seen < nth) continue;
      if (laterMs > 0) await new Promise((go) => setTimeout(go, laterMs));
      child.kill("SIGKILL");
      return;
    }
  } catch (error) {
    // It has ended by itself.
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
}

/**
 * Several processes at once on one job: one of them works, the others say who that is (T-B23).
 *
 * @param count How many.
 * @returns How many were sent away.
 */
export async function manyRunners(count: number): Promise<number> {
  const where = `${count} at once`;
  const clock = new HeldClock();
  await using world = await ProcessWorld.make(2 * ROWS, { clock });
  const first = await ended(world.send("--limit", "1"));
  equal(first.code, STOPPED, `${where}: ${first.stderr}`);
  // The one that works waits until the others have gone.
  world.box.misbehave({ verb: "MAIL", delayMs: clock.pauseMs });
  let working = count;
  const ends = await Promise.all(Array.from({ length: count }, async () => {
    const end = await ended(world.start("resume"));
    if (--working === 1) {
      world.box.misbehave();
      clock.letGo();
    }
    return end;
  }));
  const away = ends.filter(({ code }) => code !== 0);
  equal(away.length, count - 1, where);
  for (const { code, stderr } of away) {
    equal(code, STOPPED, `${where}: ${stderr}`);
    match(stderr, /another run holds it(: pid \d+ since|, which began just now)/);
  }
  const rows = await world.check(where);
  ok(rows.every(({ state }) => state === "accepted"), where);
  equal(world.box.mails.length, 2 * ROWS, where);
  return away.length;
}
