import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { header, maildir, remove } from "../../../src/jobs/mod.ts";
import { pop3CapabilityLists } from "../../../src/server/mod.ts";
import { FakeClock } from "../../fake_clock.ts";
import {
  fates,
  listMail,
  listMails,
  listsPolicy,
  NOW_MS,
  plainMail,
  uidsOf,
  USER,
  World,
} from "./job_world.ts";

const OTHERS = [plainMail(7), plainMail(8), plainMail(9)];

function offering(options: Parameters<typeof pop3CapabilityLists>[0]) {
  return pop3CapabilityLists({ startTls: true, mechanisms: ["PLAIN"], ...options });
}

Deno.test("apply() leaves a message alone over which the connection was lost twice [T-C09] [T-P12]", async () => {
  await using world = await World.start(listMails(4), {
    faults: [{ verb: "RETR", pattern: "2", reply: "+OK\r\nReceived: half a mes", then: "drop" }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 kept: unread", "u3 verified", "u4 verified"]);
  equal(report.exit, "kept");
  deepEqual(world.uids, ["u2"]);
  deepEqual(world.archived, [listMail(1), listMail(3), listMail(4)]);
  // Nothing half done is left behind.
  ok([...world.store.files().keys()].every((path) => !path.includes("/tmp/")));
});

Deno.test("apply() gives up when no session comes any further [T-P12]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "LIST", after: 1, silent: true, then: "drop" }],
  });
  const report = await world.cleanUp();
  deepEqual([report.exit, report.error?.kind, report.error?.temporary], [
    "connection",
    "connection",
    true,
  ]);
  deepEqual(fates(report), ["u1 kept: not-reached", "u2 kept: not-reached"]);
  equal(world.sessions.length, 4);
});

Deno.test("apply() leaves a message alone that does not end, and goes on [T-X08]", async () => {
  await using world = await World.start([
    { uid: "u1", content: listMail(1) },
    { uid: "u2", content: listMail(2, "endless\r\n".repeat(1000)), size: 300 },
    { uid: "u3", content: listMail(3) },
  ]);
  world.how = { limits: { message: 5000 } };
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 kept: too-large", "u3 verified"]);
  deepEqual(world.uids, ["u2"]);
});

Deno.test("plan() believes no claim of a billion messages [T-X07]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "STAT", reply: "+OK 1000000000 9007199254740993" }],
  });
  await using job = await world.open();
  const { planId, messages, trips } = await job.plan();
  equal(messages, 2);
  equal(trips[0]?.guard, "listing");
  await rejects(job.apply(planId), { kind: "guard" });
});

Deno.test("apply() ends a session that gives another message than was asked for [T-P13]", async () => {
  const wrong = `+OK\r\n${listMail(2)}.`;
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "RETR", pattern: "1", times: 1, reply: wrong }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 verified"]);
  // The session of the mistake has marked nothing, and its message 2 is on record.
  deepEqual(world.said("DELE"), [2, 2]);
  deepEqual(world.said("RETR"), [1, 1, 2]);
  deepEqual(world.archived, [listMail(1), listMail(2)]);
  ok(world.events.includes("careful"));
});

Deno.test("apply() asks one thing after the other where answers were mixed up [Q21]", async () => {
  await using world = await World.start(listMails(3), {
    faults: [{ verb: "RETR", pattern: "1", times: 1, reply: "what?" }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 verified", "u3 verified"]);
  // From then on, and in the next run too.
  world.box.fill(USER, listMails(1));
  await world.cleanUp();
  deepEqual(pipelined(world), [true, true, ...Array(5).fill(false)]);
  // Until it has kept to the protocol for long enough.
  for (let calm = 0; calm < 10; calm++) {
    await using job = await world.open();
    await job.verify();
  }
  deepEqual(pipelined(world).slice(-2), [false, true]);
});

Deno.test("verify() asks one thing after the other once a listing was mixed up [Q21]", async () => {
  await using world = await World.start(listMails(3));
  await world.cleanUp();
  world.box.misbehave({ verb: "LIST", times: 1, reply: "what?" });
  await using job = await world.open();
  equal((await job.verify()).exit, "done");
  equal(job.status().carefulRuns, 10);
  deepEqual(pipelined(world).slice(-2), [true, false]);
});

/** Which sessions have sent several commands at a time. */
function pipelined({ sessions }: World): boolean[] {
  return sessions.map(({ capabilities }) => capabilities.pipelining);
}

Deno.test("a message that is wrong in each session is kept [T-P13]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "RETR", pattern: "1", reply: `+OK\r\n${listMail(2)}.` }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 kept: unread", "u2 verified"]);
  deepEqual(world.uids, ["u1"]);
});

Deno.test("apply() does not take a message for another one that has the same header [T-P13]", async () => {
  const long = listMail(1, "Another and longer body\r\n");
  await using world = await World.start(
    [{ uid: "u1", content: listMail(1) }, { uid: "u2", content: long }],
    { faults: [{ verb: "RETR", pattern: "1", times: 1, reply: `+OK\r\n${long}.` }] },
  );
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 verified"]);
  deepEqual(world.said("DELE"), [2, 2]);
  deepEqual(world.archived, [long, listMail(1)].sort());
});

Deno.test("refusals of RETR are counted where each message is asked for alone [P26] [I6]", async () => {
  await using world = await World.start([...listMails(9), ...OTHERS], {
    pop3: { capabilities: offering({ expire: 0 }) },
    faults: [{ verb: "RETR", reply: "-ERR no" }],
  });
  const report = await world.cleanUp();
  equal(world.said("RETR").length, 6);
  deepEqual([report.exit, report.counts.kept, world.uids.length], ["kept", 9, 12]);
  // Nothing was retrieved as a whole: the next listing shows them all.
  ok(report.warnings.includes("the server has refused RETR too often"));
});

Deno.test("unique-ids are text, never paths [T-P05]", async () => {
  const uids = ["../../etc/cron.d/x", "/abs", "a/b", "CON", "-rf"];
  await using world = await World.start(
    uids.map((uid, at) => ({ uid, content: listMail(at + 1) })),
  );
  const report = await world.cleanUp();
  deepEqual(fates(report), uids.map((uid) => `${uid} verified`));
  for (const path of world.store.files().keys()) {
    ok(/^(job|archive\/lists)\/[\w./,:=-]+$/.test(path) && !path.includes(".."), path);
    ok(uids.every((uid) => !path.endsWith(uid)), path);
  }
});

Deno.test("plan() keeps what TOP does not show as a whole [Q8] [T-P18]", async () => {
  const whole = `+OK\r\n${listMail(1)}.`;
  const cases = [
    { fault: { reply: "-ERR unknown command" }, reason: "undecided" },
    { fault: { reply: "+OK\r\n." }, reason: "undecided" },
    {
      fault: { reply: "+OK\r\nList-Id: <roses.lists.example>\r\nFrom: a@b.exa\r\n." },
      reason: "unread",
    },
    { fault: { reply: whole }, reason: undefined },
  ];
  for (const { fault, reason } of cases) {
    await using world = await World.start(listMails(1), { faults: [{ verb: "TOP", ...fault }] });
    await using job = await world.open();
    const plan = await job.plan();
    deepEqual(plan.kept.map((kept) => kept.reason), reason === undefined ? [] : [reason]);
    deepEqual(uidsOf(plan), reason === undefined ? ["u1"] : []);
  }
});

Deno.test("apply() sees a header end where plan() saw it, if that line has a CR too many [T-P13] [T-P18]", async () => {
  const content = listMail(1).replace("\r\n\r\n", "\r\n\r\r\n");
  await using world = await World.start([{ uid: "u1", content }, ...OTHERS]);
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified"]);
  deepEqual(world.archived, [content]);
  ok(!world.events.includes("careful"));
});

Deno.test("apply() waits as long as the server wants between two logins [P29] [T-P20]", async () => {
  const capabilities = offering({ loginDelay: 30 });
  await using world = await World.start(listMails(2), {
    clock: new FakeClock(NOW_MS),
    pop3: { capabilities },
  });
  const waited: number[] = [];
  const clock = world.eagerClock(waited);
  const report = await world.cleanUp({ clock });
  equal(report.exit, "done");
  deepEqual(waited, [30_000, 30_000]);
});

Deno.test("apply() does not wait for long, and removes all with one QUIT [P32] [T-P20]", async () => {
  const capabilities = offering({ loginDelay: 900 });
  await using world = await World.start(listMails(3), { pop3: { capabilities } });
  await using job = await world.open({ limits: { marksPerQuit: 1 } });
  const report = await job.run({ maxDelete: 10, maxFraction: 1 });
  deepEqual(fates(report), ["u1 committed", "u2 committed", "u3 committed"]);
  equal(report.exit, "done");
  equal(report.warnings.length, 1);
  deepEqual(world.updates, [["u1", "u2", "u3"]]);
  equal(world.sessions.length, 1);
  // The next login would be too early.
  const later = await job.verify();
  deepEqual([later.exit, later.error?.kind], ["busy", "busy"]);
});

Deno.test("what another client has is busy [T-C13] [P29]", async () => {
  await using world = await World.start(listMails(1));
  await using other = await world.connect();
  await using job = await world.open();
  await rejects(job.plan(), { name: "CleanupError", kind: "busy", temporary: true });
  await rejects(job.run({ maxDelete: 1, maxFraction: 1 }), { kind: "busy" });
  await other.quit();
  equal((await job.plan()).items.length, 1);
});

Deno.test("apply() waits a little for a server that does not let go of its last session [T-C13] [Q17]", async () => {
  const inUse = { verb: "AUTH", reply: "-ERR [IN-USE] locked", times: 3 };
  await using world = await World.start(listMails(2), {
    faults: [{ ...inUse, connection: 2 }, { ...inUse, connection: 3 }],
  });
  const waited: number[] = [];
  const report = await world.cleanUp({ clock: world.eagerClock(waited) });
  deepEqual(fates(report), ["u1 verified", "u2 verified"]);
  deepEqual(waited, [250, 500]);
});

Deno.test("apply() does not wait for ever for a session that somebody else has [T-C13]", async () => {
  await using world = await World.start(listMails(2));
  const faults = [2, 3, 4, 5, 6, 7].map((connection) => ({ verb: "AUTH", connection }));
  world.box.misbehave(...faults.map((fault) => ({ ...fault, reply: "-ERR [IN-USE] locked" })));
  const waited: number[] = [];
  const report = await world.cleanUp({ clock: world.eagerClock(waited) });
  deepEqual(fates(report), ["u1 committed", "u2 committed"]);
  equal(report.exit, "busy");
  deepEqual(waited, [250, 500, 1000, 2000, 4000]);
});

Deno.test("apply() comes back to a server that is just being started again", async () => {
  await using world = await World.start(listMails(2));
  const refused = { verb: "CONNECT", silent: true, then: "drop" } as const;
  world.box.misbehave({ ...refused, connection: 2 }, { ...refused, connection: 3 });
  const waited: number[] = [];
  const report = await world.cleanUp({ clock: world.eagerClock(waited) });
  deepEqual(fates(report), ["u1 verified", "u2 verified"]);
  deepEqual(waited, [250, 500]);
});

Deno.test("plan() waits longer after each session that is lost, and not for ever", async () => {
  await using world = await World.start(listMails(2));
  const waited: number[] = [];
  await using job = await world.open({
    clock: world.eagerClock(waited),
    limits: { lostSessions: 5 },
    connect: async () => {
      const session = await world.connect();
      session.close();
      return session;
    },
  });
  await rejects(job.plan(), { kind: "connection", temporary: true });
  deepEqual(waited, [1000, 4000, 15_000, 15_000]);
});

Deno.test("a server that cannot be reached is no connection, and a wrong password neither", async () => {
  await using world = await World.start(listMails(1));
  await using job = await world.open();
  world.box.misbehave({ verb: "CONNECT", reply: "-ERR go away" });
  await rejects(job.plan(), { kind: "connection", temporary: false });
  world.box.misbehave({ verb: "AUTH", reply: "-ERR [AUTH] no" });
  await rejects(job.plan(), { kind: "connection", temporary: false });
  world.box.misbehave({ verb: "CONNECT", then: "drop", silent: true });
  await rejects(job.plan(), { kind: "connection", temporary: true });
});

Deno.test("each copy is durable before the next RETR where that removes [I6] [Q10] [P16] [T-P16] [T-C16]", async () => {
  const capabilities = offering({ expire: 0 });
  const policy = listsPolicy({
    rules: [
      remove("bare", header("Subject").equals("Mail 3"), { archive: "none" }),
      remove("lists", header("List-Id").exists(), { archive: "lists" }),
    ],
  });
  await using world = await World.start([...listMails(3), ...OTHERS], { pop3: { capabilities } });
  const archivedAt: number[] = [];
  await using job = await world.open({
    policy,
    onProgress: ({ stage, octets, done }) => {
      // The first octets of a message: all copies before it are in the journal.
      if (stage !== "retrieve" || octets === 0) return;
      archivedAt[done] = world.events.filter((event) => event === "archived").length;
    },
  });
  const plan = await job.plan();
  ok(plan.warnings[0]?.includes("EXPIRE 0"));
  const report = await job.apply(plan.planId);
  deepEqual(fates(report), ["u1 verified", "u2 verified", "u3 kept: archive-required"]);
  deepEqual(archivedAt.slice(0, 2), [0, 1]);
  equal(
    world.events.join(),
    "run,snapshot,retrieving,archived,retrieving,archived,commit-intent,committed,snapshot,gone,ended",
  );
});

Deno.test("what was retrieved and kept stays, where QUIT would remove it [I6] [T-P16]", async () => {
  const capabilities = offering({ expire: 0 });
  await using world = await World.start([{ uid: "u1", content: listMail(1) }, ...OTHERS], {
    pop3: { capabilities },
  });
  await using job = await world.open();
  const { planId } = await job.plan();
  world.box.expunge("u1");
  world.box.fill(USER, [{ uid: "u1", content: listMail(1).replace("Mail 1", "Mail X") }]);
  const report = await job.apply(planId);
  deepEqual(fates(report), ["u1 kept: changed"]);
  ok(world.uids.includes("u1"));
  equal(world.archived.length, 1);
});

Deno.test("what was hidden by RETR and not archived is told by the next run [I6] [Q10] [T-P16]", async () => {
  await using world = await World.start([...listMails(2), ...OTHERS], {
    pop3: { quirks: { retrieved: "vanishes" } },
    faults: [{ verb: "RETR", connection: 1, pattern: "2", reply: "+OK\r\nhalf", then: "drop" }],
  });
  const limits = { retrieveRemoves: true };
  await using job = await world.open({ limits });
  const { planId } = await job.plan();
  world.onConnect = (count) => {
    if (count === 2) world.box.expunge("u2"); // It has gone with what was read of it.
  };
  const report = await job.apply(planId);
  ok(
    report.warnings.includes(
      "message u2 was retrieved and not archived, and is not listed any more",
    ),
  );
  ok(world.archived.includes(listMail(1)));
});

Deno.test("apply() stops asking for messages that the server refuses, and removes what it has [Q22]", async () => {
  await using world = await World.start(listMails(12), {
    faults: [{ verb: "RETR", after: 3, reply: "-ERR daily limit" }],
  });
  const report = await world.cleanUp();
  deepEqual([report.counts.verified, report.counts.kept, report.exit], [3, 9, "kept"]);
});

Deno.test("apply() of nothing is done", async () => {
  await using world = await World.start(OTHERS);
  const report = await world.cleanUp({
    policy: listsPolicy({ archives: { lists: maildir("archive/lists") } }),
  });
  deepEqual([report.exit, report.items], ["done", []]);
});

Deno.test("run() tells of a mistake of its plan, also where the server was not believed before [Q21]", async () => {
  await using world = await World.start([...listMails(1), ...OTHERS]);
  const limits = { maxDelete: 9, maxFraction: 1 };
  const mixUp = () => world.box.misbehave({ verb: "LIST", times: 1, reply: "what?" });
  await using job = await world.open();
  const careful = () => job.status().carefulRuns;
  mixUp();
  await job.run(limits);
  equal(careful(), 10);
  await job.run(limits);
  await job.run(limits);
  equal(careful(), 8);
  mixUp();
  await job.run(limits);
  equal(careful(), 10);
  for (let calm = 0; calm < 10; calm++) await job.run(limits);
  equal(careful(), 0);
  // Whoever keeps the job open has a server again that is believed.
  await job.run(limits);
  equal(pipelined(world).at(-1), true);
});
