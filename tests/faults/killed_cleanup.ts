/**
 * The cleanup script as a process that is killed when the server sees a chosen event.
 *
 * @module
 */

import { equal, ok } from "node:assert/strict";
import type { LedgerEntry, Sandbox } from "../../src/sandbox/mod.ts";
import { startSandbox } from "../../src/sandbox/mod.ts";
import { listMail, plainMail, USER } from "../jobs/cleanup/job_world.ts";

const PASSWORD = "pencil";
const LISTS = 12;
const OTHERS = 4;
const POLICY = `
[[rules]]
id = "lists"
do = "remove"
archive = "lists"
when = { header = "List-Id", exists = true }

[guards]
maxFraction = 1.0
keepAtLeast = 1

[archives]
lists = { maildir = "archive/lists" }
`;

/** What is killed: at the nth event that fits, right when the server sees it or a moment later. */
export interface Kill {
  /** In words. */
  readonly where: string;
  /** Whether an event fits. */
  readonly fits: (entry: LedgerEntry) => boolean;
  /** Which of them, from 1. */
  readonly nth: number;
  /** How much later, in milliseconds. */
  readonly laterMs: number;
}

/** The events at which the script is killed. */
export function* kills(): Generator<Kill> {
  const command = (verb: string) => ({ kind, text }: LedgerEntry): boolean =>
    kind === "command" && text.startsWith(verb);
  const kind = (name: LedgerEntry["kind"]) => (entry: LedgerEntry): boolean => entry.kind === name;
  const events: readonly [name: string, fits: Kill["fits"], times: number][] = [
    ["UIDL", command("UIDL"), 1],
    ["TOP", command("TOP"), 2],
    ["RETR", command("RETR"), 8],
    ["DELE", command("DELE"), 8],
    ["a mark", kind("marked"), 4],
    ["QUIT", command("QUIT"), 3],
    ["the update", kind("update"), 3],
    ["a removal", kind("removed"), 3],
  ];
  for (const [name, fits, times] of events) {
    for (let nth = 1; nth <= times; nth++) {
      for (const laterMs of [0, 3]) {
        yield { where: `${laterMs} ms after ${name} ${nth}`, fits, nth, laterMs };
      }
    }
  }
}

/**
 * Runs the script until it is killed, then once more to its end.
 *
 * @param kill When it is killed.
 * @returns Whether it was killed before it ended by itself.
 */
export async function killedCleanup(kill: Kill): Promise<boolean> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "tests/.tmp", prefix: "kill-" });
  try {
    await using box = await startSandbox({ users: { [USER]: PASSWORD } });
    const mails = new Map<string, string>();
    for (let at = 0; at < LISTS + OTHERS; at++) {
      mails.set(`u${at}`, at < LISTS ? listMail(at) : plainMail(at));
    }
    box.fill(USER, [...mails].map(([uid, content]) => ({ uid, content })));
    await Deno.writeTextFile(`${folder}/ca.pem`, box.caCerts.join("\n"));
    await Deno.writeTextFile(`${folder}/policy.toml`, POLICY);
    const child = start(box, folder);
    const over = new AbortController();
    const killing = killAt(box, child, kill, over.signal);
    const { signal } = await child.status;
    over.abort();
    await killing;
    await check(box, folder, mails, kill.where);
    const { code } = await start(box, folder).status;
    equal(code, 0, `${kill.where}: the next run`);
    await check(box, folder, mails, `${kill.where}, next run`);
    const left = box.maildrop(USER).map(({ uid }) => uid);
    equal(left.length, OTHERS, `${kill.where}: ${left} are left`);
    return signal === "SIGKILL";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function start(box: Sandbox, folder: string): Deno.ChildProcess {
  const script = new URL("../../scripts/cleanup.ts", import.meta.url).pathname;
  return new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check", "--allow-net=127.0.0.1"],
      ...["--allow-env=POP3_PASSWORD", `--allow-read=${folder}`, `--allow-write=${folder}`],
      ...[script, "run", "--max-delete", "100", "--max-fraction", "1", "--quiet"],
      ...["--server", box.pop3Url, "--user", USER, "--password-from", "env:POP3_PASSWORD"],
      ...["--tls-ca", `${folder}/ca.pem`, "--marks-per-quit", "5"],
      ...["--policy", `${folder}/policy.toml`, "--job", `${folder}/job`],
    ],
    env: { POP3_PASSWORD: PASSWORD },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function killAt(
  box: Sandbox,
  child: Deno.ChildProcess,
  { fits, nth, laterMs }: Kill,
  signal: AbortSignal,
): Promise<void> {
  let seen = 0;
  try {
    for await (const entry of box.ledger.follow({ signal })) {
      if (!fits(entry) || ++seen < nth) continue;
      if (laterMs > 0) await new Promise((go) => setTimeout(go, laterMs));
      child.kill("SIGKILL");
      return;
    }
  } catch (error) {
    // It has ended by itself.
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
}

async function check(
  box: Sandbox,
  folder: string,
  mails: ReadonlyMap<string, string>,
  where: string,
): Promise<void> {
  const left = new Set(box.maildrop(USER).map(({ uid }) => uid));
  const archived = new Set(await textsIn(`${folder}/archive/lists/new`));
  for (const [uid, content] of mails) {
    if (left.has(uid)) continue;
    ok(content.includes("List-Id"), `${where}: ${uid} was not in the plan, and is gone`);
    ok(archived.has(content), `${where}: ${uid} is lost`);
  }
  ok(archived.size <= LISTS, `${where}: ${archived.size} copies`);
}

async function textsIn(folder: string): Promise<string[]> {
  const texts: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      texts.push(await Deno.readTextFile(`${folder}/${name}`));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return texts;
}
