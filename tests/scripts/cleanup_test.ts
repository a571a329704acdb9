import { deepEqual, equal, fail, match, ok } from "node:assert/strict";
import { VERBS } from "../../scripts/cleanup/calls.ts";
import { main } from "../../scripts/cleanup.ts";
import { EXIT, parseConfig, systemReaders } from "../../src/cli/mod.ts";
import {
  checkPolicy,
  type CleanupReport,
  type CleanupStatus,
  type StoredPlan,
} from "../../src/jobs/mod.ts";
import { ClosedPipe, Signals } from "../cli/fakes.ts";
import { listMail, mail, many } from "./cleanup/mails.ts";
import { cleanup, inSetting, PASSWORD, type Setting, USER } from "./cleanup/script.ts";
import { helpOf } from "./help.ts";

const POLICY = `
[[rules]]
id = "people"
do = "keep"
when.any = [ { from = { domain = "boss.example" } }, { header = "X-Keep", exists = true } ]

[[rules]]
id = "lists"
do = "remove"
archive = "lists"
when.all = [ { age = ">90d" }, { header = "List-Id", exists = true } ]

[guards]
keepAtLeast = 3
maxFraction = 0.9

[archives]
lists = { maildir = "archive/{yyyy}" }
`;

/** Fills the mailbox: three lists that may go, one that a keep rule wants, seven others. */
function fill({ box }: Setting): void {
  box.fill(USER, [
    ...many(3, (at) => listMail(100 + at, { uid: `old${at}`, size: 2000 })),
    listMail(200, { from: "chef@boss.example", uid: "boss" }),
    ...many(2, (at) => listMail(10 + at, { uid: `new${at}` })),
    ...many(5, (at) => mail({ days: 100 + at, uid: `mail${at}` })),
  ]);
}

/** The mailbox after all that may go has gone. */
const LEFT = ["boss", "new0", "new1", "mail0", "mail1", "mail2", "mail3", "mail4"];

function uids({ box }: Setting): string[] {
  return box.maildrop(USER).map(({ uid }) => uid);
}

/** What the archive holds, as text. */
async function archived(folder: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) texts.push(...await archived(path));
    else if (!name.startsWith(".")) texts.push(await Deno.readTextFile(path));
  }
  return texts.sort();
}

const help = (...args: string[]): Promise<string> => helpOf(main, args);

Deno.test("cleanup shows help with examples, and its version, without any grant", {
  permissions: "none",
}, async () => {
  const out = await help("--help");
  match(out, /Exit status: 0 done/);
  match(out, /Examples:\n(?: .*\n)*? {4}cleanup init --server/);
  for (const verb of VERBS) {
    match(await help(verb, "--help"), /Examples:\n/);
  }
  ok(!(await help("plan", "--help")).includes("--password <"));
  match(await help("--version"), /^\d+\.\d+\.\d+\n$/);
  // The policy that it shows is one.
  const [, shown = ""] =
    /^ {2}A policy: .*\n((?: {4}.*\n|\n)+)/m.exec(await help("plan", "--help")) ?? [];
  const octets = new TextEncoder().encode(shown.replace(/^ {4}/gm, ""));
  equal(checkPolicy(await parseConfig(octets, { format: "toml", file: "help" })).rules.length, 2);
});

Deno.test("cleanup plans, applies, verifies, restores and tells of it", async () => {
  await inSetting(async (setting) => {
    const { box, folder, all, policy } = setting;
    fill(setting);
    await policy(POLICY);
    const before = box.maildrop(USER).filter(({ uid }) => uid.startsWith("old"));

    // The plan: a table, and nothing else has happened.
    const planned = await cleanup(all);
    deepEqual([planned.code, planned.err], [2, ""]);
    match(planned.out, /^from +subject +age +size +rule +archive +why\n/);
    match(planned.out, /\nnews@lists\.example +Weekly +100d +2\.\d+ kB +lists +lists +received 2/);
    match(planned.out, /\nTo be removed: 3 messages, 6\.\d+ kB of 11, /);
    match(planned.out, /\n {2}1 that a keep rule protects \(people\)\n/);
    const next = planned.out.trimEnd().split("\n").at(-1) ?? "";
    match(next, /^cleanup apply [0-9a-f]{12} --server pop3:/);
    equal(uids(setting).length, 11);
    equal(box.ledger.entries.some(({ text }) => /^(RETR|DELE)/.test(text)), false);
    deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/archive`)).catch(() => "none"), "none");

    // The same again is the same plan.
    const again = await cleanup([...all, "--json"]);
    const plan: StoredPlan = JSON.parse(again.out);
    equal(again.code, 2);
    ok(plan.planId.startsWith(next.split(" ")[2] ?? "-"));
    equal(plan.schema, "mailwright-cleanup-plan/1");

    // What is printed can be typed.
    const applied = await cleanup(next.split(" ").slice(1));
    deepEqual([applied.code, applied.err], [0, ""]);
    match(applied.out, /^Done: 3 planned, 3 archived, 3 deleted, 3 verified \(run /);
    deepEqual(uids(setting), LEFT);
    deepEqual(await archived(`${folder}/archive`), before.map(({ text }) => text).sort());

    // A plan is carried out once: nothing of it is there any more.
    const verified = await cleanup(["verify", ...all, "--json"]);
    equal(verified.code, 0);
    const report: CleanupReport = JSON.parse(verified.out);
    equal(report.exit, "done");

    const status = await cleanup(["status", "--job", `${folder}/job`, "--json"]);
    equal(status.code, 0);
    const known: CleanupStatus = JSON.parse(status.out);
    deepEqual([known.archived, known.gone, known.unverified], [3, 3, []]);
    const run = known.runs.find(({ archived }) => archived === 3)?.runId ?? "-";

    // Back by mail, and as files.
    const restored = await cleanup([
      ...["restore", run, "--job", `${folder}/job`, "--policy", `${folder}/policy.toml`],
      ...["--smtp", box.smtpUrl, "--smtp-tls-ca", `${folder}/ca.pem`, "--to", USER],
    ]);
    deepEqual([restored.code, restored.err], [0, ""]);
    match(restored.out, /\nRestored: 3 accepted\n$/);
    equal(uids(setting).length, 11);
    for (const { text, from, to } of box.mails) {
      deepEqual([from, to], [USER, [USER]]);
      match(text, /^Resent-Date: [^\n]*\r\nResent-From: /);
      ok(before.some((each) => text.endsWith(each.text)));
    }
    const exported = await cleanup([
      ...["restore", run, "--job", `${folder}/job`, "--policy", `${folder}/policy.toml`],
      ...["--export", `${folder}/out`],
    ]);
    equal(exported.code, 0);
    deepEqual(await archived(`${folder}/out`), before.map(({ text }) => text).sort());

    // What was given back stays until it is released.
    equal((await cleanup(all)).code, 0);
    match((await cleanup(["status", "--job", `${folder}/job`])).out, /Restored +3/);
    const released = await cleanup(["release", run, "--job", `${folder}/job`]);
    deepEqual([released.code, released.out], [0, "Released: 3\n"]);
    equal((await cleanup(all)).code, 2);
  });
});

Deno.test("cleanup retire takes down what is gone on purpose, and verify lets it be [T-C15]", async () => {
  await inSetting(async (setting) => {
    const { folder, all, policy } = setting;
    fill(setting);
    await policy(POLICY);
    equal((await cleanup(["run", ...all, "--max-delete", "5", "--max-fraction", "1"])).code, 0);
    const paths = (await Array.fromAsync(Deno.readDir(`${folder}/archive`))).map(({ name }) =>
      name
    );
    await Deno.remove(`${folder}/archive`, { recursive: true });
    const lost = await cleanup(["verify", ...all]);
    equal(lost.code, 7);
    match(lost.out, /\nCannot trust the archive: of 3 copies 3 are missing, 0 damaged\n/);
    match(lost.out, /\nIf copies are gone on purpose, say so: cleanup retire PATH --by NAME /);

    const place = ["--job", `${folder}/job`, "--policy", `${folder}/policy.toml`];
    const retire = (what: string, ...more: string[]) =>
      cleanup(["retire", what, ...place, ...more]);
    match((await retire("archive")).err, /--by <name> is missing/);
    equal((await retire("archive/1999", "--by", "ann")).code, 1);
    // As the shell completes it, and as the journal has it.
    for (const path of [`${folder}/archive/`, `archive/${paths[0]}`]) {
      const { code, out } = await retire(path, "--by", "ann", "--note", "tape 7");
      deepEqual([code, out.slice(0, 9)], [0, "Retired: "], path);
    }
    const verified = await cleanup(["verify", ...all]);
    deepEqual([verified.code, verified.err], [0, ""]);
    match(verified.out, /^Done: 0 copies are whole, 3 gone on purpose \(run /);
    match((await cleanup(["status", ...place.slice(0, 2)])).out, /\nCopies {6}0\nRetired {5}3 /);
    const restored = await cleanup(["restore", "archive", ...place, "--export", `${folder}/out`]);
    equal(restored.code, 3);
    match(restored.out, /^retired .*gone on purpose since .*, says ann: tape 7: /);
    match(restored.out, /\nRestored: nothing, 3 retired\n$/);
  });
});

Deno.test("cleanup has nothing to do where no rule fires", async () => {
  await inSetting(async ({ box, all, policy }) => {
    box.fill(USER, many(3, () => mail({ days: 5 })));
    await policy(POLICY);
    const { code, out } = await cleanup(all);
    equal(code, 0);
    match(out, /^Nothing to remove\.\nKept: 3\n/);
    equal(out.includes("cleanup apply"), false);
    box.expunge(...box.maildrop(USER).map(({ uid }) => uid));
    match((await cleanup(all)).out, /^Nothing to remove: the mailbox is empty\.\n/);
  });
});

Deno.test("cleanup run carries out what its caps allow, and else stops before anything", async () => {
  await inSetting(async (setting) => {
    const { all, policy } = setting;
    fill(setting);
    await policy(POLICY);
    const run = (...caps: string[]) => cleanup(["run", ...all, ...caps]);
    const uncapped = await run("--max-delete", "5");
    equal(uncapped.code, 1);
    match(uncapped.err, /--max-fraction <part> is missing/);
    const tight = await run("--max-delete", "2", "--max-fraction", "0.5");
    equal(tight.code, 6);
    match(tight.err, /^cleanup: .*3 of 11/);
    const small = await run("--max-delete", "5", "--max-fraction", "0.1");
    equal(small.code, 6);
    equal(uids(setting).length, 11);
    const done = await run("--max-delete", "5", "--max-fraction", "0.5", "--quiet");
    deepEqual(done, { code: 0, out: "", err: "" });
    deepEqual(uids(setting), LEFT);
  });
});

Deno.test("cleanup run --every comes again, and goes on after a bad night", async () => {
  await inSetting(async (setting) => {
    const { box, all, policy } = setting;
    fill(setting);
    await policy(POLICY);
    let nights = 0;
    let nowMs = Date.now();
    const alarm = {
      now: () => nowMs,
      sleep(ms: number): Promise<void> {
        nowMs += ms;
        return Promise.resolve();
      },
    };
    const stop = new Error("enough");
    box.misbehave({ verb: "STAT", protocol: "pop3", reply: "-ERR [SYS/TEMP] tired", times: 9 });
    const calls = cleanup(
      ["run", ...all, "--max-delete", "5", "--max-fraction", "0.5", "--every", "0 3 * * *"],
      {
        alarm: {
          now: alarm.now,
          sleep(ms) {
            const night = nowMs === new Date(nowMs).setHours(3, 0, 0, 0);
            if (night && ++nights === 2) box.misbehave();
            if (night && nights === 4) throw stop;
            return alarm.sleep(ms);
          },
        },
      },
    );
    const { code, err } = await calls;
    equal(code, 1);
    match(err, /next run at .*\n(?:.*\n)*cleanup: [^\n]*tired/);
    match(err, /cleanup: enough\n$/);
    deepEqual(uids(setting), LEFT);
  });
});

Deno.test("cleanup tells by its exit status what went wrong [T-D09] [T-C13]", async () => {
  await inSetting(async (setting) => {
    const { box, folder, all, server, policy } = setting;
    fill(setting);
    await policy(POLICY);
    const code = async (...args: string[]) => (await cleanup(args)).code;
    const plan = JSON.parse((await cleanup([...all, "--json"])).out).planId;

    equal(await code("apply", "0".repeat(64), ...all), 1);
    equal(await code("apply", "xyz", ...all), 1);
    equal(await code("apply", ...all), 1);
    const caps = ["--max-delete", "5", "--max-fraction", "1"];
    equal(await code("run", ...all, ...caps, "--every-zone", "Europe/Berlin"), 1);
    equal(await code("run", ...all, ...caps, "--every", "0 3 * * *", "--every-zone", "Nowhere"), 1);
    equal(await code("status", "--job", `${folder}/nothing`), 1);
    equal(
      await code("restore", "x", "--job", `${folder}/job`, "--policy", `${folder}/policy.toml`),
      1,
    );
    equal(await code("frobnicate", ...all), 1);
    equal(await code(...all, "--frobnicate"), 1);

    // A guard.
    await policy(POLICY.replace("keepAtLeast = 3", "keepAtLeast = 9"));
    const guarded = await cleanup(all);
    equal(guarded.code, 6);
    match(
      guarded.out,
      /\nStopped by keepAtLeast \(9\): 8 would be left; if that is meant, it takes keepAtLeast = 8\n/,
    );
    equal(guarded.out.includes("cleanup apply"), false);
    match((await cleanup([...all, "--quiet"])).err, /^cleanup: 8 would be left; .*\n$/);
    const { planId: stopped } = JSON.parse((await cleanup([...all, "--json"])).out);
    equal(await code("apply", stopped, ...all), 6);
    // The plan was made for another policy.
    equal(await code("apply", plan, ...all), 1);
    await policy(POLICY);
    equal(await code(...all), 2);

    // Busy: here, and there.
    const lock = await Deno.open(`${folder}/job/lock`, { write: true });
    await lock.lock(true);
    equal(await code(...all), 5);
    lock.close();
    box.misbehave({ verb: "PASS", reply: "-ERR [IN-USE] locked" }, {
      verb: "AUTH",
      reply: "-ERR [IN-USE] locked",
    });
    equal(await code(...all), 5);

    // Connection, TLS, login.
    box.misbehave({ verb: "AUTH", reply: "-ERR [AUTH] no" });
    equal(await code(...all), 8);
    box.misbehave();
    const untrusted = all.filter((arg) => arg !== "--tls-ca" && !arg.endsWith("ca.pem"));
    equal(await code(...untrusted), 8);
    const closed = all.map((arg) => arg === box.pop3Url ? "pop3://127.0.0.1:1" : arg);
    equal(await code(...closed), 8);
    equal(await code("init", ...untrusted.slice(0, 6), "--policy", `${folder}/new.toml`), 8);

    // The answer to QUIT is lost: nobody knows, until the next listing.
    box.misbehave({ verb: "QUIT", silent: true, then: "drop", times: 1 });
    equal(await code("apply", plan, ...all, "--no-verify"), 4);
    equal(await code("status", "--job", `${folder}/job`), 4);
    box.misbehave();
    equal(await code("verify", ...all), 0);
    deepEqual(uids(setting), LEFT);
    equal(server.length, 8);
  });
});

Deno.test("cleanup tells in JSON what went wrong [T-D09]", async () => {
  await inSetting(async (setting) => {
    const { box, folder, all, policy } = setting;
    const error = async (...args: string[]) => {
      const { code, out, err } = await cleanup([...args, "--json"]);
      const { schema, error } = JSON.parse(out);
      equal(schema, "mailwright-cleanup-error/1");
      equal(err, `cleanup: ${error.message}\n`);
      return [code, error.kind, error.temporary];
    };
    deepEqual(await error(...all), [1, "policy", false]);
    await policy(POLICY);
    deepEqual(await error("apply", "00000000", ...all), [1, "plan", false]);
    await Deno.mkdir(`${folder}/job`, { recursive: true });
    using lock = await Deno.open(`${folder}/job/lock`, { write: true, create: true });
    await lock.lock(true);
    deepEqual(await error(...all), [5, "busy", true]);
    await lock.unlock();
    box.misbehave({ verb: "AUTH", reply: "-ERR [AUTH] no" });
    deepEqual(await error(...all), [8, "connection", false]);
    box.misbehave({ verb: "AUTH", reply: "-ERR [SYS/TEMP] later" });
    const [, , temporary] = await error(...all);
    equal(temporary, true);
    deepEqual(await error("init", ...all.slice(0, 8), "--policy", `${folder}/new`), [
      5,
      "busy",
      true,
    ]);
    box.misbehave();
    fill(setting);
    deepEqual(
      await error("run", ...all, "--max-delete", "1", "--max-fraction", "1"),
      [6, "guard", false],
    );
  });
});

Deno.test("cleanup stops at SIGINT, removes nothing, and goes on the next time [T-C14]", async () => {
  await inSetting(async (setting) => {
    const { box, folder, all, policy } = setting;
    fill(setting);
    await policy(POLICY);
    const run = ["run", ...all, "--max-delete", "5", "--max-fraction", "1"];
    const signals = new Signals();
    const interrupted = cleanup(run, { signals });
    for await (const { text } of box.ledger.follow()) {
      if (text.startsWith("RETR ")) break;
    }
    signals.send("SIGINT");
    const { code, out, err } = await interrupted;
    equal(code, 130);
    match(err, /cleanup: leaving the mailbox in a few seconds/);
    match(out, /Interrupted: 3 planned, .* 0 deleted/);
    equal(uids(setting).length, 11);
    equal((await cleanup(run)).code, 0);
    deepEqual(uids(setting), LEFT);
    equal((await archived(`${folder}/archive`)).length, 3);
  });
});

Deno.test("cleanup keeps what went wrong, and says so", async () => {
  await inSetting(async (setting) => {
    const { box, all, policy } = setting;
    fill(setting);
    await policy(POLICY);
    const plan = JSON.parse((await cleanup([...all, "--json"])).out).planId;
    box.misbehave({ verb: "DELE", reply: "-ERR not this one", times: 1 });
    const { code, out } = await cleanup(["apply", plan, ...all]);
    equal(code, 3);
    match(out, /^old0 \(lists\) kept, refused/);
    match(out, /3 planned, 3 archived, 2 deleted, 2 verified, 1 kept/);
    deepEqual(uids(setting), ["old0", ...LEFT]);
  });
});

Deno.test("cleanup ends with 7 if the archive cannot be written, and removes nothing [T-C07]", async () => {
  await inSetting(async (setting) => {
    const { folder, all, policy } = setting;
    fill(setting);
    await policy(POLICY);
    const plan = JSON.parse((await cleanup([...all, "--json"])).out).planId;
    await Deno.writeTextFile(`${folder}/archive`, "in the way");
    const failed = await cleanup(["apply", plan, ...all]);
    equal(failed.code, 7);
    match(failed.out, /\nWhat is not in the archive stays on the server; .*\nThe archive failed: /);
    // Who is only told what went wrong is told why.
    const quiet = await cleanup(["apply", plan, ...all, "--quiet"]);
    deepEqual([quiet.code, quiet.out], [7, ""]);
    match(quiet.err, /^cleanup: Cannot read archive "lists": .*\ncleanup: The archive failed: /);
    equal(uids(setting).length, 11);
  });
});

Deno.test("cleanup takes policies in JSON and TypeScript", async () => {
  await inSetting(async (setting) => {
    const { folder, server, policy } = setting;
    fill(setting);
    await policy(
      JSON.stringify({
        rules: [{ id: "old", do: "remove", archive: "none", when: { age: ">101d" } }],
        guards: { keepAtLeast: 1, maxFraction: 1 },
      }),
      "policy.json",
    );
    await policy(
      `import { age, definePolicy, remove } from "../../../src/jobs/mod.ts";
       export const policy = definePolicy({
         rules: [remove("old", age.over("101d"), { archive: "none" })],
         guards: { keepAtLeast: 1, maxFraction: 1 },
       });`,
      "policy.ts",
    );
    const outs = [];
    for (const name of ["policy.json", "policy.ts"]) {
      const call = [...server, "--job", `${folder}/job-${name}`, "--policy", `${folder}/${name}`];
      const { code, out } = await cleanup(call);
      equal(code, 2);
      match(out, / NOT ARCHIVED /);
      outs.push(out.split("\n").slice(0, 5));
    }
    deepEqual(outs[0], outs[1]);
  });
});

Deno.test("cleanup never takes a secret as an argument, and shows none", async () => {
  await inSetting(async ({ folder, all, policy }) => {
    await policy(POLICY);
    for (const option of ["--password", "--token"]) {
      const { code, err } = await cleanup([...all.slice(0, 4), option, PASSWORD]);
      equal(code, 1);
      match(err, new RegExp(`^cleanup: Cannot take ${option}: others can read arguments`));
    }
    await cleanup(all);
    for await (const { name } of Deno.readDir(`${folder}/job`)) {
      const text = await Deno.readTextFile(`${folder}/job/${name}`);
      equal(text.includes(PASSWORD), false, name);
    }
  });
});

Deno.test("cleanup whose reader has left says no word, and exits as it has ended [T-F16]", async () => {
  await inSetting(async (setting) => {
    const { all, policy, folder } = setting;
    fill(setting);
    await policy(POLICY);
    const unread = async (...args: string[]) => {
      const { code, err } = await cleanup(args, { stdout: new ClosedPipe() });
      equal(err, "");
      return code;
    };
    const caps = ["--max-delete", "1", "--max-fraction", "1"];
    equal(await unread(...all), EXIT.cleanup.approval);
    equal(await unread(...all, "--json"), EXIT.cleanup.approval);
    equal(await unread("status", "--job", `${folder}/job`), EXIT.cleanup.failure);
    // All is well, and nobody has heard of it.
    caps[1] = "3";
    equal(await unread("run", ...all, ...caps), EXIT.cleanup.failure);
    deepEqual(uids(setting), LEFT);
    equal(await unread("status", "--job", `${folder}/job`), EXIT.cleanup.failure);
  });
});

Deno.test("cleanup run names the flag of the limit that holds", async () => {
  await inSetting(async (setting) => {
    fill(setting);
    await setting.policy(POLICY);
    const caps = ["--max-delete", "9", "--max-fraction", "0.1"];
    const { code, err } = await cleanup(["run", ...setting.all, ...caps]);
    equal(code, EXIT.cleanup.guard);
    match(
      err,
      /3 of 11 messages would be removed; if that is meant, it takes max-fraction 0\.28 of the run\n$/,
    );
  });
});

Deno.test("cleanup asks whom a proxy is reached by, and takes no login in its URL", async () => {
  await inSetting(async ({ all, policy, folder }) => {
    await policy(POLICY);
    const through = (proxy: string) => cleanup([...all, "--proxy", proxy]);
    for (const proxy of [`http://u:${PASSWORD}@127.0.0.1:1`, "127.0.0.1:1", "http://127.0.0.1"]) {
      const { code, err } = await through(proxy);
      deepEqual([code, err.split(":")[1]], [EXIT.cleanup.usage, " Cannot use --proxy"]);
    }
    equal((await Array.fromAsync(Deno.readDir(folder))).some(({ name }) => name === "job"), false);
    match((await through("http://127.0.0.1:1/")).err, /the proxy "http:\/\/127\.0\.0\.1:1"/);
  });
});

Deno.test("cleanup --permissions prints the flags of a call, and asks nobody", async () => {
  await inSetting(async ({ box, folder, all, policy }) => {
    await policy(POLICY);
    const { code, out } = await cleanup([...all, "--permissions"]);
    equal(code, 0);
    equal(
      out,
      `--allow-net=127.0.0.1:${box.ports.pop3} ` +
        `--allow-read=${folder}/ca.pem,${folder}/policy.toml,${folder},${folder}/job,${folder}/archive ` +
        `--allow-write=${folder}/job,${folder}/archive\n`,
    );
    equal(box.ledger.entries.length, 0);
    // Who makes the folders himself needs no grant for what is around them.
    for (const name of ["job", "archive"]) await Deno.mkdir(`${folder}/${name}`);
    const place = ["--job", `${folder}/job`, "--policy", `${folder}/policy.toml`];
    equal(
      (await cleanup(["retire", "archive", ...place, "--by", "ann", "--permissions"])).out,
      `--allow-read=${folder}/policy.toml,${folder}/archive,${folder}/job --allow-write=${folder}/job\n`,
    );
    equal((await cleanup([...all, "--permissions"])).out.includes(`${folder},`), false);
  });
});

Deno.test("cleanup names a missing grant in one line", { permissions: "none" }, async () => {
  const call = ["--server", "pop3s://127.0.0.1:1", "--user", "a", "--password-from", "stdin"];
  const { code, err } = await cleanup([...call, "--job", "j", "--policy", "p.toml"]);
  equal(code, 1);
  match(
    err,
    /^cleanup: Cannot go on: read access to "p\.toml" is not granted, add --allow-read=p\.toml\n$/,
  );
});

Deno.test("cleanup asks for no password where it may not reach the server", {
  permissions: { read: ["."], write: ["tests/.tmp"] },
}, async () => {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "tests/.tmp", prefix: "cleanup-" });
  try {
    await Deno.writeTextFile(`${folder}/policy.toml`, POLICY);
    const place = ["--job", `${folder}/job`, "--policy", `${folder}/policy.toml`];
    const mailbox = ["--server", "pop3s://127.0.0.1:1", "--user", "a", "--password-from", "stdin"];
    for (const verb of ["plan", "verify"]) {
      const { code, err } = await cleanup([verb, ...mailbox, ...place], {
        readers: { ...systemReaders, stdin: () => fail("nobody is asked") },
      });
      equal(code, 1);
      match(err, /^cleanup: Cannot go on: net access to "127\.0\.0\.1:1" is not granted, add /);
    }
    // The folder is not taken for a mailbox that nobody has seen.
    match((await cleanup(["status", ...place.slice(0, 2)])).err, /there is no such folder/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("cleanup has the version of deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  equal((await help("--version")).trim(), version);
  equal(typeof main, "function");
});
