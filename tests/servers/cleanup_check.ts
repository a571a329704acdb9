/**
 * Cleanups of large mailboxes at real servers: nothing is lost, whatever is cut off on the way.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connectPop3 } from "@mailwright/mailwright/pop3";
import { type Clock, systemClock } from "@mailwright/mailwright/wire";
import { type CleanupReport, openCleanup, type StoredPlan } from "../../src/jobs/mod.ts";
import { readPolicy } from "../../scripts/cleanup/policy_file.ts";
import {
  checkNothingLost,
  commonMails,
  digestOf,
  digestsOf,
  filesBelow,
  mboxDigest,
  oddMails,
  POLICY,
} from "./cleanup_mailbox.ts";
import { startCourier } from "./courier.ts";
import { startCyrus } from "./cyrus.ts";
import { startDovecot } from "./dovecot.ts";
import { FlakyDialler } from "./flaky_dialler.ts";
import { HoldingProxy } from "./holding_proxy.ts";
import type { LargeCleaned, LargeCleaning } from "./large_cleaner.ts";
import { largeMessage } from "./large_reader.ts";
import { maildropOf, type Pop3Server } from "./maildrop.ts";
import { startMailutils } from "./mailutils.ts";
import { credentials, JONES } from "./our_client.ts";
import { TurnCounter } from "./turn_counter.ts";
import { poll } from "./poll.ts";
import { startPostfix } from "./postfix.ts";
import { run } from "./process.ts";
import { type Need, serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";

const COUNT = 10_000;
const SCRIPT = new URL("../../scripts/cleanup.ts", import.meta.url).pathname;

/**
 * Courier wants ten seconds between two logins: no test has the time. What a server is given to see that
 * a session is over is left to it.
 */
const HASTY: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  sleep: (ms, options) => systemClock.sleep(ms > 5000 ? 100 : ms, options),
};

/** How to open the cleanup of Jones' mailbox in a folder with a policy. */
async function jobOf(server: Pop3Server, folder: RunFolder, flaky: FlakyDialler) {
  const { host, ports, caPem } = server;
  const turns: TurnCounter[] = [];
  const connect = () => {
    const counter = new TurnCounter();
    turns.push(counter);
    const url = `pop3s://${host}:${ports.pop3s}`;
    const auth = credentials(server);
    const { dial } = flaky;
    return connectPop3({ url, caCerts: [caPem], auth, dial, onEvent: counter.hear });
  };
  const account = `${JONES}@${host}:${ports.pop3s}`;
  const place = { ...await readPolicy(folder.file("policy.toml")), folder: folder.file("ann.job") };
  return { options: { ...place, account, connect, clock: HASTY }, turns };
}

/** Starts the script in a folder, with the grants of README. */
function start(folder: RunFolder, grants: readonly string[], args: readonly string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...grants, SCRIPT, ...args],
    cwd: folder.path,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function finished(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

await serverTest(
  `a cleanup of ${COUNT} messages at Dovecot`,
  ["dovecot", "postfix", "openssl", "root"],
  async (step) => {
    await using postfix = await startPostfix();
    const { dovecot } = postfix;
    await using proxy = new HoldingProxy(dovecot.ports.pop3s);
    const pop3 = { ...dovecot, ports: { ...dovecot.ports, pop3s: proxy.port } };
    await using folder = await RunFolder.make("clean");
    await folder.write("policy.toml", POLICY);
    await folder.write("ann.password", `${dovecot.users[JONES]}\n`, 0o600);
    await folder.write("ca.pem", dovecot.caPem);
    const odd = await oddMails();
    await dovecot.fill(JONES, [...odd, ...commonMails(COUNT - 2 * odd.length), ...odd]);
    const before = await digestsOf(await maildropOf(dovecot, JONES));
    const flaky = new FlakyDialler();
    const { options, turns } = await jobOf(pop3, folder, flaky);
    let plan: StoredPlan | undefined;
    let report: CleanupReport | undefined;

    await step("is planned in few turns, and again in very few", async () => {
      await using job = await openCleanup(options);
      plan = await job.plan();
      deepEqual(plan.trips, []);
      deepEqual(
        new Set(plan.items.map(({ archive }) => archive)),
        new Set(["copies", "lists", "notices", "reports"]),
      );
      ok(plan.items.length > 1000, `${plan.items.length}`);
      const second = await job.plan();
      equal(second.planId, plan.planId);
      const [first = 0, next = 0] = turns.map(({ turns }) => turns);
      ok(first <= 250 && next <= 15, `${first} and ${next} turns`);
    });

    await step("is carried out, though connections break and QUIT is not answered", async () => {
      flaky.cuts.push(1_000_000, "QUIT", 600_000, "QUIT");
      await using job = await openCleanup(options);
      report = await job.apply(plan?.planId ?? "");
      equal(flaky.cut, 4);
      const { planned, verified, archived, kept } = report.counts;
      deepEqual([report.exit, verified, archived, kept], ["done", planned, planned, 0]);
      const check = await job.verify();
      deepEqual([check.exit, check.warnings], ["done", []]);
    });

    const server = [
      ...["--server", `pop3s://${pop3.host}:${pop3.ports.pop3s}`, "--user", JONES],
      ...["--password-from", "file:ann.password", "--tls-ca", "ca.pem"],
    ];
    const place = ["--policy", "policy.toml", "--job", "ann.job"];
    const caps = ["--max-delete", "2000", "--max-fraction", "0.2", "--quiet"];
    const unattended = [
      `--allow-net=${pop3.host}:${pop3.ports.pop3s}`,
      "--allow-read=policy.toml,ann.password,ca.pem,ann.job,archive",
      "--allow-write=ann.job,archive",
    ];
    const journal = () => Deno.readTextFile(folder.file("ann.job/journal.jsonl"));
    const events = (text: string, event: string) => text.split(`"event":"${event}"`).length - 1;

    await step("goes on after a run that was killed, wherever that was", async () => {
      await folder.write("policy.toml", POLICY.replace(">400d", ">90d"));
      for (const [event, more] of [["archived", 100], ["commit-intent", 1]] as const) {
        const done = events(await journal(), event);
        const held = proxy.until(async () => events(await journal(), event) >= done + more);
        const child = start(folder, unattended, ["run", ...server, ...place, ...caps]);
        const ended = finished(child);
        // It cannot end before what it has said is passed on.
        await Promise.race([held, ended]);
        child.kill("SIGKILL");
        equal((await ended).code, 137);
      }
      const last = await finished(
        start(folder, unattended, ["run", ...server, ...place, ...caps]),
      );
      deepEqual(last, { code: 0, stdout: "", stderr: "" });
      const again = await finished(
        start(folder, unattended, ["run", ...server, ...place, ...caps]),
      );
      deepEqual(again, { code: 0, stdout: "", stderr: "" });
    });

    await step("loses nothing, and touches nothing that it keeps", async () => {
      const archived = new Set<string>();
      for (const path of await filesBelow(folder.file("archive"))) {
        if (!path.endsWith(".mbox")) archived.add(await digestOf(await Deno.readFile(path)));
      }
      for (const { rule, copy } of report?.items ?? []) {
        if (rule !== "notices" || copy === undefined) continue;
        archived.add(await mboxDigest(folder.path, copy));
      }
      const after = await digestsOf(await maildropOf(dovecot, JONES));
      const gone = checkNothingLost(before, after, archived);
      const { stdout } = await finished(start(folder, [
        ...["--allow-read=ann.job", "--allow-write=ann.job"],
      ], ["status", "--job", "ann.job", "--json"]));
      const status = JSON.parse(stdout);
      deepEqual([status.unverified, status.gone], [[], gone.length]);
      equal(after.size, COUNT - gone.length);
      ok(gone.length > 1300, `${gone.length}`);
    });

    await step("gives one message back by mail", async () => {
      const [item] = report?.items.filter(({ rule }) => rule === "notices") ?? [];
      const { code, stdout, stderr } = await finished(start(folder, [
        `--allow-net=${postfix.host}:${postfix.ports.submission}`,
        ...["--allow-read=.", "--allow-write=ann.job"],
      ], [
        ...["restore", item?.uid ?? "", ...place, "--to", JONES, "--smtp-user", JONES],
        ...["--smtp", `submission://${postfix.host}:${postfix.ports.submission}`],
        ...["--smtp-tls-ca", "ca.pem", "--smtp-password-from", "file:ann.password"],
      ]));
      deepEqual([code, stderr], [0, ""], stdout);
      const [, fresh = new Uint8Array()] = await poll("the message", async () => {
        return [...await maildropOf(dovecot, JONES)].find(([uid]) => !before.has(uid));
      });
      const bytes = item?.copy?.bytes ?? 0;
      equal(await digestOf(fresh.subarray(-bytes)), item?.copy?.sha256);
      match(new TextDecoder().decode(fresh.subarray(0, -bytes)), /^Resent-To: .*jones@beta/m);
    });
  },
);

const SOME = 300;

const OTHERS: readonly {
  readonly name: Need;
  readonly start: () => Promise<Pop3Server>;
  /** Takes away what it writes into messages. */
  readonly without?: (message: Uint8Array) => Uint8Array;
}[] = [
  { name: "courier", start: startCourier },
  { name: "cyrus", start: startCyrus },
  { name: "mailutils", start: startMailutils, without: withoutUid },
];

for (const { name, start, without = (message: Uint8Array) => message } of OTHERS) {
  const needs: Need[] = [name, "openssl", "root"];
  await serverTest(`a cleanup of ${SOME} messages at ${name}`, needs, async (step) => {
    await using server = await start();
    await using folder = await RunFolder.make("clean");
    // Delivery by LMTP was today, whatever the message says.
    const age = '[age]\nbasis = ["date"]\n';
    await folder.write("policy.toml", POLICY.replace(">400d", ">90d") + age);
    await server.fill(JONES, commonMails(SOME));
    const digests = async (mails: readonly Uint8Array[]) =>
      await Promise.all(mails.map((each) => digestOf(without(each))));
    const before = await digests(await server.mailbox(JONES, SOME));
    const flaky = new FlakyDialler();
    const { options } = await jobOf(server, folder, flaky);
    await using job = await openCleanup({ ...options, limits: { marksPerQuit: 10 } });
    let report: CleanupReport | undefined;

    await step("is carried out with many QUITs, and one that is not answered", async () => {
      await job.plan(); // Mailutils writes unique-ids into messages, and they are others then.
      const { planId } = await job.plan();
      flaky.cuts.push(Infinity, 20_000, "QUIT");
      report = await job.apply(planId);
      deepEqual([flaky.cut, report.exit, report.warnings.length], [2, "done", 1]);
      const { planned, verified } = report.counts;
      equal(verified, planned);
      ok(planned > 30, `${planned}`);
      equal((await job.verify()).exit, "done");
      equal((await job.plan()).items.length, 0);
    });

    await step("loses nothing, and touches nothing that it keeps", async () => {
      await job.restore({ run: report?.runId ?? "" }, { folder: folder.file("restored") });
      const paths = await filesBelow(folder.file("restored"));
      const archived = await digests(await Promise.all(paths.map((path) => Deno.readFile(path))));
      const left = SOME - (report?.counts.verified ?? 0);
      const after = await digests(await server.mailbox(JONES, left));
      equal(after.length, left);
      ok(new Set(after).isSubsetOf(new Set(before)));
      ok(new Set([...after, ...archived]).isSupersetOf(new Set(before)));
    });
  });
}

const MEGABYTE = 1024 ** 2;
const CLEANER = new URL("large_cleaner.ts", import.meta.url).pathname;

await serverTest(
  "a cleanup archives a message of 100 MB and stays small",
  ["dovecot", "openssl", "root"],
  async (step) => {
    await using dovecot = await startDovecot();
    await using folder = await RunFolder.make("large");
    await dovecot.fill(JONES, [largeMessage()]);
    const { stdout } = await run("sha256sum", await filesBelow(dovecot.mail));
    const { host, ports, caPem, users } = dovecot;
    const url = `pop3s://${host}:${ports.pop3s}`;
    const password = users[JONES] ?? "";
    const order: LargeCleaning = { url, caPem, user: JONES, password, folder: folder.path };
    const args = ["run", "--allow-all", "--quiet", CLEANER];
    const ran = await run(Deno.execPath(), args, { stdin: JSON.stringify(order) });
    const { peak, path, verified }: LargeCleaned = JSON.parse(ran.stdout);
    await step(`${Math.round(peak / MEGABYTE)} MB at most`, async () => {
      equal(verified, 1);
      const copy = await run("sha256sum", [folder.file(path)]);
      equal(copy.stdout.slice(0, 64), stdout.slice(0, 64));
      equal((await maildropOf(dovecot, JONES)).size, 0);
      ok(peak < 128 * MEGABYTE);
    });
  },
);

/** The message without the field that UIDL makes Mailutils add. */
function withoutUid(message: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(message); // all of it is ASCII
  return new TextEncoder().encode(text.replace(/^X-UIDL: [0-9a-f.]+\r\n/m, ""));
}
