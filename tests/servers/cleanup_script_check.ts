/**
 * The cleanup script as a user runs it, in a process of its own with the permissions that it names
 * itself, against a real Dovecot: plan, apply, restore by LMTP, unattended.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { CleanupReport, StoredPlan } from "../../src/jobs/mod.ts";
import { listMail, mail, many } from "../scripts/cleanup/mails.ts";
import { startDovecot } from "./dovecot.ts";
import { maildropOf } from "./maildrop.ts";
import { JONES } from "./our_client.ts";
import { type Ran, run } from "./process.ts";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";

const SCRIPT = new URL("../../scripts/cleanup.ts", import.meta.url).pathname;
const POLICY = `
[[rules]]
id = "lists"
do = "remove"
archive = "lists"
when.all = [ { age = ">90d" }, { header = "List-Id", exists = true } ]

[guards]
maxFraction = 0.8

[archives]
lists = { mbox = "archive/{yyyy}.mbox" }
`;

/** Runs the script with exactly the permissions that it says it needs. */
async function cleanup(args: readonly string[], stdin: string): Promise<Ran> {
  const deno = ["run", "--no-prompt", "--quiet", "--no-config"];
  const asked = await run("deno", [...deno, "--allow-read", SCRIPT, ...args, "--permissions"]);
  const grants = asked.stdout.trim().split(" ");
  return await run("deno", [...deno, ...grants, SCRIPT, ...args], {
    stdin,
    env: { NO_COLOR: "1" },
    mayFail: true,
  });
}

function octets({ content }: ReturnType<typeof mail>): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

await serverTest(
  "cleanup against Dovecot",
  ["dovecot", "openssl", "root"],
  async (step) => {
    await using dovecot = await startDovecot();
    await using folder = await RunFolder.make("clean");
    const { host, ports, caFile, users } = dovecot;
    const password = users[JONES] ?? "";
    const path = (name: string) => folder.file(name);
    const server = [
      ...["--server", `pop3://${host}:${ports.pop3}`, "--user", JONES],
      ...["--password-from", "stdin", "--tls-ca", caFile],
    ];
    const place = ["--policy", path("policy.toml"), "--job", path("jones.job")];
    const call = [...server, ...place];
    const old = many(40, (at) => listMail(100 + at, { size: 3000 + at }));
    const others = many(30, (at) => mail({ days: 100 + at }));
    await dovecot.fill(JONES, [...old, ...others].map(octets));
    let report: CleanupReport | undefined;

    await step("writes a first policy", async () => {
      const { code, stdout, stderr } = await cleanup([
        ...["init", ...server, "--policy", path("first.toml"), "--sample", "50"],
      ], password);
      deepEqual([code, stderr], [0, ""], stdout);
      match(await Deno.readTextFile(path("first.toml")), /# Mailing lists older than 90 days: \d/);
    });

    await step("plans, and touches nothing", async () => {
      await folder.write("policy.toml", POLICY);
      const { code, stdout, stderr } = await cleanup(call, password);
      deepEqual([code, stderr], [2, ""]);
      match(stdout, /\nTo be removed: 40 messages, /);
      equal((await maildropOf(dovecot, JONES)).size, 70);
    });

    await step("applies exactly that plan", async () => {
      const again = await cleanup([...call, "--json"], password);
      const { planId }: StoredPlan = JSON.parse(again.stdout);
      const { code, stdout, stderr } = await cleanup(
        ["apply", planId, ...call, "--json"],
        password,
      );
      deepEqual([code, stderr], [0, ""]);
      report = JSON.parse(stdout);
      deepEqual(report?.counts, {
        ...{ planned: 40, archived: 40, marked: 40, committed: 40, verified: 40 },
        ...{ kept: 0, goneElsewhere: 0, unknown: 0 },
      });
      equal((await maildropOf(dovecot, JONES)).size, 30);
    });

    await step("gives all of it back by LMTP, octet for octet", async () => {
      const { code, stdout, stderr } = await cleanup([
        ...["restore", report?.runId ?? "", ...place, "--to", JONES],
        ...["--smtp", `lmtp://${host}:${ports.lmtp}`, "--smtp-tls", "none"],
      ], "");
      deepEqual([code, stderr], [0, ""], stdout);
      const texts = (await dovecot.mailbox(JONES, 70)).map((each) =>
        new TextDecoder().decode(each)
      );
      for (const each of old) {
        ok(texts.some((text) => text.endsWith(new TextDecoder().decode(octets(each)))));
      }
    });

    await step("runs with nobody looking on, and lets what came back stay", async () => {
      await dovecot.fill(JONES, many(10, (at) => listMail(100 + at)).map(octets));
      const caps = ["--max-delete", "50", "--max-fraction", "0.8", "--quiet"];
      const { code, stdout, stderr } = await cleanup(["run", ...call, ...caps], password);
      deepEqual([code, stdout, stderr], [0, "", ""]);
      equal((await maildropOf(dovecot, JONES)).size, 70);
      const job = ["--job", path("jones.job")];
      match((await cleanup(["status", ...job], "")).stdout, /\nRestored +40, kept until released/);
      const released = await cleanup(["release", report?.runId ?? "", ...job], "");
      deepEqual([released.code, released.stdout], [0, "Released: 40\n"]);
    });
  },
);
