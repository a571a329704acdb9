import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { type CleanupError, mbox } from "../../../src/jobs/mod.ts";
import type { SandboxFault } from "../../../src/sandbox/mod.ts";
import type { Clock } from "../../../src/wire/mod.ts";
import { FaultyStore, isDeath } from "../../faults/faulty_store.ts";
import { DAY_MS, fates, listMail, listMails, listsPolicy, World } from "./job_world.ts";

const LOST_QUIT = [
  { verb: "QUIT", connection: 1, silent: true, effect: false, then: "drop" },
] as const;

Deno.test("openCleanup() lets one run at a time into a folder [P37] [T-C13]", async () => {
  await using world = await World.start([]);
  {
    await using _job = await world.open();
    await rejects(world.open(), { name: "CleanupError", kind: "busy", temporary: true });
  }
  await using _job = await world.open();
});

Deno.test("openCleanup() keeps to the mailbox of the folder", async () => {
  await using world = await World.start(listMails(1));
  await world.cleanUp();
  await rejects(world.open({ account: "ben@pop.example:995" }), { kind: "usage" });
});

Deno.test("openCleanup() refuses a damaged journal, and deletes nothing [I4]", async () => {
  await using world = await World.start(listMails(2));
  await world.cleanUp({ limits: { verify: false } });
  const path = "job/journal.jsonl";
  world.store.put(path, world.text(path).replace("archived", "archivef"));
  await rejects(world.open(), { kind: "journal", message: /line 3 is damaged/ });
});

Deno.test("apply() begins again where an archive was tidied away by its owner [T-C15]", async () => {
  for (const damage of ["missing", "different"]) {
    await using world = await World.start(listMails(2), { faults: LOST_QUIT });
    await world.cleanUp();
    const [path = ""] = world.archivedPaths;
    const octets = world.text(path);
    if (damage === "missing") world.store.take(path);
    else world.store.put(path, octets.replace("Body", "Bodi"));
    const report = await world.cleanUp();
    equal(report.counts.verified, 2, damage);
    equal(report.counts.archived, 1, damage);
    deepEqual(world.archived.filter((text) => text === listMail(1) || text === listMail(2)), [
      listMail(1),
      listMail(2),
    ], damage);
  }
});

Deno.test("a unique-id that was used again is another message [T-C11]", async () => {
  await using world = await World.start(listMails(1), { faults: LOST_QUIT });
  await world.cleanUp();
  world.box.expunge("u1");
  world.box.fill("ann@mail.example", [
    { uid: "u1", content: listMail(1).replace("Mail 1", "Mail X") },
  ]);
  // The cache still has the old header, for the size is the same: the octets tell.
  const stale = await world.cleanUp();
  deepEqual(fates(stale), ["u1 kept: changed"]);
  deepEqual(world.uids, ["u1"]);
});

Deno.test("a lost journal is rebuilt from the archive: nothing is archived twice [I4] [T-C17]", async () => {
  await using world = await World.start(listMails(3), { faults: LOST_QUIT });
  await world.cleanUp();
  const before = world.archived;
  world.store.take("job");
  const report = await world.cleanUp();
  equal(report.counts.verified, 3);
  deepEqual(world.archived, before);
  deepEqual(world.events.slice(0, 4), ["found", "found", "found", "run"]);
});

Deno.test("a copy whose line is missing in the journal is taken over [P36] [T-C02] [T-C18]", async () => {
  let adopted = 0;
  for (let nth = 1;; nth++) {
    await using world = await World.start(listMails(2));
    const memory = world.store;
    const fault = { call: "sync", nth, kind: "ENOSPC", when: "before", sticky: true } as const;
    const store = new FaultyStore(memory, fault);
    const { planId } = await (async () => {
      await using job = await world.open();
      return await job.plan();
    })();
    const failed = await (async () => {
      await using job = await world.open({ store });
      return (await job.apply(planId)).error;
    })().catch((error: CleanupError) => error);
    if (!store.fired) break;
    equal(failed?.kind, "archive", `sync ${nth}`);
    world.store = memory.crash();
    const files = world.archived.length;
    if (files > 0 && !world.events.includes("archived")) adopted++;
    const again = await world.cleanUp({ policy: listsPolicy({ guards: { shrink: 1 } }) });
    deepEqual(world.uids, []);
    ok(again.exit === "done", `sync ${nth}`);
    deepEqual(world.archived, [listMail(1), listMail(2)]);
  }
  ok(adopted > 0);
});

Deno.test("what a run that died has left half done is removed by the next one [T-C01]", async () => {
  for (let nth = 1;; nth++) {
    await using world = await World.start(listMails(2));
    const { planId } = await (async () => {
      await using job = await world.open();
      return await job.plan();
    })();
    const memory = world.store;
    const store = new FaultyStore(memory, { call: "rename", nth, kind: "died", when: "before" });
    {
      await using job = await world.open({ store });
      await job.apply(planId).catch((error) => ok(isDeath(error)));
    }
    if (!store.fired) break;
    world.store = memory.crash();
    if (nth === 1) deepEqual([world.uids, world.updates], [["u1", "u2"], []]);
    const policy = listsPolicy({ guards: { shrink: 1 } });
    equal((await world.cleanUp({ policy })).exit, "done");
    deepEqual(world.archived, [listMail(1), listMail(2)]);
    deepEqual(world.uids, []);
  }
});

Deno.test("apply() deletes nothing when the disk is full, says so, and goes on once there is room [I3] [T-C07]", async () => {
  for (let nth = 1;; nth++) {
    await using world = await World.start(listMails(2));
    const { planId } = await (async () => {
      await using job = await world.open();
      return await job.plan();
    })();
    const store = new FaultyStore(world.store, {
      call: "write",
      nth,
      kind: "ENOSPC",
      when: "midway",
      sticky: true,
    });
    const report = await (async () => {
      await using job = await world.open({ store });
      return await job.apply(planId);
    })();
    if (!store.fired) break;
    equal(report.exit, "archive", `write ${nth}`);
    match(
      report.error?.message ?? "",
      /^Cannot write (archive "lists"|"job\/\S+"): /,
      `write ${nth}`,
    );
    const left = [
      ...world.archived,
      ...world.box.maildrop("ann@mail.example").map(({ text }) => text),
    ];
    for (const mail of [listMail(1), listMail(2)]) ok(left.includes(mail), `write ${nth}`);
    await using job = await world.open();
    const { items } = await job.apply(planId);
    deepEqual(items.map(({ outcome }) => outcome), ["verified", "verified"], `write ${nth}`);
    deepEqual(world.archived, [listMail(1), listMail(2)], `write ${nth}`);
  }
});

Deno.test("apply() stops at an archive that is a link [T-C08]", async () => {
  await using world = await World.start(listMails(2));
  world.store.putLink("archive");
  const report = await world.cleanUp();
  equal(report.exit, "archive");
  deepEqual(fates(report), ["u1 kept: archive", "u2 kept: archive"]);
  deepEqual([world.uids.length, world.said("DELE")], [2, []]);
});

Deno.test("all that a report calls deleted outlives a power loss [I1] [P36]", async () => {
  await using world = await World.start(listMails(3));
  await world.cleanUp();
  world.store = world.store.powerLoss();
  deepEqual(world.archived, [listMail(1), listMail(2), listMail(3)]);
  await using job = await world.open();
  equal(job.status().archived, 3);
});

Deno.test("verify() tells what the archive has lost [T-C15]", async () => {
  await using world = await World.start(listMails(2));
  await world.cleanUp();
  const [path = ""] = world.archivedPaths;
  world.store.take(path);
  await using job = await world.open();
  const report = await job.verify();
  equal(report.exit, "archive");
  deepEqual(report.warnings, [`the archive does not have this copy any more: ${path}`]);
  match(report.error?.message ?? "", /: of 2 copies 1 are missing, 0 damaged$/);
  deepEqual(report.copies, { whole: 1, retired: 0, missing: 1, damaged: 0 });
});

Deno.test("the report is a file, too", async () => {
  await using world = await World.start(listMails(1));
  const report = await world.cleanUp();
  equal(report.runId, "20260101T000000Z-1");
  deepEqual(JSON.parse(world.text(`job/report-${report.runId}.json`)), report);
});

Deno.test("an interrupted run takes its marks back, and tells so [T-C14]", async () => {
  for (const stage of ["list", "retrieve", "mark", "commit"] as const) {
    await using world = await World.start(listMails(3));
    const stop = new AbortController();
    await using job = await world.open({
      signal: stop.signal,
      onProgress: (progress) => {
        const first = progress.stage === "commit" || progress.done > 0;
        if (armed && progress.stage === stage && first) stop.abort(new Error("enough"));
      },
    });
    let armed = false;
    const { planId } = await job.plan();
    armed = true;
    const report = await job.apply(planId);
    deepEqual([report.exit, report.counts.kept], ["interrupted", 3], stage);
    deepEqual([world.updates, world.uids.length], [[], 3], stage);
    deepEqual([world.said("RSET"), world.said("QUIT")], [[0, 1], [0, 1]], stage);
    ok(!world.events.includes("commit-intent"), stage);
  }
});

Deno.test("plan() ends with the reason of its signal", async () => {
  await using world = await World.start(listMails(3));
  const stop = new AbortController();
  const reason = new Error("enough");
  const onProgress = ({ stage }: { stage: string }) =>
    void (stage === "headers" && stop.abort(reason));
  await using job = await world.open({ signal: stop.signal, onProgress });
  await rejects(job.plan(), reason);
});

Deno.test("run() does not trust a clock that has jumped; plan() and apply() tell [T-C12]", async () => {
  await using world = await World.start(listMails(2), { faults: LOST_QUIT });
  await world.cleanUp();
  for (const jump of [31 * DAY_MS, -62 * DAY_MS]) {
    world.clock.jump(jump);
    await using job = await world.open();
    await rejects(job.run({ maxDelete: 10, maxFraction: 1 }), { kind: "clock" });
    const plan = await job.plan();
    equal(plan.warnings.length, 1);
    match(plan.warnings[0] ?? "", /^the clock says /);
  }
  await using job = await world.open();
  const report = await job.apply((await job.plan()).planId);
  match(report.warnings[0] ?? "", /^the clock says 2025-12-01/);
});

Deno.test("run() goes on after a long pause once verify() has seen the time [T-C12]", async () => {
  await using world = await World.start(listMails(2));
  await world.cleanUp();
  world.clock.jump(31 * DAY_MS);
  await using job = await world.open();
  const run = () => job.run({ maxDelete: 10, maxFraction: 1 });
  await rejects(run(), { kind: "clock", message: /31 days .*; if that is right, verify once$/ });
  equal((await job.verify()).exit, "done");
  equal((await run()).exit, "done");
});

Deno.test("run() removes no more than it is allowed to", async () => {
  await using world = await World.start(listMails(4));
  await using job = await world.open();
  await rejects(job.run({ maxDelete: 3, maxFraction: 1 }), { kind: "guard" });
  await rejects(job.run({ maxDelete: 10, maxFraction: 0.5 }), {
    kind: "guard",
    message: /it takes max-fraction 1 of the run$/,
  });
  await rejects(job.run({ maxDelete: 0, maxFraction: 1 }), { name: "PolicyError" });
  equal(world.uids.length, 4);
  const report = await job.run({ maxDelete: 4, maxFraction: 1 });
  equal(report.counts.verified, 4);
  // One session to plan and to remove, one to verify.
  equal(world.sessions.length, 2 + 2);
});

Deno.test("a message is known by when it was first seen, in later runs too [P33]", async () => {
  const { firstSeen, remove } = await import("../../../src/jobs/mod.ts");
  const rules = [remove("known", firstSeen.over("30d"), { archive: "lists" })];
  const policy = listsPolicy({ rules });
  await using world = await World.start([{ uid: "u1", content: "Subject: no date\r\n\r\n" }]);
  {
    await using job = await world.open({ policy });
    deepEqual((await job.plan()).items, []);
  }
  world.clock.jump(31 * DAY_MS);
  const report = await world.cleanUp({ policy });
  deepEqual(fates(report), ["u1 verified"]);
});

Deno.test("nothing secret is in journal, report, plan or error", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "RETR", pattern: "2", reply: "-ERR pencil?" }],
  });
  const clock: Clock = world.clock;
  await world.cleanUp({ clock });
  for (const [path, octets] of world.store.files()) {
    if (path.startsWith("job/")) ok(!new TextDecoder().decode(octets).includes("pencil"), path);
  }
});

Deno.test("a report tells classes of failure apart [T-D09]", async () => {
  const cases: readonly (readonly [
    exit: string,
    kind: string | undefined,
    temporary: boolean | undefined,
    SandboxFault,
  ])[] = [
    ["connection", "connection", true, {
      verb: "CONNECT",
      after: 1,
      silent: true,
      then: "drop",
    }],
    ["connection", "connection", false, { verb: "AUTH", connection: 1, reply: "-ERR [AUTH] no" }],
    ["connection", "connection", false, { verb: "STAT", connection: 1, reply: "+OK many" }],
    ["busy", "busy", true, { verb: "AUTH", connection: 1, reply: "-ERR [LOGIN-DELAY] too soon" }],
    ["guard", "guard", false, { verb: "UIDL", connection: 1, reply: "-ERR no" }],
    ["unverified", "busy", true, {
      verb: "AUTH",
      connection: 2,
      reply: "-ERR [LOGIN-DELAY] too soon",
    }],
    ["kept", undefined, undefined, { verb: "DELE", connection: 1, times: 1, reply: "-ERR no" }],
  ];
  for (const [exit, kind, temporary, fault] of cases) {
    const lost = { verb: "QUIT", connection: 1, silent: true, then: "drop" } as const;
    await using world = await World.start(listMails(2), {
      faults: exit === "unverified" ? [fault, lost] : [fault],
    });
    const report = await world.cleanUp();
    deepEqual([report.exit, report.error?.kind, report.error?.temporary], [exit, kind, temporary]);
  }
});

Deno.test("apply() comes back later where another run is writing the mbox", async () => {
  await using world = await World.start(listMails(1));
  const policy = listsPolicy({ archives: { lists: mbox("lists.mbox") } });
  const held = await world.store.append("lists.mbox");
  const report = await world.cleanUp({ policy });
  deepEqual([report.exit, report.error?.kind, report.error?.temporary], ["busy", "busy", true]);
  deepEqual(world.uids, ["u1"]);
  held.close();
  equal((await world.cleanUp({ policy })).exit, "done");
});

Deno.test.each([
  ["pid 7 since 2026-01-01T00:00:00.000Z\n", ": pid 7 since 2026-01-01T00:00:00.000Z"],
  ["pid \u001b[31m7\n", ": pid \\x1b[31m7"],
  ["pid 7 sin", ", which began just now"],
  ["", ", which began just now"],
])("openCleanup() tells who has the folder: %j", async (holder, told) => {
  await using world = await World.start([]);
  await using _job = await world.open();
  world.store.read = () => Promise.resolve(new TextEncoder().encode(holder));
  await rejects(world.open(), {
    kind: "busy",
    message: `Cannot open "job": another run has it${told}`,
  });
});
